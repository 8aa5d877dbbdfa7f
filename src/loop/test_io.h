#pragma once
/*
 * For tests that run over each of the loop's backends: BRUNT_TEST_IO in the environment says which
 * (tools/cmake/BruntTargets.cmake, brunt_test_over_uring). Included by nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "loop/loop.h"

enum {
    TEST_SKIPPED = 77, /* exit code that says so to ctest */
};

/* For loop_options.io. */
static inline enum loop_io test_io(void)
{
    const char *name = getenv("BRUNT_TEST_IO"); /* NOLINT(concurrency-mt-unsafe): nothing sets it */

    return name && strcmp(name, "io_uring") == 0 ? LOOP_IO_URING : LOOP_IO_EPOLL;
}

static inline bool test_io_is_there(enum loop_io io)
{
    struct loop *l;

    if (loop_new(&(struct loop_options){.io = io}, &l) < 0)
        return false;
    loop_free(l);
    return true;
}

/* Whether this kernel has what the environment asks for. */
static inline bool test_io_works(void)
{
    return test_io_is_there(test_io());
}
