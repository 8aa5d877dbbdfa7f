/*
 * An io_uring of one thread. Deferred task work is what the rest relies on: the kernel receives,
 * and completes what was started before, only inside our calls that ask for completions. So between
 * two of them nothing changes behind our back, and a socket may be read by a plain call as well.
 */
#include "loop/uring.h"

#include <errno.h>
#include <sys/mman.h>

#include "base/mem.h"

enum {
    SQ_ENTRIES = 512,
    CQ_ENTRIES = 4096,
    LENT_AT_A_TIME = 32, /* kernels receive for some 20 connections before they come back */
};

static size_t lent_bytes(void)
{
    return URING_BUFFERS * sizeof(struct io_uring_buf);
}

static size_t memory_bytes(void)
{
    return (size_t)URING_BUFFERS * URING_BUFFER_STRIDE;
}

/* Pages that a child does not get: between fork and exec it must not cost copies of them. */
static void *pages_new(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    ignored(madvise(p, n, MADV_DONTFORK));
    return p;
}

static int lend_buffers(struct uring *u)
{
    u->lent = pages_new(lent_bytes());
    u->memory = pages_new(memory_bytes());
    if (!u->lent || !u->memory)
        return -ENOMEM;

    struct io_uring_buf_reg reg = {
        .ring_addr = (uintptr_t)u->lent, .ring_entries = URING_BUFFERS, .bgid = URING_GROUP};
    int r = io_uring_register_buf_ring(&u->ring, &reg, 0);

    if (r < 0)
        return r;
    io_uring_buf_ring_init(u->lent);
    uring_lend_more(u);
    return 0;
}

/* The kernel goes round all that it has, so that few of them stay in the cache and many do not. */
void uring_lend_more(struct uring *u)
{
    for (unsigned i = 0; i < LENT_AT_A_TIME && u->n_lent < URING_BUFFERS; i++)
        uring_give(u, u->n_lent++);
}

int uring_open(struct uring *u)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE,
        .cq_entries = CQ_ENTRIES,
    };
    const unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP;

    *u = (struct uring){0};
    /* Kernels before 6.1 refuse the first two flags; whatever else we use is older. */
    int r = io_uring_queue_init_params(SQ_ENTRIES, &u->ring, &params);

    if (r < 0)
        return r;
    r = (params.features & needed) == needed ? lend_buffers(u) : -EOPNOTSUPP;
    if (r < 0) {
        uring_close(u);
        return r;
    }
    /* Saves looking up the descriptor at each call; without it all works as well. */
    ignored(io_uring_register_ring_fd(&u->ring));
    return 0;
}

void uring_close(struct uring *u)
{
    io_uring_queue_exit(&u->ring);
    if (u->lent)
        munmap(u->lent, lent_bytes());
    if (u->memory)
        munmap(u->memory, memory_bytes());
}

/* What the kernel says for now only: signals, and memory or completions to be looked after. */
static bool is_passing(int r)
{
    return r >= 0 || r == -EINTR || r == -EAGAIN || r == -EBUSY || r == -ETIME;
}

static void note_result(struct uring *u, int r)
{
    if (unlikely(!is_passing(r)))
        u->broken = r;
}

void uring_submit(struct uring *u)
{
    while (io_uring_sq_ready(&u->ring) > 0 && !u->broken)
        note_result(u, io_uring_submit(&u->ring));
    u->n_submits++;
}

struct io_uring_sqe *uring_sqe(struct uring *u)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

    if (likely(sqe))
        return sqe;
    uring_submit(u);
    sqe = io_uring_get_sqe(&u->ring);
    return sqe ? sqe : &u->nowhere;
}

void uring_submit_and_collect(struct uring *u)
{
    do {
        note_result(u, io_uring_submit_and_get_events(&u->ring));
    } while (unlikely(io_uring_sq_ready(&u->ring) > 0) && !u->broken);
    u->n_submits++;
}

void uring_wait(struct uring *u, span_ns timeout)
{
    if (timeout == 0) {
        uring_submit_and_collect(u);
        return;
    }
    struct __kernel_timespec t = {.tv_sec = timeout / NS_PER_S, .tv_nsec = timeout % NS_PER_S};
    struct io_uring_cqe *first;

    note_result(u, timeout < 0 ? io_uring_submit_and_wait(&u->ring, 1)
                               : io_uring_submit_and_wait_timeout(&u->ring, &first, 1, &t, NULL));
    if (io_uring_sq_ready(&u->ring) == 0)
        u->n_submits++;
}

bool uring_has_work(struct uring *u)
{
    const unsigned flags = IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW;

    return (__atomic_load_n(u->ring.sq.kflags, __ATOMIC_RELAXED) & flags) ||
           io_uring_sq_ready(&u->ring) > 0 || io_uring_cq_ready(&u->ring) > 0;
}
