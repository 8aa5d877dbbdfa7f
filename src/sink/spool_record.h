#pragma once
/*
 * The bytes of a spool's segment: records one after the other, little-endian.
 *
 *   0   "BSP1"
 *   4   bytes of the body
 *   8   id
 *   16  wall_ns of the earliest point; 0: unknown
 *   24  points
 *   28  CRC-32C of the body
 *   32  CRC-32C of the 32 bytes above
 *   36  body: where each point ends in the bytes that follow (4 bytes each), then the points' bytes
 *
 * A record's id is the number of points that the spool was ever given, its own included. So a
 * record says by itself which points are missing before it, and ids grow for ever.
 *
 * Header and body have checksums of their own: damage in a body costs that record and no more, and
 * behind a damaged header the next good one is found.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "sink/batch.h"

enum {
    RECORD_HEADER_BYTES = 36,
    RECORD_BODY_MAX = 64 << 20, /* bytes; what says more is no header */

    RECORD_E_END = 1,     /* condition: no whole record follows */
    RECORD_E_DAMAGED = 2, /* condition: its body is not what was written */
    RECORD_E_LARGE = 3,   /* condition: it would outgrow RECORD_BODY_MAX */
};

struct record {
    uint64_t at; /* offset of its header in the segment */
    uint64_t id;
    wall_ns first_at;
    uint32_t n_points, body_bytes, body_crc;
};

static inline uint64_t record_end(const struct record *r)
{
    return r->at + RECORD_HEADER_BYTES + r->body_bytes;
}

/* Appends a record to `out`. Returns 0 or RECORD_E_LARGE. */
MUST_USE int record_encode(const struct batch_view *points, uint64_t id, struct buf *out);

/* What a segment ends with behind its last whole record. */
struct record_tail {
    uint64_t at;       /* where it begins: the segment's size when there is none */
    uint32_t n_points; /* at least so many points were in it and are lost; 0: a torn write */
};

/*
 * Finds the first record at or behind *at, reading headers only, and moves *at behind it. What lies
 * between and is no record is passed over. Returns 0; RECORD_E_END with *ret_tail filled in; or a
 * fault, with `path` in its words. `size` is the segment's.
 */
MUST_USE int record_next(int fd, const char *path, uint64_t size, uint64_t *at,
                         struct record *ret_record, struct record_tail *ret_tail);

/*
 * Reads the points of a record into `ret_batch` (emptied first). Returns 0, RECORD_E_DAMAGED with
 * the batch empty, or a fault. `scratch` is any buffer, for reuse.
 */
MUST_USE int record_read(int fd, const char *path, const struct record *r, struct buf *scratch,
                         struct batch *ret_batch);
