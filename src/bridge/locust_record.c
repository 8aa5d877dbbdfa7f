/* A point of the page is a sample: of a gauge its value, of a counter what was added. */
#include "bridge/locust_record.h"

#include <math.h>

struct record {
    struct snapshot *snapshot;
    struct metric_registry *registry;
    mono_ns now;
};

static enum metric_contains contains_of(struct str unit)
{
    return str_is(unit, "milliseconds") ? CONTAINS_TIME
           : str_is(unit, "bytes")      ? CONTAINS_DATA
                                        : CONTAINS_DEFAULT;
}

/* Names that a metric cannot have (a namespace may be anything) have none. */
static void on_point(void *arg, const struct point *p)
{
    const struct record *r = arg;
    bool is_counter = p->family->kind == POINT_COUNTER;
    double value = is_counter ? p->delta : p->value;
    uint32_t id;

    if (is_counter && value == 0)
        return;
    if (metric_register(r->registry, p->family->name, is_counter ? METRIC_COUNTER : METRIC_GAUGE,
                        contains_of(p->family->unit), &id) == 0)
        snapshot_sample(r->snapshot, id, p->labels, p->n_labels, value, r->now);
}

/* One sample each of so many requests. */
static void add_failed(const struct record *r, const struct tag *tags, size_t n_tags,
                       const struct locust_row *row)
{
    struct value v = {
        .touched = true,
        .rate = {.trues = (uint64_t)row->added_failures, .total = (uint64_t)row->added_requests}};

    if (v.rate.trues > v.rate.total)
        v.rate.trues = v.rate.total;
    if (v.rate.total)
        snapshot_merge_value(r->snapshot, M_HTTP_REQ_FAILED, tags, n_tags, &v, r->now);
}

static void add_row(const struct record *r, const struct locust_source *source,
                    const struct locust_row *row)
{
    struct tag tags[3];
    size_t n = 0;

    if (source->label.n)
        tags[n++] = (struct tag){STR("master"), source->label};
    if (row->method.n)
        tags[n++] = (struct tag){STR("method"), row->method};
    if (row->name.n)
        tags[n++] = (struct tag){STR("name"), row->name};
    if (row->added_requests >= 1)
        snapshot_sample(r->snapshot, M_HTTP_REQS, tags, n, row->added_requests, r->now);
    add_failed(r, tags, n, row);
}

static void add_users(const struct record *r, const struct locust_source *source)
{
    struct tag tag = {STR("master"), source->label};
    double users = source->stats->users;

    if (!isfinite(users))
        return;
    snapshot_sample(r->snapshot, M_VUS, &tag, source->label.n ? 1 : 0, users, r->now);
    snapshot_sample(r->snapshot, M_VUS_MAX, &tag, source->label.n ? 1 : 0, users, r->now);
}

void locust_record(struct snapshot *snapshot, struct metric_registry *registry,
                   const struct locust_source *source, struct str namespace, mono_ns now)
{
    struct record r = {snapshot, registry, now};
    struct locust_points_options options = {.page = LOCUST_PAGE_CS, .namespace = namespace};

    locust_points(&options, source, 1, on_point, &r);
    if (!source->stats)
        return;
    for (size_t i = 0; i < source->stats->n_rows; i++)
        add_row(&r, source, &source->stats->rows[i]);
    add_users(&r, source);
}
