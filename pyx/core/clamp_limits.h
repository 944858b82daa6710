/* The limits of cyma_clamp as variables, for gcc: it makes one instruction of a selection of a
 * number or a variable, whichever is less, but a comparison and a blend if that is a literal. */
#ifndef CYMA_CLAMP_LIMITS_H
#define CYMA_CLAMP_LIMITS_H

#define CYMA_FOR_EACH_LIMIT(DO) DO(CLAMP) DO(CLAMP_WIDE) DO(LARGEST_N) DO(SATURATED) DO(ZERO)
#define CYMA_FOR_EACH_LIMIT_F16(DO) DO(CLAMP) DO(VANISHED) DO(SATURATED)

/* Defined in clamp_limits.c: in sight, their values would be used as literals again. */
#define CYMA_DECLARE_LIMIT(name)                                                                   \
    extern const float cyma_limit_##name##_f32;                                                    \
    extern const double cyma_limit_##name##_f64;
#define CYMA_DECLARE_LIMIT_F16(name) extern const float cyma_limit_##name##_f16;
CYMA_FOR_EACH_LIMIT(CYMA_DECLARE_LIMIT)
CYMA_FOR_EACH_LIMIT_F16(CYMA_DECLARE_LIMIT_F16)

#define CYMA_LIMIT(name) CYMA_F(cyma_limit_##name)
#define CYMA_LIMIT_F16(name) cyma_limit_##name##_f16

#endif
