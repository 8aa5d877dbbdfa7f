/* The queue in memory: pieces that are fit for one delivery each. */
#include "base/mem.h"
#include "sink/push_priv.h"

void push_queue_init(struct push_queue *q)
{
    *q = (struct push_queue){0};
    list_init(&q->chunks);
}

void push_chunk_free(struct push_chunk *chunk)
{
    if (!chunk)
        return;
    batch_fini(&chunk->batch);
    free(chunk);
}

void push_queue_fini(struct push_queue *q)
{
    struct push_chunk *chunk;

    while ((chunk = push_queue_take(q)))
        push_chunk_free(chunk);
}

static struct push_chunk *newest(const struct push_queue *q)
{
    return list_empty(&q->chunks) ? NULL : container_of(q->chunks.prev, struct push_chunk, link);
}

static bool has_room(const struct push_chunk *chunk, size_t n_bytes, size_t max_points,
                     size_t max_bytes)
{
    const struct batch *b = &chunk->batch;

    return b->n_points == 0 ||
           ((max_points == 0 || b->n_points < max_points) && b->bytes.len + n_bytes <= max_bytes);
}

static struct push_chunk *chunk_for(struct push_queue *q, size_t n_bytes, size_t max_points,
                                    size_t max_bytes)
{
    struct push_chunk *chunk = newest(q);

    if (!chunk || !has_room(chunk, n_bytes, max_points, max_bytes)) {
        chunk = xnew(struct push_chunk);
        list_add_tail(&q->chunks, &chunk->link);
    }
    return chunk;
}

void push_queue_add(struct push_queue *q, struct batch *b, size_t max_points, size_t max_bytes)
{
    struct batch_view all = batch_all(b);

    for (size_t i = 0; i < b->n_points; i++) {
        struct batch_view one = {all.bytes, all.ends, i, i + 1, b->first_at};
        size_t n = batch_point(&all, i).n;
        struct push_chunk *chunk = chunk_for(q, n, max_points, max_bytes);

        if (chunk->batch.n_points == 0)
            chunk->batch.first_at = b->first_at;
        batch_add(&chunk->batch, &one);
        q->bytes += n;
    }
    q->points += b->n_points;
    batch_reset(b);
}

struct push_chunk *push_queue_take(struct push_queue *q)
{
    struct list *link = list_pop(&q->chunks);

    if (!link)
        return NULL;
    struct push_chunk *chunk = container_of(link, struct push_chunk, link);

    list_init(&chunk->link);
    q->bytes -= chunk->batch.bytes.len;
    q->points -= chunk->batch.n_points;
    return chunk;
}

void push_queue_untake(struct push_queue *q, struct push_chunk *chunk)
{
    list_add_head(&q->chunks, &chunk->link);
    q->bytes += chunk->batch.bytes.len;
    q->points += chunk->batch.n_points;
}
