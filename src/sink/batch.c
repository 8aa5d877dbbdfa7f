#include "sink/batch.h"

#include <assert.h>

#include "base/mem.h"

void batch_fini(struct batch *b)
{
    buf_fini(&b->bytes);
    free(b->ends);
    *b = (struct batch){0};
}

void batch_reset(struct batch *b)
{
    buf_reset(&b->bytes);
    b->n_points = 0;
    b->first_at = 0;
}

static uint32_t last_end(const struct batch *b)
{
    return b->n_points ? b->ends[b->n_points - 1] : 0;
}

void batch_end_point(struct batch *b)
{
    assert(b->bytes.len <= UINT32_MAX);
    if (b->bytes.len > last_end(b))
        vec_push(b->ends, b->n_points, b->cap_points) = (uint32_t)b->bytes.len;
}

void batch_undo_point(struct batch *b)
{
    b->bytes.len = last_end(b);
}

void batch_add(struct batch *b, const struct batch_view *points)
{
    for (size_t i = points->from; i < points->to; i++) {
        buf_putstr(&b->bytes, batch_point(points, i));
        batch_end_point(b);
    }
    if (points->first_at && (!b->first_at || points->first_at < b->first_at))
        b->first_at = points->first_at;
}
