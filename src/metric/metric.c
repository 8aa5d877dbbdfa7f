/*
 * The registry of metrics. They stand in chunks that never move, behind an array of pointers of
 * fixed size: an id once given out is looked up without a lock. Registering takes one, and
 * publishes the new metric by the count.
 */
#include "metric/metric.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "base/table.h"

enum {
    CHUNK = 256, /* metrics */
    NAME_MIN = 2,
    NAME_MAX_BYTES = 129,
    NAME_SHOWN = 200, /* bytes of a bad name that a message repeats */
};

struct metric_registry {
    struct metric *_Atomic chunks[METRIC_MAX / CHUNK];
    _Atomic uint32_t n;
    struct {
        pthread_mutex_t lock;
        struct table by_name; /* struct metric, owned by the chunks */
    } shared;
};

static const struct metric builtin[METRIC_N_BUILTIN] = {
#define METRIC(id_, type_, contains_, name_, help_) \
    {name_, help_, M_##id_, METRIC_##type_, CONTAINS_##contains_},
#include "metric/metric.def"
#undef METRIC
};

const char *metric_type_name(enum metric_type type)
{
    static const char *const names[] = {"counter", "gauge", "rate", "trend"};

    return names[type];
}

const char *metric_contains_name(enum metric_contains contains)
{
    static const char *const names[] = {"default", "time", "data"};

    return names[contains];
}

static bool name_ok(struct str name)
{
    if (name.n < NAME_MIN || name.n > NAME_MAX_BYTES || ascii_digit(name.p[0]))
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = ascii_lower(name.p[i]);

        if (!(c >= 'a' && c <= 'z') && !ascii_digit(c) && c != '_')
            return false;
    }
    return true;
}

/* The caller holds the lock, or is alone. */
static uint32_t append(struct metric_registry *reg, const struct metric *m)
{
    uint32_t id = atomic_load_explicit(&reg->n, memory_order_relaxed);
    struct metric *chunk = atomic_load_explicit(&reg->chunks[id / CHUNK], memory_order_relaxed);

    if (!chunk) {
        chunk = xnew_n(struct metric, CHUNK);
        atomic_store_explicit(&reg->chunks[id / CHUNK], chunk, memory_order_release);
    }
    chunk[id % CHUNK] = *m;
    chunk[id % CHUNK].id = id;
    table_set(&reg->shared.by_name, str_of(m->name), &chunk[id % CHUNK]);
    atomic_store_explicit(&reg->n, id + 1, memory_order_release);
    return id;
}

struct metric_registry *metric_registry_new(void)
{
    struct metric_registry *reg = xnew(struct metric_registry);

    pthread_mutex_init(&reg->shared.lock, NULL);
    for (size_t i = 0; i < METRIC_N_BUILTIN; i++)
        append(reg, &builtin[i]);
    return reg;
}

void metric_registry_free(struct metric_registry *reg)
{
    if (!reg)
        return;
    for (uint32_t id = METRIC_N_BUILTIN; id < metric_count(reg); id++)
        freep(&reg->chunks[id / CHUNK][id % CHUNK].name);
    for (size_t i = 0; i < countof(reg->chunks); i++)
        free(reg->chunks[i]);
    table_fini(&reg->shared.by_name);
    pthread_mutex_destroy(&reg->shared.lock);
    free(reg);
}

uint32_t metric_count(const struct metric_registry *reg)
{
    return atomic_load_explicit(&reg->n, memory_order_acquire);
}

const struct metric *metric_get(const struct metric_registry *reg, uint32_t id)
{
    assert(id < metric_count(reg));
    return &atomic_load_explicit(&reg->chunks[id / CHUNK], memory_order_acquire)[id % CHUNK];
}

const struct metric *metric_find(struct metric_registry *reg, struct str name)
{
    pthread_mutex_lock(&reg->shared.lock);
    const struct metric *m = table_get(&reg->shared.by_name, name);

    pthread_mutex_unlock(&reg->shared.lock);
    return m;
}

static int check_same(const struct metric *m, enum metric_type type, enum metric_contains contains)
{
    if (m->type != type) {
        return fault(-EEXIST, "metric '%s' already exists but with type %s, instead of %s", m->name,
                     metric_type_name(m->type), metric_type_name(type));
    }
    if (m->contains != contains) {
        return fault(-EEXIST, "metric '%s' already exists but with a value type %s, instead of %s",
                     m->name, metric_contains_name(m->contains), metric_contains_name(contains));
    }
    return 0;
}

static int register_locked(struct metric_registry *reg, struct str name, enum metric_type type,
                           enum metric_contains contains, uint32_t *ret_id)
{
    const struct metric *known = table_get(&reg->shared.by_name, name);

    if (known) {
        TRY(check_same(known, type, contains));
        *ret_id = known->id;
        return 0;
    }
    if (metric_count(reg) == METRIC_MAX)
        return fault(-ENOSPC, "there are too many metrics (%d)", METRIC_MAX);
    *ret_id = append(
        reg, &(struct metric){
                 .name = xstrndup(name.p, name.n), .help = "", .type = type, .contains = contains});
    return 0;
}

int metric_register(struct metric_registry *reg, struct str name, enum metric_type type,
                    enum metric_contains contains, uint32_t *ret_id)
{
    if (!name_ok(name)) {
        return fault(-EINVAL,
                     "Invalid metric name: '%.*s'. Metric names must only include up to 128 ASCII "
                     "letters, numbers, or underscores and start with a letter or an underscore.",
                     (int)(name.n < NAME_SHOWN ? name.n : NAME_SHOWN), name.p);
    }

    pthread_mutex_lock(&reg->shared.lock);
    int r = register_locked(reg, name, type, contains, ret_id);

    pthread_mutex_unlock(&reg->shared.lock);
    return r;
}
