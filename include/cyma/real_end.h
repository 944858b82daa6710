/* Undoes real_f32.h or real_f64.h. */
#undef CYMA_REAL
#undef CYMA_BITS
#undef CYMA_F
#undef CYMA_C
#undef CYMA_PAIR
#undef CYMA_INVERSE
#undef CYMA_REDUCED
#undef CYMA_BCE
#undef CYMA_BCE_PARTS
#undef CYMA_FABS
#undef CYMA_COPYSIGN
#undef CYMA_FMA
