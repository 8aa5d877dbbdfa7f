/*
 * Any bytes as Locust's answer; what was read is shown under all sets of names, counted, and turned
 * into measurements.
 */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/locust_course.h"
#include "bridge/locust_points.h"
#include "bridge/locust_record.h"
#include "bridge/locust_tally.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void look(void *arg UNUSED, const struct point *p)
{
    assert(p->family->name.n && isfinite(p->value));
    for (size_t i = 0; i < p->n_labels; i++)
        assert(p->labels[i].value.n);
}

static void count(struct locust_stats *stats, const struct locust_source *source)
{
    struct metric_registry *registry = metric_registry_new();
    struct snapshot *snapshot = snapshot_new(&(struct snapshot_config){.registry = registry});
    struct locust_tally *tally = locust_tally_new();
    struct locust_course course = {.patience = 1};

    for (mono_ns now = 1; now <= 3; now++) {
        ignored(locust_tally_answer(tally, stats));
        locust_tally_put(tally, stats);
        for (unsigned turns = 0; locust_course_step(&course, stats, now) != LOCUST_TURN_NONE;)
            assert(++turns < 5);
        snapshot_tick_begin(snapshot);
        locust_record(snapshot, registry, source, STR("locust"), now);
        snapshot_tick_end(snapshot, now);
    }
    locust_tally_free(tally);
    snapshot_free(snapshot);
    metric_registry_free(registry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct locust_stats *stats = NULL;

    if (locust_stats_read(str_from((const char *)data, n), &stats))
        return 0;
    struct locust_source source = {.label = STR("one"), .stats = stats};
    struct locust_points_options options = {.page = LOCUST_PAGE_CS, .namespace = STR("locust")};

    locust_points(&options, &source, 1, look, NULL);
    options.page = LOCUST_PAGE_BOOMER;
    options.exact = true;
    locust_points(&options, &source, 1, look, NULL);
    count(stats, &source);
    locust_stats_free(stats);
    return 0;
}
