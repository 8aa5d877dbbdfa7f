/*
 * Reads any bytes as a segment of a spool. Every record that is found must read as points or as
 * damage, and one that reads must be the same after it was written again.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "sink/spool_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Writes the points again; the body's bytes must be those that were read. */
static void check_again(const struct batch *points, const struct record *r, const struct buf *body)
{
    struct batch_view all = batch_all(points);
    struct buf again = {0};
    int failed = record_encode(&all, r->id, &again);

    assert(!failed && again.len == RECORD_HEADER_BYTES + (size_t)r->body_bytes);
    assert(memcmp(again.data + RECORD_HEADER_BYTES, body->data, r->body_bytes) == 0);
    buf_fini(&again);
}

static void walk(int fd, uint64_t size)
{
    struct batch points = {0};
    struct buf body = {0};
    struct record_tail tail;
    struct record r;
    uint64_t at = 0, before = 0;

    while (record_next(fd, "fuzz", size, &at, &r, &tail) == 0) {
        assert(r.at >= before && at == record_end(&r) && at <= size && at > before);
        before = at;
        int code = record_read(fd, "fuzz", &r, &body, &points);

        assert(code == 0 || code == RECORD_E_DAMAGED);
        assert((code == 0) == (points.n_points == r.n_points));
        if (code == 0)
            check_again(&points, &r, &body);
    }
    assert(tail.at >= before && tail.at <= size);
    batch_fini(&points);
    buf_fini(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static int fd = -1;

    if (fd < 0)
        fd = memfd_create("segment", MFD_CLOEXEC);
    if (ftruncate(fd, 0) < 0 || pwrite(fd, data, n, 0) != (ssize_t)n)
        return 0;
    walk(fd, n);
    return 0;
}
