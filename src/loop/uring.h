#pragma once
/*
 * The ring and its buffers as loop_uring.c uses them. Belongs to the thread that opened it.
 * Private to src/loop.
 */
#include <stdbool.h>
#include <stdint.h>

#include <liburing.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

struct uring {
    struct io_uring ring;
    struct io_uring_buf_ring *lent; /* the buffers that the kernel may fill */
    char *memory;                   /* of the buffers */
    unsigned n_lent;                /* of the buffers */
    unsigned n_submits;             /* counts up whenever the queue was emptied */
    int broken;                     /* 0, or the negative errno for which it cannot go on */
    struct io_uring_sqe nowhere;    /* what uring_sqe() gives when it is */
};

enum {
    URING_BUFFERS = 256, /* a power of two */
    URING_BUFFER_BYTES = 16 << 10,
    /* A line apart from a power of two, or the heads of all would share a few sets of the cache. */
    URING_BUFFER_STRIDE = URING_BUFFER_BYTES + CACHE_LINE,
    URING_GROUP = 0, /* the buffers' name towards the kernel */
};

/* Returns 0, or the negative errno with which the kernel refuses (nothing to close then). */
MUST_USE int uring_open(struct uring *u);
void uring_close(struct uring *u);

/* Room in the queue for one more request, not NULL; requests in a full queue are submitted. */
struct io_uring_sqe *uring_sqe(struct uring *u);

/* The kernel starts all that is queued, and collects nothing. */
void uring_submit(struct uring *u);

/* The same, and does the work that has come up for it, so that completions lie in the ring. */
void uring_submit_and_collect(struct uring *u);

/* The same, and sleeps until there are some, at most `timeout` (< 0: for ever). */
void uring_wait(struct uring *u, span_ns timeout);

/* Whether entering the kernel would do anything now. */
bool uring_has_work(struct uring *u);

/* A buffer that the kernel has filled; it may do so again after uring_give(). */
static inline char *uring_buffer(struct uring *u, unsigned i)
{
    return u->memory + (size_t)i * URING_BUFFER_STRIDE;
}

/* Some more of them, when those lent are too few. */
void uring_lend_more(struct uring *u);

static inline void uring_give(struct uring *u, unsigned i)
{
    io_uring_buf_ring_add(u->lent, uring_buffer(u, i), URING_BUFFER_BYTES, (unsigned short)i,
                          URING_BUFFERS - 1, 0);
    io_uring_buf_ring_advance(u->lent, 1);
}
