#pragma once
/*
 * Encoded points on their way to one receiver: the bytes of each point in turn, and where each
 * ends. Bytes carry no frame (no brackets, no request message around them): the sender puts that on
 * when it knows which points go together, so that a batch can be cut anywhere, kept on disk, and
 * joined with another.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

/* Zeroed memory is an empty batch. */
struct batch {
    struct buf bytes;
    uint32_t *ends; /* of each point in `bytes`; n_points */
    size_t n_points, cap_points;
    wall_ns first_at; /* of the earliest point; 0: unknown */
};

/* Some of the points of a batch, or all; borrowed. */
struct batch_view {
    const char *bytes;    /* of the batch, from its start */
    const uint32_t *ends; /* of the batch, from its first point */
    size_t from, to;      /* points; to > from */
    wall_ns first_at;     /* no point of the batch is earlier; 0: unknown */
};

void batch_fini(struct batch *b);
void batch_reset(struct batch *b);

/* What was added to b->bytes since the last point is one point. Nothing added: no point. */
void batch_end_point(struct batch *b);

/* Takes back what was added to b->bytes since the last point. */
void batch_undo_point(struct batch *b);

/* Appends the points of a view. */
void batch_add(struct batch *b, const struct batch_view *points);

static inline struct batch_view batch_all(const struct batch *b)
{
    return (struct batch_view){
        .bytes = b->bytes.data, .ends = b->ends, .to = b->n_points, .first_at = b->first_at};
}

static inline size_t batch_view_points(const struct batch_view *v)
{
    return v->to - v->from;
}

/* The bytes of point i of the batch, v->from <= i < v->to. */
static inline struct str batch_point(const struct batch_view *v, size_t i)
{
    uint32_t begin = i ? v->ends[i - 1] : 0;

    return str_from(v->bytes + begin, v->ends[i] - begin);
}

/* The bytes of all its points, one after the other. */
static inline struct str batch_bytes(const struct batch_view *v)
{
    uint32_t begin = v->from ? v->ends[v->from - 1] : 0;

    return str_from(v->bytes + begin, v->ends[v->to - 1] - begin);
}
