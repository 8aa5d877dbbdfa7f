#pragma once
/*
 * Time. Monotonic inside; wall time only at the edges. Three distinct types, so that a mistake is
 * visible where it is made; all count nanoseconds.
 */
#include <stdint.h>
#include <time.h>

typedef int64_t mono_ns; /* since an arbitrary start; CLOCK_MONOTONIC */
typedef int64_t wall_ns; /* since the Unix epoch */
typedef int64_t span_ns; /* a difference of two */

#define NS_PER_US ((span_ns)1000)
#define NS_PER_MS ((span_ns)1000000)
#define NS_PER_S  ((span_ns)1000000000)

static inline int64_t clock_read(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static inline mono_ns clock_mono(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

static inline wall_ns clock_wall(void)
{
    return clock_read(CLOCK_REALTIME);
}

/* Of processor time that the calling thread has used. A system call. */
static inline span_ns clock_thread_cpu(void)
{
    return clock_read(CLOCK_THREAD_CPUTIME_ID);
}
