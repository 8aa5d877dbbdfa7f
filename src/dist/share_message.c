#include "dist/share_message.h"

#include <assert.h>

#include "base/arena.h"
#include "base/wire.h"

/* Counters are sent as they lie in memory, word by word: both ends are of one build. */
#define WORDS(type) (sizeof(type) / sizeof(uint64_t))

static_assert(sizeof(struct health_counters) % sizeof(uint64_t) == 0, "it consists of words");
static_assert(sizeof(struct script_stats) == 5 * sizeof(uint64_t), "it consists of words");

void share_put_ready(struct buf *out, const struct share_ready *m)
{
    wire_put_i64(out, m->result);
    wire_put_str(out, m->text);
}

int share_get_ready(struct str bytes, struct share_ready *ret)
{
    struct wire_in in = {bytes, false};

    ret->result = (int)wire_i64(&in);
    ret->text = wire_str(&in);
    return wire_is_over(&in) ? 0 : SHARE_E_BAD;
}

void share_put_control(struct buf *out, bool paused, const struct run_remote_scale *scales,
                       size_t n)
{
    varint_put(out, paused);
    varint_put(out, n);
    for (size_t i = 0; i < n; i++) {
        wire_put_i64(out, scales[i].vus);
        f64_put(out, scales[i].rate);
    }
}

/* A number of things of at least `bytes` each that the message still has room for. */
static size_t get_count(struct wire_in *in, size_t bytes)
{
    uint64_t n = wire_u64(in);

    if (n > SHARE_SCENARIOS_MAX || n * bytes > in->rest.n) {
        in->bad = true;
        return 0;
    }
    return n;
}

int share_get_control(struct str bytes, struct arena *arena, struct share_control *ret)
{
    struct wire_in in = {bytes, false};

    ret->paused = wire_bool(&in);
    ret->n = get_count(&in, 9);
    ret->scales = arena_new_n(arena, struct run_remote_scale, ret->n + 1);
    for (size_t i = 0; i < ret->n; i++) {
        ret->scales[i].vus = wire_i64(&in);
        ret->scales[i].rate = wire_f64(&in);
    }
    return wire_is_over(&in) ? 0 : SHARE_E_BAD;
}

static void put_totals(struct buf *out, const struct run_totals *t)
{
    const uint64_t words[] = {t->complete, t->interrupted, t->vus_active, t->vus_initialized,
                              t->requests, t->in_flight,   t->failed};

    wire_put_words(out, words, countof(words));
}

static void get_totals(struct wire_in *in, struct run_totals *t)
{
    uint64_t *const words[] = {&t->complete, &t->interrupted, &t->vus_active, &t->vus_initialized,
                               &t->requests, &t->in_flight,   &t->failed};

    *t = (struct run_totals){.n_loops = 1};
    for (size_t i = 0; i < countof(words); i++)
        *words[i] = wire_u64(in);
}

void share_put_news(struct buf *out, const struct run_remote_news *m)
{
    wire_put_str(out, m->series);
    wire_put_str(out, m->tick);
    put_totals(out, &m->totals);
    wire_put_words(out, &m->script, WORDS(struct script_stats));
    varint_put(out, m->failed);
    varint_put(out, m->left_out);
    wire_put_str(out, m->exceptions);
    wire_put_words(out, &m->from, WORDS(struct health_counters));
    wire_put_words(out, &m->to, WORDS(struct health_counters));
    varint_put(out, m->n_parts);
    for (size_t i = 0; i < m->n_parts; i++) {
        const struct run_remote_part *p = &m->parts[i];
        const uint64_t words[] = {p->active, p->complete, p->dropped, p->attempted,
                                  p->is_interrupted};

        wire_put_words(out, words, countof(words));
    }
}

static void get_parts(struct wire_in *in, struct arena *arena, struct run_remote_news *ret)
{
    ret->n_parts = get_count(in, 5);
    struct run_remote_part *parts = arena_new_n(arena, struct run_remote_part, ret->n_parts + 1);

    for (size_t i = 0; i < ret->n_parts; i++) {
        parts[i].active = wire_u64(in);
        parts[i].complete = wire_u64(in);
        parts[i].dropped = wire_u64(in);
        parts[i].attempted = wire_u64(in);
        parts[i].is_interrupted = wire_bool(in);
    }
    ret->parts = parts;
}

int share_get_news(struct str bytes, struct arena *arena, struct run_remote_news *ret)
{
    struct wire_in in = {bytes, false};

    ret->series = wire_str(&in);
    ret->tick = wire_str(&in);
    get_totals(&in, &ret->totals);
    wire_words(&in, &ret->script, WORDS(struct script_stats));
    ret->failed = wire_bool(&in);
    ret->left_out = wire_u64(&in);
    ret->exceptions = wire_str(&in);
    wire_words(&in, &ret->from, WORDS(struct health_counters));
    wire_words(&in, &ret->to, WORDS(struct health_counters));
    get_parts(&in, arena, ret);
    return wire_is_over(&in) ? 0 : SHARE_E_BAD;
}
