#pragma once
/*
 * What Locusts have told, as points under the names that exporters for Locust use. Each call shows
 * what is true now and nothing else: an endpoint, an error or a worker that a master no longer
 * tells of is gone with its next answer, and a master that does not answer has `up` 0 and no
 * numbers.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "bridge/locust_stats.h"
#include "vocab/point.h"

enum locust_page {
    LOCUST_PAGE_CS,     /* /metrics: ContainerSolutions' and vokash3's names */
    LOCUST_PAGE_BOOMER, /* /export/prometheus: boomer's */
    LOCUST_PAGE_ALL,    /* both in one, for outputs that push */
};

/* One master as the bridge knows it. Strings are borrowed. */
struct locust_source {
    struct str label;                 /* value of the label "master"; n 0: it has none */
    const struct locust_stats *stats; /* NULL: it does not answer, or what it said is too old */
    uint64_t polls, failures;         /* asked, and in vain */
    uint64_t restarts;                /* its counts went back: restarted, or statistics reset */
    double age;                       /* seconds since it answered; < 0: it never did */
    double took;                      /* seconds that its last answer took */
    wall_ns at;                       /* of the answer */
    wall_ns since;                    /* the counts' begin; 0: before anybody asked */
};

struct locust_points_options {
    enum locust_page page;
    struct str namespace; /* "locust" */
    bool exact;           /* as the originals: the row of all in every family */
};

/* Shows all points, families in a row. */
void locust_points(const struct locust_points_options *options, const struct locust_source *sources,
                   size_t n_sources, point_fn *fn, void *arg);
