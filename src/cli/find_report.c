#include "cli/find_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/json_out.h"
#include "base/mem.h"
#include "metric/metric.h"
#include "report/humanize.h"

static const char *const verdict_words[] = {
    [SEARCH_HELD] = "held",
    [SEARCH_FAILED] = "failed",
    [SEARCH_INVALID] = "invalid",
};

/* ---- cells ---- */

enum {
    CELL_BYTES = 32,
};

/* Four digits, without an exponent: "0.05", "12.5", "1234", "123456". */
static const char *rate_text(double rate, char text[CELL_BYTES])
{
    int digits = rate >= 1000 || rate <= 0 ? 0 : 3 - (int)floor(log10(rate));

    snprintf(text, CELL_BYTES, "%.*f", digits < 6 ? digits : 6, rate);
    if (!strchr(text, '.'))
        return text;
    size_t n = strlen(text);

    while (text[n - 1] == '0')
        text[--n] = '\0';
    if (text[n - 1] == '.')
        text[n - 1] = '\0';
    return text;
}

static void put_value(struct buf *out, const struct objective_score *score)
{
    if (!score->samples && score->type != METRIC_COUNTER)
        buf_puts(out, "-");
    else if (score->type == METRIC_RATE)
        humanize_share(out, score->value);
    else
        humanize(out, score->value, score->contains, TIME_UNIT_AUTO);
}

/* Appends `text` at the right end of so many columns, after two blanks. */
static void put_right(struct buf *out, struct str text, size_t columns)
{
    size_t n = text_columns(text);

    buf_printf(out, "%*s", (int)(2 + (n < columns ? columns - n : 0)), "");
    buf_putstr(out, text);
}

static void put_rate(struct buf *out, double rate, size_t columns)
{
    char text[CELL_BYTES];

    put_right(out, str_of(rate_text(rate, text)), columns);
}

static void put_ms(struct buf *out, double ms, size_t columns)
{
    struct buf text = BUF_INIT(256);

    if (ms > 0)
        humanize(&text, ms, CONTAINS_TIME, TIME_UNIT_AUTO);
    else
        buf_puts(&text, "-");
    put_right(out, buf_str(&text), columns);
    buf_fini(&text);
}

/* ---- while it goes on ---- */

static size_t n_objectives(const struct objectives *set)
{
    size_t n;

    ignored(objectives_all(set, &n));
    return n;
}

static void put_marks(struct buf *out, const struct objectives *set)
{
    size_t n = n_objectives(set);

    for (size_t i = 0; i < n; i++) {
        char text[CELL_BYTES];

        snprintf(text, sizeof(text), "[%zu]", i + 1);
        put_right(out, str_of(text), 9);
    }
}

void find_report_head(const struct objectives *set, struct buf *out)
{
    size_t n;
    const struct objective *all = objectives_all(set, &n);

    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "  [%zu] %.*s %.*s\n", i + 1, STR_ARG(all[i].metric),
                   STR_ARG(all[i].source));
    }
    buf_puts(out, "\n  probe    rate/s  completed/s   latency");
    put_marks(out, set);
    buf_putc(out, '\n');
}

static void put_scores(struct buf *out, const struct objectives *set, const struct find_probe *p)
{
    size_t n = n_objectives(set);

    for (size_t i = 0; i < n; i++) {
        struct buf text = BUF_INIT(256);

        put_value(&text, &p->scores[i]);
        put_right(out, buf_str(&text), 9);
        buf_fini(&text);
    }
}

void find_report_line(const struct objectives *set, const struct find_probe *p,
                      enum search_phase phase, struct buf *out)
{
    buf_printf(out, "  %-7s", search_phase_name(phase));
    put_rate(out, p->rate, 6);
    put_rate(out, p->throughput, 11);
    put_ms(out, p->latency_ms, 8);
    put_scores(out, set, p);
    buf_printf(out, "  %s%s%s\n", verdict_words[p->verdict], p->reason[0] ? ": " : "", p->reason);
}

/* ---- the end ---- */

static void put_answer(const struct find_report *r, struct buf *out)
{
    char rate[CELL_BYTES];
    const char *text = rate_text(r->result.rate, rate);

    switch (r->result.end) {
    case SEARCH_FOUND:
        buf_printf(out,
                   "The objective holds at %s iterations a second (%d of %d fresh probes) and not "
                   "a step above.\n",
                   text, r->config.confirmations, r->config.confirmations);
        return;
    case SEARCH_AT_MAX:
        buf_printf(out,
                   "The objective holds at %s iterations a second, the most that --max-rate "
                   "allows; the limit lies above.\n",
                   text);
        return;
    case SEARCH_START_FAILED:
        buf_printf(out,
                   "The objective does not hold even at the start rate of %s iterations a second: "
                   "begin lower (--start-rate), or look at why it fails.\n",
                   rate_text(r->config.start_rate, rate));
        return;
    case SEARCH_GENERATOR:
        buf_puts(out,
                 "The generator, not the target, is the limit: from here on its own delays are "
                 "measured (see the last lines above).\n");
        break;
    case SEARCH_UNSETTLED:
        buf_puts(out, "No rate could be confirmed: results vary too much from probe to probe. "
                      "Longer probes (--probe) vary less.\n");
        break;
    default:
        buf_puts(out, "The search was stopped.\n");
        break;
    }
    if (r->result.rate > 0)
        buf_printf(out, "The highest rate that held: %s iterations a second%s.\n", text,
                   r->result.confirmed ? "" : " (not confirmed)");
}

static void put_numbers(const struct find_report *r, struct buf *out)
{
    char a[CELL_BYTES], b[CELL_BYTES], c[CELL_BYTES];

    if (r->result.estimate > 0) {
        buf_printf(out, "\n  limit    %s/s, between %s and %s with 95 %% confidence\n",
                   rate_text(r->result.estimate, a), rate_text(r->result.low, b),
                   rate_text(r->result.high, c));
    }
    if (r->result.knee > 0) {
        buf_printf(out, "%s  knee     %s/s: above it latency grows faster than throughput\n",
                   r->result.estimate > 0 ? "" : "\n", rate_text(r->result.knee, a));
    }
}

/* All probes of one rate. */
struct row {
    double rate;
    int n_held, n_failed, n_invalid;
    double throughput, latency; /* sums */
    const struct find_probe *last;
};

static int by_rate(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    return (x->rate > y->rate) - (x->rate < y->rate);
}

static struct row *row_of(struct row *rows, size_t *n, double rate)
{
    for (size_t i = 0; i < *n; i++) {
        if (rows[i].rate == rate)
            return &rows[i];
    }
    rows[*n] = (struct row){.rate = rate};
    return &rows[(*n)++];
}

static size_t collect(const struct find_report *r, struct row *rows)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++) {
        const struct find_probe *p = &r->probes[i];
        struct row *row = row_of(rows, &n, p->rate);

        row->n_held += p->verdict == SEARCH_HELD;
        row->n_failed += p->verdict == SEARCH_FAILED;
        row->n_invalid += p->verdict == SEARCH_INVALID;
        row->throughput += p->throughput;
        row->latency += p->latency_ms;
        row->last = p;
    }
    if (n)
        qsort(rows, n, sizeof(*rows), by_rate);
    return n;
}

static void put_row(const struct find_report *r, const struct row *row, struct buf *out)
{
    int n = row->n_held + row->n_failed + row->n_invalid;
    char text[CELL_BYTES];

    put_rate(out, row->rate, 8);
    put_rate(out, row->throughput / n, 11);
    put_ms(out, row->latency / n, 8);
    put_scores(out, r->objectives, row->last);
    snprintf(text, sizeof(text), "%d of %d", row->n_held, n);
    put_right(out, str_of(text), 8);
    buf_putc(out, '\n');
}

void find_report_text(const struct find_report *r, struct buf *out)
{
    scoped(freep) struct row *rows = xnew_n(struct row, r->n + 1);
    size_t n = collect(r, rows);

    buf_putc(out, '\n');
    put_answer(r, out);
    put_numbers(r, out);
    if (!n)
        return;
    buf_puts(out, "\n    rate/s  completed/s   latency");
    put_marks(out, r->objectives);
    buf_puts(out, "      held\n");
    for (size_t i = 0; i < n; i++)
        put_row(r, &rows[i], out);
}

/* ---- JSON ---- */

static void put_f64(struct json_out *j, const char *key, double value)
{
    json_key(j, key);
    json_put_f64(j, value);
}

/* What is not known is null. */
static void put_known(struct json_out *j, const char *key, double value)
{
    json_key(j, key);
    if (value > 0)
        json_put_f64(j, value);
    else
        json_put_null(j);
}

static void put_u64(struct json_out *j, const char *key, uint64_t value)
{
    json_key(j, key);
    json_put_u64(j, value);
}

static void put_cstr(struct json_out *j, const char *key, const char *value)
{
    json_key(j, key);
    json_put_cstr(j, value);
}

static void json_objectives(const struct find_report *r, const struct find_probe *p,
                            struct json_out *j)
{
    size_t n;
    const struct objective *all = objectives_all(r->objectives, &n);

    json_key(j, "objectives");
    json_open_array(j);
    for (size_t i = 0; i < n; i++) {
        json_open_object(j);
        json_key(j, "metric");
        json_put_str(j, all[i].metric);
        json_key(j, "expression");
        json_put_str(j, all[i].source);
        put_f64(j, "value", p->scores[i].value);
        put_u64(j, "samples", p->scores[i].samples);
        json_key(j, "held");
        json_put_bool(j, p->scores[i].held);
        json_close(j);
    }
    json_close(j);
}

static void json_probe(const struct find_report *r, size_t i, struct json_out *j)
{
    const struct find_probe *p = &r->probes[i];

    json_open_object(j);
    put_cstr(j, "phase", search_phase_name(r->steps[i].phase));
    put_f64(j, "rate", p->rate);
    put_cstr(j, "verdict", verdict_words[p->verdict]);
    put_cstr(j, "reason", p->reason);
    put_f64(j, "seconds", p->seconds);
    put_f64(j, "throughput", p->throughput);
    put_u64(j, "iterations", p->iterations);
    put_u64(j, "dropped", p->dropped);
    put_u64(j, "unfinished", p->unanswered);
    put_known(j, "latency_ms", p->latency_ms);
    put_f64(j, "lag_p99_ms", p->lag_p99_ms);
    json_key(j, "vus");
    json_put_int(j, p->vus);
    json_key(j, "max_vus");
    json_put_int(j, p->max_vus);
    json_objectives(r, p, j);
    json_close(j);
}

static void json_config(const struct find_report *r, struct json_out *j)
{
    json_key(j, "search");
    json_open_object(j);
    put_f64(j, "start_rate", r->config.start_rate);
    json_key(j, "max_rate");
    json_put_f64(j, r->config.max_rate); /* infinite: null */
    put_f64(j, "precision", r->config.precision);
    put_f64(j, "confirmations", r->config.confirmations);
    put_f64(j, "warmup_s", (double)r->warmup / 1e9);
    put_f64(j, "probe_s", (double)r->length / 1e9);
    json_close(j);
}

void find_report_json(const struct find_report *r, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 2);

    json_open_object(&j);
    put_cstr(&j, "test", r->test);
    put_cstr(&j, "slo", r->slo);
    json_config(r, &j);
    put_cstr(&j, "end", search_end_name(r->result.end));
    put_known(&j, "rate", r->result.rate);
    json_key(&j, "confirmed");
    json_put_bool(&j, r->result.confirmed);
    put_known(&j, "estimate", r->result.estimate);
    put_known(&j, "low", r->result.low);
    put_known(&j, "high", r->result.high);
    put_known(&j, "knee", r->result.knee);
    json_key(&j, "probes");
    json_open_array(&j);
    for (size_t i = 0; i < r->n; i++)
        json_probe(r, i, &j);
    json_close(&j);
    json_close(&j);
    buf_putc(out, '\n');
}
