/*
 * The sparkline is of slots, each the merged histogram of so many ticks; when all are full, each
 * two become one and slots take twice the ticks. So there are between 20 and 40 of them, whatever
 * the length of the run.
 */
#include "store/headline.h"

#include "base/json_out.h"
#include "base/mem.h"

struct headline {
    struct hist_slab *slab;
    struct hist slots[HEADLINE_SPARK];
    size_t n_slots;    /* begun */
    size_t n_in_last;  /* ticks in the newest */
    size_t ticks_each; /* that fill one */
};

struct headline *headline_new(void)
{
    struct headline *h = xnew(struct headline);

    h->slab = hist_slab_new();
    for (size_t i = 0; i < HEADLINE_SPARK; i++)
        h->slots[i] = HIST_INIT_SCALED(h->slab, HIST_MILLIS);
    h->ticks_each = 1;
    return h;
}

void headline_free(struct headline *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < HEADLINE_SPARK; i++)
        hist_fini(&h->slots[i]);
    hist_slab_free(h->slab);
    free(h);
}

/* Moves the samples of one slot to another. */
static void move(struct headline *h, size_t to, size_t from)
{
    if (to == from)
        return;
    hist_merge(&h->slots[to], &h->slots[from]);
    hist_clear(&h->slots[from]);
}

static void halve(struct headline *h)
{
    for (size_t i = 0; i < HEADLINE_SPARK; i++)
        move(h, i / 2, i);
    h->n_slots = HEADLINE_SPARK / 2;
    h->n_in_last = h->ticks_each * 2;
    h->ticks_each *= 2;
}

static struct hist *slot_of_tick(struct headline *h)
{
    if (h->n_slots == HEADLINE_SPARK && h->n_in_last == h->ticks_each)
        halve(h);
    if (h->n_slots == 0 || h->n_in_last == h->ticks_each) {
        h->n_slots++;
        h->n_in_last = 0;
    }
    h->n_in_last++;
    return &h->slots[h->n_slots - 1];
}

static const struct snap_metric *find(const struct snapshot *snapshot, struct str name,
                                      enum metric_type type)
{
    const struct snap_metric *m = snapshot_find(snapshot, name);

    return m && m->def->type == type && snap_metric_observed(m) ? m : NULL;
}

void headline_tick(struct headline *h, const struct snapshot *snapshot)
{
    const struct snap_metric *m = find(snapshot, STR("http_req_duration"), METRIC_TREND);
    struct hist *slot = slot_of_tick(h);

    if (m && snap_metric_fresh(snapshot, m))
        hist_merge(slot, &m->delta.trend);
}

/* ---- putting ---- */

static double sum_of(const struct snapshot *snapshot, struct str name)
{
    const struct snap_metric *m = find(snapshot, name, METRIC_COUNTER);

    return m ? m->total.counter.sum : 0;
}

static void put_share(struct json_out *j, const struct snapshot *snapshot, struct str name,
                      bool or_zero)
{
    const struct snap_metric *m = find(snapshot, name, METRIC_RATE);

    if (m && m->total.rate.total) {
        json_put_f64(j, (double)m->total.rate.trues / (double)m->total.rate.total);
    } else if (or_zero) {
        json_put_f64(j, 0);
    } else {
        json_put_null(j);
    }
}

static void put_times(struct json_out *j, const struct snapshot *snapshot)
{
    static const struct {
        const char *key;
        double quantile;
    } times[] = {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}, {"max", 1}};
    const struct snap_metric *m = find(snapshot, STR("http_req_duration"), METRIC_TREND);

    for (size_t i = 0; i < countof(times); i++) {
        json_key(j, times[i].key);
        if (m) {
            json_put_f64(j, hist_quantile(&m->total.trend, times[i].quantile));
        } else {
            json_put_null(j);
        }
    }
}

static void put_spark(struct json_out *j, const struct headline *h)
{
    json_key(j, "spark");
    json_open_array(j);
    for (size_t i = 0; i < h->n_slots; i++) {
        if (h->slots[i].count)
            json_put_f64(j, hist_quantile(&h->slots[i], 0.95));
    }
    json_close(j);
}

void headline_put(const struct headline *h, const struct snapshot *snapshot, span_ns duration,
                  struct buf *out)
{
    struct json_out j = JSON_OUT(out, 0);
    double requests = sum_of(snapshot, STR("http_reqs"));
    const struct snap_metric *vus = find(snapshot, STR("vus"), METRIC_GAUGE);

    json_open_object(&j);
    json_key(&j, "requests");
    json_put_f64(&j, requests);
    json_key(&j, "rate");
    json_put_f64(&j, duration > 0 ? requests / ((double)duration / (double)NS_PER_S) : 0);
    json_key(&j, "iterations");
    json_put_f64(&j, sum_of(snapshot, STR("iterations")));
    json_key(&j, "failed");
    put_share(&j, snapshot, STR("http_req_failed"), true);
    json_key(&j, "checks");
    put_share(&j, snapshot, STR("checks"), false);
    put_times(&j, snapshot);
    json_key(&j, "vus_max");
    json_put_f64(&j, vus ? vus->total.gauge.max : 0);
    put_spark(&j, h);
    json_close(&j);
}
