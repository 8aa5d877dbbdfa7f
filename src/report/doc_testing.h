#pragma once
/* A snapshot that tests fill by hand. */
#include <stddef.h>

#include "base/mem.h"
#include "metric/metric.h"
#include "metric/snapshot.h"

struct filled {
    struct metric_registry *registry;
    struct snapshot *snapshot;
};

static inline struct filled filled_open(void)
{
    struct filled f = {.registry = metric_registry_new()};
    struct snapshot_config config = {.registry = f.registry};

    f.snapshot = snapshot_new(&config);
    return f;
}

static inline void filled_close(struct filled *f)
{
    snapshot_free(f->snapshot);
    metric_registry_free(f->registry);
}

/* A sample under up to four tags, given as name and value until NULL. */
static inline void filled_add(struct filled *f, uint32_t metric, double value,
                              const char *const *words)
{
    struct tag tags[4];
    size_t n = 0;

    for (; words[2 * n]; n++)
        tags[n] = (struct tag){str_of(words[2 * n]), str_of(words[2 * n + 1])};
    snapshot_sample(f->snapshot, metric, tags, n, value, 1);
}

#define WORDS(...)                      \
    (const char *const[])               \
    {                                   \
        __VA_ARGS__ __VA_OPT__(, ) NULL \
    }
