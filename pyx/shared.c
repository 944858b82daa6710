#include "shared.h"

#include "cyma/version.h"

const cyma_shared cyma_core = {CYMA_VERSION, cyma_add_to_rows, cyma_feed_bce};
