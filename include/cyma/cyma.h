/* cyma: sigmoid, log-sigmoid, softplus, tanh, their derivatives and binary cross-entropy with
 * logits, as branch-free inline C that vectorises.
 *
 * Every function exists as cyma_<name>_f32 (float) and cyma_<name>_f64 (double). Compile with
 * -ffp-contract=off, never with -ffast-math.
 *
 * "Worst" before a function is the largest error found on targets with FMA, in ULP, with its input,
 * what the function returned, and how far from that the exact value lies: in float, among all 2^32
 * inputs for functions of one argument and 5 million structured ones for others; in double, among
 * 20 million. The bounds are in functions.def. */
#ifndef CYMA_H
#define CYMA_H

#include "config.h"
#include "coefficients.h"

#include "real_f32.h"
#include "families.h"
#include "real_end.h"

#include "real_f64.h"
#include "families.h"
#include "real_end.h"

#endif
