/* Variables that threads share, and variables of which each has its own. C11 has both; MSVC has no
 * atomics of C11 yet. */
#ifndef CYMA_THREADS_H
#define CYMA_THREADS_H

#if defined(_MSC_VER) && !defined(__clang__)

#include <intrin.h>

/* Reading what is volatile orders as atomics do, there. */
#define CYMA_THREAD_LOCAL __declspec(thread)
#define CYMA_ATOMIC(type) type volatile
#define cyma_load(x) (*(x))
#define cyma_exchange(x, value) _InterlockedExchangePointer((void *volatile *)(x), (void *)(value))
#define cyma_add(x, value) _InterlockedExchangeAdd((long volatile *)(x), (value))

#else

#include <stdatomic.h>

#define CYMA_THREAD_LOCAL _Thread_local
#define CYMA_ATOMIC(type) _Atomic(type)
#define cyma_load(x) atomic_load_explicit(x, memory_order_acquire)
#define cyma_exchange(x, value) atomic_exchange(x, value)
#define cyma_add(x, value) atomic_fetch_add(x, value)

#endif

#endif
