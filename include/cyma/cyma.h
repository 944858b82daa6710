/* cyma: sigmoid, log-sigmoid, softplus, tanh, their derivatives and binary cross-entropy with
 * logits, as branch-free inline C that vectorises.
 *
 * Every function exists as cyma_<name>_f32 (float) and cyma_<name>_f64 (double). Compile with
 * -ffp-contract=off, never with -ffast-math. */
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
