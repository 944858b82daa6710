/* cyma: sigmoid, log-sigmoid, softplus, tanh, their derivatives and binary cross-entropy with
 * logits, as branch-free inline C that vectorises.
 *
 * Every function exists as cyma_<name>_f32 (float) and cyma_<name>_f64 (double), and as
 * cyma_<name>_f16, which takes floats that float16 can hold and gives one yet to be rounded to it.
 * Options that change arithmetic, such as -ffast-math, are refused (config.h) or without effect;
 * contraction of a * b + c, which compilers do by default, changes nothing either. Two things no
 * header can see: -Ofast, -ffast-math, -funsafe-math-optimizations and -mdaz-ftz on the linker's
 * command line may flush subnormal numbers to 0 in the whole program; and clang's
 * -ffp-contract=fast (which -ffp-model=fast includes) may change a last bit of tanh.
 *
 * "Worst" before a function is the largest error known, on targets with FMA: its size in ULP, the
 * input, and the result, from which the exact value lies that far up or down in magnitude. For
 * float functions of one argument all 2^32 inputs were tried, for the others 10^8 and those around
 * the worst; tools/publish.py writes these comments. The bounds are in functions.def. */
#ifndef CYMA_H
#define CYMA_H

#include "config.h"
#include "coefficients.h"

CYMA_PRECISE_BEGIN

#include "real_f32.h"
#include "families.h"
#include "f16.h"
#include "real_end.h"

#include "real_f64.h"
#include "families.h"
#include "real_end.h"

CYMA_PRECISE_END

#endif
