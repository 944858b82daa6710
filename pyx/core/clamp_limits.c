#include "clamp_limits.h"

#include "cyma/cyma.h"

#define CYMA_DEFINE_LIMIT(name)                                                                    \
    const float cyma_limit_##name##_f32 = CYMA_##name##_F32;                                       \
    const double cyma_limit_##name##_f64 = CYMA_##name##_F64;
#define CYMA_DEFINE_LIMIT_F16(name) const float cyma_limit_##name##_f16 = CYMA_##name##_F16;
CYMA_FOR_EACH_LIMIT(CYMA_DEFINE_LIMIT)
CYMA_FOR_EACH_LIMIT_F16(CYMA_DEFINE_LIMIT_F16)
