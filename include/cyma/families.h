/* All families, in the precision that real_f32.h or real_f64.h has just set up. */
#include "exp_core.h"
#include "sigmoid.h"
#include "tanh.h"
#include "softplus.h"
#include "bce.h"
#include "bce_fused.h"
