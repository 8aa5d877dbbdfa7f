/* Any bytes as Locust's answer; what was read is shown under both sets of names. */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/locust_points.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void look(void *arg UNUSED, const struct point *p)
{
    assert(p->family->name.n && isfinite(p->value));
    for (size_t i = 0; i < p->n_labels; i++)
        assert(p->labels[i].value.n);
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
    locust_stats_free(stats);
    return 0;
}
