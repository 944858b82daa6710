#ifndef CYMA_ENVIRONMENT_H
#define CYMA_ENVIRONMENT_H

#include "dispatch.h"

#include <fenv.h>

#if defined(__x86_64__) || defined(_M_X64)
#define CYMA_HAVE_SSE 1
#include <xmmintrin.h>
#endif

/* The caller's floating-point environment. Kernels run in the default one (round to nearest, no
 * flush to zero), and the flags that they raise go with it. */
typedef struct {
    unsigned mxcsr;
    fenv_t fenv;
} cyma_environment;

static inline void
cyma_enter_environment(cyma_environment *saved, int precision)
{
#ifdef CYMA_HAVE_SSE
    if (precision != CYMA_LD) { /* no x87: a much cheaper way */
        const unsigned defaults = 0x1f80, flags = 0x3f;
        saved->mxcsr = _mm_getcsr();
        if ((saved->mxcsr & ~flags) != defaults) { /* to write it is slow, and seldom needed */
            _mm_setcsr(defaults);
        }
        return;
    }
#endif
    fegetenv(&saved->fenv);
    fesetenv(FE_DFL_ENV);
}

static inline void
cyma_leave_environment(const cyma_environment *saved, int precision)
{
#ifdef CYMA_HAVE_SSE
    if (precision != CYMA_LD) {
        _mm_setcsr(saved->mxcsr);
        return;
    }
#endif
    fesetenv(&saved->fenv);
}

/* FE_OVERFLOW and FE_UNDERFLOW, if results have overflowed, or have lost digits by underflow, since
 * these were last forgotten. Kernels have no other way to tell that costs nothing. */
static inline int
cyma_range_errors(void)
{
#ifdef CYMA_HAVE_SSE
    const unsigned flags = _mm_getcsr();
    return (flags & _MM_EXCEPT_OVERFLOW ? FE_OVERFLOW : 0) |
           (flags & _MM_EXCEPT_UNDERFLOW ? FE_UNDERFLOW : 0);
#else
    return fetestexcept(FE_OVERFLOW | FE_UNDERFLOW);
#endif
}

static inline void
cyma_forget_range_errors(int which)
{
#ifdef CYMA_HAVE_SSE
    const unsigned flags = _mm_getcsr();
    const unsigned forgotten = (which & FE_OVERFLOW ? _MM_EXCEPT_OVERFLOW : 0) |
                               (which & FE_UNDERFLOW ? _MM_EXCEPT_UNDERFLOW : 0);
    if (flags & forgotten) {
        _mm_setcsr(flags & ~forgotten);
    }
#else
    feclearexcept(which);
#endif
}

/* After it, stores past the caches are in order with others. */
static inline void
cyma_store_fence(void)
{
#ifdef CYMA_HAVE_SSE
    _mm_sfence();
#endif
}

#endif
