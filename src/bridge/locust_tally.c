/*
 * Endpoints are known by method and name. When all requests together became fewer, every count
 * began anew, also one that has overtaken its old value since; an endpoint that went back alone
 * (nobody knows how) is taken for itself.
 */
#include "bridge/locust_tally.h"

#include <math.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/table.h"

/* Beyond it a double does not count by ones, and no Locust gets there. */
#define COUNT_MAX 9e15

struct endpoint {
    double requests, failures;             /* as they were told last */
    double added_requests, added_failures; /* since they were asked for */
};

struct locust_tally {
    struct table endpoints; /* of struct endpoint */
    struct buf key;
    double all; /* requests of the last answer */
};

struct locust_tally *locust_tally_new(void)
{
    return xnew(struct locust_tally);
}

void locust_tally_free(struct locust_tally *t)
{
    struct table_entry *e;

    if (!t)
        return;
    table_each(e, &t->endpoints)
        free(e->value);
    table_fini(&t->endpoints);
    buf_fini(&t->key);
    free(t);
}

static double sum_of(const struct locust_stats *s, enum locust_number number)
{
    double sum = 0;

    if (s->has_total && isfinite(s->total.number[number]))
        return s->total.number[number];
    for (size_t i = 0; i < s->n_rows; i++)
        sum += isfinite(s->rows[i].number[number]) ? s->rows[i].number[number] : 0;
    return sum;
}

double locust_requests(const struct locust_stats *stats)
{
    return sum_of(stats, LOCUST_N_REQUESTS);
}

double locust_failures(const struct locust_stats *stats)
{
    return sum_of(stats, LOCUST_N_FAILURES);
}

static struct endpoint *endpoint_of(struct locust_tally *t, const struct locust_row *row)
{
    buf_reset(&t->key);
    buf_putstr(&t->key, row->method);
    buf_putc(&t->key, '\0');
    buf_putstr(&t->key, row->name);
    struct endpoint *e = table_get(&t->endpoints, buf_str(&t->key));

    if (!e) {
        e = xnew(struct endpoint);
        table_set(&t->endpoints, buf_str(&t->key), e);
    }
    return e;
}

/* Adds how far a count went on. Returns whether it went back. */
static bool advance(double *at, double *added, double to)
{
    if (!isfinite(to) || to < 0 || to > COUNT_MAX)
        return false;
    bool went_back = to < *at;

    *added += went_back ? to : to - *at;
    *at = to;
    return went_back;
}

static void begin_anew(struct locust_tally *t)
{
    struct table_entry *e;

    table_each(e, &t->endpoints) {
        struct endpoint *endpoint = e->value;

        endpoint->requests = endpoint->failures = 0;
    }
}

bool locust_tally_answer(struct locust_tally *t, const struct locust_stats *stats)
{
    double all = locust_requests(stats);
    bool went_back = all < t->all;

    if (went_back)
        begin_anew(t);
    t->all = all;
    for (size_t i = 0; i < stats->n_rows; i++) {
        const struct locust_row *row = &stats->rows[i];
        struct endpoint *e = endpoint_of(t, row);

        went_back |= advance(&e->requests, &e->added_requests, row->number[LOCUST_N_REQUESTS]);
        went_back |= advance(&e->failures, &e->added_failures, row->number[LOCUST_N_FAILURES]);
    }
    return went_back;
}

void locust_tally_put(struct locust_tally *t, struct locust_stats *stats)
{
    for (size_t i = 0; i < stats->n_rows; i++) {
        struct endpoint *e = endpoint_of(t, &stats->rows[i]);

        stats->rows[i].added_requests = e->added_requests;
        stats->rows[i].added_failures = e->added_failures;
        e->added_requests = e->added_failures = 0;
    }
}
