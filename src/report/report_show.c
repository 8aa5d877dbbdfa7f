/*
 * Sections look like those of the summary (report/summary_text.c), so that the whole reads as one.
 * Names of others are cleaned of what would steer a terminal; the summary shows them as it did.
 */
#include "report/report_show.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>

#include "base/duration.h"
#include "base/mem.h"
#include "report/chart.h"
#include "report/exception_text.h"
#include "report/humanize.h"
#include "report/markup.h"
#include "report/report.h"
#include "report/threshold_json.h"

enum {
    ENDPOINTS_MAX = 20,
    ERRORS_MAX = 20,
    EXCHANGES_MAX = 20,
    EVENTS_MAX = 40,
    EXCEPTIONS_SHOWN = 20,
    CHART_ROWS = 4,
    COLUMNS_DEFAULT = 80,
    COLUMNS_MIN = 40,
    NAME_COLUMNS_MIN = 16,
};

/* ---- bits ---- */

static const char *const outcome_colors[] = {
    [REPORT_PASSED] = "32",      [REPORT_FAILED] = "31",  [REPORT_STOPPED] = "33",
    [REPORT_INTERRUPTED] = "33", [REPORT_RUNNING] = "36",
};

static void put_paint(struct buf *out, const struct report_show_style *style, const char *sgr)
{
    if (style->color)
        buf_printf(out, "\033[%sm", sgr);
}

static void put_painted(struct buf *out, const struct report_show_style *style, const char *sgr,
                        struct str text)
{
    put_paint(out, style, sgr);
    buf_putstr(out, text);
    put_paint(out, style, "0");
}

static void put_title(struct buf *out, const struct report_show_style *style, const char *title)
{
    buf_puts(out, "  █ ");
    put_painted(out, style, "1", str_of(title));
    buf_puts(out, " \n\n");
}

static size_t columns_of(const struct report_show_style *style)
{
    size_t columns = style->columns ? style->columns : COLUMNS_DEFAULT;

    return columns > COLUMNS_MIN ? columns : COLUMNS_MIN;
}

/* A duration with at most a digit of the second, and what is short as it is. */
static const char *brief(span_ns span, char text[DURATION_TEXT_BYTES])
{
    span_ns unit = span >= NS_PER_S ? NS_PER_S / 10 : NS_PER_MS;

    return duration_format((span + unit / 2) / unit * unit, text);
}

/* ---- the header ---- */

static void put_fact(struct buf *out, const char *name, struct str value)
{
    if (!value.n)
        return;
    buf_printf(out, "    %-10s", name);
    markup_put_terminal(out, value, 0);
    buf_putc(out, '\n');
}

static void put_script(const struct store_run *run, struct buf *text)
{
    buf_reset(text);
    buf_putstr(text, run->script);
    if (run->script_hash.n) {
        buf_printf(text, " (sha256 %.*s)", run->script_hash.n < 12 ? (int)run->script_hash.n : 12,
                   run->script_hash.p);
    }
    if (!run->git_commit.n)
        return;
    buf_printf(text, ", commit %.*s", run->git_commit.n < 10 ? (int)run->git_commit.n : 10,
               run->git_commit.p);
    if (run->git_branch.n)
        buf_printf(text, " of %.*s", STR_ARG(run->git_branch));
    buf_puts(text, run->git_dirty ? " with changes" : "");
}

static void put_when(const struct report *r, struct buf *text)
{
    const struct store_run *run = &r->run;
    char span[DURATION_TEXT_BYTES];

    buf_reset(text);
    report_put_time(run->started ? run->started : run->created, REPORT_TIME_PEOPLE, text);
    buf_printf(text, " UTC, for %s", brief(run->duration, span));
}

static void put_labels(const struct store_run *run, struct buf *text)
{
    json_t *all = run->labels_json.n ? json_loadb(run->labels_json.p, run->labels_json.n, 0, NULL)
                                     : NULL,
           *one;
    size_t i;

    buf_reset(text);
    if (run->is_baseline)
        buf_puts(text, "baseline");
    json_array_foreach(all, i, one)
    {
        if (json_is_string(one))
            buf_printf(text, "%s%s", text->len ? ", " : "", json_string_value(one));
    }
    json_decref(all);
}

void report_show_header(const struct report *r, const struct report_show_style *style,
                        struct buf *out)
{
    const struct store_run *run = &r->run;
    enum report_outcome outcome = report_outcome(r);
    scoped(buf_fini) struct buf text = BUF_INIT(1 << 30);

    buf_puts(out, "\n  ");
    put_painted(out, style, "1", run->id);
    buf_puts(out, "  ");
    markup_put_terminal(out, run->name, 0);
    buf_puts(out, "  ");
    put_painted(out, style, outcome_colors[outcome], str_of(report_outcome_name(outcome)));
    report_put_reason(r, &text);
    if (text.len) {
        buf_puts(out, ": ");
        markup_put_terminal(out, buf_str(&text), 0);
    }
    buf_puts(out, "\n\n");
    put_script(run, &text);
    put_fact(out, "script", buf_str(&text));
    put_when(r, &text);
    put_fact(out, "started", buf_str(&text));
    put_labels(run, &text);
    put_fact(out, "labels", buf_str(&text));
    put_fact(out, "note", run->note);
}

/* ---- the summary ---- */

static enum summary_model model_of(const struct report *r)
{
    for (size_t i = 0; i < r->n_scenarios; i++) {
        if (str_ends(r->scenarios[i].executor, STR("arrival-rate")))
            return SUMMARY_MODEL_OPEN;
    }
    return r->n_scenarios ? SUMMARY_MODEL_CLOSED : SUMMARY_MODEL_UNKNOWN;
}

/* Of the run's options those that say how a summary looks. */
static void take_options(const struct report *r, struct plan_options *o, struct arena *arena)
{
    json_t *root = r->run.options_json.n
                       ? json_loadb(r->run.options_json.p, r->run.options_json.n, 0, NULL)
                       : NULL,
           *stat;
    const char *unit = json_string_value(json_object_get(root, "summaryTimeUnit"));
    json_t *stats = json_object_get(root, "summaryTrendStats");
    struct stat_name parsed;
    size_t i;

    if (unit)
        o->summary_time_unit = arena_str(arena, str_of(unit)).p;
    if (json_array_size(stats))
        o->summary_trend_stats = (struct plan_strings){0};
    json_array_foreach(stats, i, stat)
    {
        if (json_is_string(stat) && stat_parse(str_of(json_string_value(stat)), &parsed))
            plan_strings_add(&o->summary_trend_stats, arena, json_string_value(stat));
    }
    json_decref(root);
}

void report_show_summary(const struct report *r, const struct report_show_style *style,
                         struct buf *out)
{
    struct thresholds *thresholds = threshold_json_read(r->run.thresholds_json, r->snapshot);
    struct arena arena = {0};
    struct plan_options options;

    plan_options_init(&options, &arena);
    take_options(r, &options, &arena);
    struct summary *s = summary_new(&(struct summary_input){
        .snapshot = r->snapshot,
        .thresholds = thresholds,
        .options = &options,
        .duration = r->run.duration,
        .model = model_of(r),
    });

    summary_text(s, style->mode, style->color ? SUMMARY_COLORED : SUMMARY_PLAIN, out);
    summary_free(s);
    thresholds_free(thresholds);
    arena_fini(&arena);
}

/* ---- verdict and outputs ---- */

static const char *verdict_color(struct str level)
{
    return str_is(level, "valid") ? "32" : str_is(level, "suspect") ? "33" : "31";
}

static size_t count_changes(const struct report *r)
{
    size_t n = 0;

    /* What thresholds and the verdict said is no change. */
    for (size_t i = 0; i < r->n_events; i++) {
        n += !str_starts(r->events[i].kind, STR("threshold")) &&
             !str_is(r->events[i].kind, "verdict");
    }
    return n;
}

void report_show_verdict(const struct report *r, const struct report_show_style *style,
                         struct buf *out)
{
    size_t n_changes = count_changes(r);

    if (!r->verdict.n)
        return;
    put_title(out, style, "GENERATOR");
    buf_puts(out, "    verdict: ");
    put_paint(out, style, verdict_color(r->verdict));
    markup_put_terminal(out, r->verdict, 0);
    put_paint(out, style, "0");
    buf_putc(out, '\n');
    for (size_t i = 0; i < r->n_reasons; i++) {
        bool is_invalid = str_is(r->reasons[i].level, "invalid");

        buf_puts(out, "    ");
        put_painted(out, style, verdict_color(r->reasons[i].level),
                    is_invalid ? STR("✗ ") : STR("! "));
        markup_put_terminal(out, r->reasons[i].text, 0);
        buf_putc(out, '\n');
    }
    if (n_changes)
        buf_printf(out, "    changed while it ran: %zu times, see the log\n", n_changes);
    buf_puts(out, "\n\n");
}

void report_show_outputs(const struct report *r, const struct report_show_style *style,
                         struct buf *out)
{
    if (!r->n_outputs)
        return;
    put_title(out, style, "OUTPUTS");
    for (size_t i = 0; i < r->n_outputs; i++) {
        const struct report_output *o = &r->outputs[i];

        buf_puts(out, "    ");
        markup_put_terminal(out, o->name, 0);
        buf_printf(out, ": %" PRIu64 " points, %" PRIu64 " delivered", o->produced,
                   o->acknowledged);
        if (o->spooled)
            buf_printf(out, ", %" PRIu64 " on disk", o->spooled);
        if (o->dropped)
            buf_printf(out, ", %" PRIu64 " lost", o->dropped);
        buf_putc(out, '\n');
    }
    buf_puts(out, "\n\n");
}

/* ---- charts ---- */

static double rate_of(const struct report_step *s)
{
    return s->rate;
}

static double p95_of(const struct report_step *s)
{
    return s->p95_ms;
}

static double failed_of(const struct report_step *s)
{
    return s->failed;
}

static double vus_of(const struct report_step *s)
{
    return s->vus;
}

static double dropped_of(const struct report_step *s)
{
    return s->dropped;
}

void report_show_charts(const struct report_timeline *t, const struct report_show_style *style,
                        struct buf *out)
{
    const struct {
        const char *title;
        enum chart_unit unit;
        double (*of)(const struct report_step *s);
        bool left_out;
    } charts[] = {
        {t->of_iterations ? "iterations a second" : "requests a second", CHART_NUMBER, rate_of,
         false},
        {t->of_iterations ? "duration of iterations, p95" : "duration of requests, p95", CHART_TIME,
         p95_of, false},
        {"failed requests", CHART_SHARE, failed_of, t->of_iterations},
        {"active users", CHART_NUMBER, vus_of, false},
        {"dropped iterations a second", CHART_NUMBER, dropped_of, !t->has_dropped},
    };
    double *values = xnew_n(double, t->n + 1);

    if (t->n)
        put_title(out, style, "OVER TIME");
    for (size_t k = 0; k < countof(charts) && t->n; k++) {
        for (size_t i = 0; i < t->n; i++)
            values[i] = charts[k].of(&t->steps[i]);
        if (charts[k].left_out)
            continue;
        chart_put(&(struct chart){charts[k].title, charts[k].unit, values, t->n, t->seconds},
                  &(struct chart_style){columns_of(style), CHART_ROWS, style->plain, style->color},
                  out);
        buf_putc(out, '\n');
    }
    free(values);
}

/* ---- lists ---- */

static void put_cell(struct buf *out, struct buf *text, size_t width)
{
    size_t n = text_columns(buf_str(text));

    buf_printf(out, "  %*s", n < width ? (int)(width - n) : 0, "");
    buf_putstr(out, buf_str(text));
    buf_reset(text);
}

/* A name, filled up with spaces to a width. */
static void put_name(struct buf *out, struct str name, size_t width)
{
    size_t before = out->len;

    markup_put_terminal(out, name, width);
    size_t n = text_columns(str_from(out->data + before, out->len - before));

    buf_printf(out, "%*s", n < width ? (int)(width - n) : 0, "");
}

static void put_left_out(struct buf *out, size_t n, size_t max)
{
    if (n > max)
        buf_printf(out, "    and %zu more\n", n - max);
    buf_puts(out, "\n\n");
}

/* The end of a name: what tells addresses of one server apart. */
static struct str tail_of(struct str name, size_t columns)
{
    while (text_columns(name) > columns)
        name = str_from_index(name, 1);
    return name;
}

static void put_request(struct buf *out, const struct report_endpoint *e, size_t width)
{
    size_t taken = text_columns(e->method) + (e->method.n > 0);
    scoped(buf_fini) struct buf text = BUF_INIT(1 << 30);

    buf_printf(&text, "%.*s%s", STR_ARG(e->method), e->method.n ? " " : "");
    if (taken + text_columns(e->name) > width && width > taken) {
        buf_puts(&text, "…");
        buf_putstr(&text, tail_of(e->name, width - taken - 1));
    } else {
        buf_putstr(&text, e->name);
    }
    put_name(out, buf_str(&text), width);
}

static void put_endpoint(const struct report *r, const struct report_endpoint *e, size_t width,
                         struct buf *out)
{
    static const char *const stats[] = {"med", "p(95)", "max"};
    scoped(buf_fini) struct buf text = BUF_INIT(1 << 30);

    buf_puts(out, "    ");
    put_request(out, e, width);
    buf_printf(&text, "%.0f", e->requests);
    put_cell(out, &text, 9);
    humanize_share(&text, e->judged ? (double)e->failed / (double)e->judged : 0);
    put_cell(out, &text, 7);
    for (size_t i = 0; i < countof(stats); i++) {
        if (value_samples(&e->duration, METRIC_TREND)) {
            humanize(&text, report_value_stat(r, &e->duration, METRIC_TREND, stats[i]),
                     CONTAINS_TIME, TIME_UNIT_AUTO);
        } else {
            buf_putc(&text, '-'); /* counted by somebody who did not tell times */
        }
        put_cell(out, &text, 9);
    }
    buf_putc(out, '\n');
}

static void put_endpoints(const struct report *r, const struct report_show_style *style,
                          struct buf *out)
{
    size_t taken = 4 + 11 + 9 + 3 * 11, columns = columns_of(style), longest = strlen("request");
    size_t n = r->n_endpoints < ENDPOINTS_MAX ? r->n_endpoints : ENDPOINTS_MAX;

    if (!n)
        return;
    for (size_t i = 0; i < n; i++) {
        const struct report_endpoint *e = &r->endpoints[i];
        size_t width = text_columns(e->method) + (e->method.n > 0) + text_columns(e->name);

        longest = width > longest ? width : longest;
    }
    size_t room = columns > taken + NAME_COLUMNS_MIN ? columns - taken : NAME_COLUMNS_MIN;
    size_t width = longest < room ? longest : room;

    put_title(out, style, "SLOWEST REQUESTS");
    buf_puts(out, "    ");
    put_name(out, STR("request"), width);
    buf_printf(out, "  %9s  %7s  %9s  %9s  %9s\n", "n", "failed", "median", "p95", "max");
    for (size_t i = 0; i < n; i++)
        put_endpoint(r, &r->endpoints[i], width, out);
    put_left_out(out, r->n_endpoints, ENDPOINTS_MAX);
}

static void put_errors(const struct report *r, const struct report_show_style *style,
                       struct buf *out)
{
    if (!r->n_errors)
        return;
    put_title(out, style, "ERRORS");
    for (size_t i = 0; i < r->n_errors && i < ERRORS_MAX; i++) {
        buf_printf(out, "    %9.0f  ", r->errors[i].n);
        markup_put_terminal(out, r->errors[i].code, 8);
        buf_puts(out, "  ");
        markup_put_terminal(out, r->errors[i].text, columns_of(style) - 26);
        buf_putc(out, '\n');
    }
    put_left_out(out, r->n_errors, ERRORS_MAX);
}

static void put_exchange(const struct store_exchange *e, const struct report_show_style *style,
                         struct buf *out)
{
    scoped(buf_fini) struct buf text = BUF_INIT(1 << 30);
    char at[DURATION_TEXT_BYTES], took[DURATION_TEXT_BYTES];

    buf_printf(out, "    #%-5" PRId64 " ", e->key);
    put_name(out, e->kind, 6);
    buf_printf(out, "  at %8s  %8s  ", brief(e->at, at), brief(e->duration, took));
    buf_printf(&text, "%.*s %.*s", STR_ARG(e->method), STR_ARG(e->url));
    markup_put_terminal(out, buf_str(&text), columns_of(style) > 70 ? columns_of(style) - 52 : 24);
    if (e->status)
        buf_printf(out, "  %d", e->status);
    if (e->error.n) {
        buf_puts(out, "  ");
        markup_put_terminal(out, e->error, 60);
    }
    buf_putc(out, '\n');
}

static void put_exchanges(const struct report *r, const struct report_show_style *style,
                          struct buf *out)
{
    if (!r->n_exchanges)
        return;
    put_title(out, style, "CAPTURED EXCHANGES");
    for (size_t i = 0; i < r->n_exchanges && i < EXCHANGES_MAX; i++)
        put_exchange(&r->exchanges[i], style, out);
    buf_printf(out, "    with headers and bodies: brunt show %.*s --har FILE.har\n",
               STR_ARG(r->run.id));
    put_left_out(out, r->n_exchanges, EXCHANGES_MAX);
}

static void put_exceptions(const struct report *r, const struct report_show_style *style,
                           struct buf *out)
{
    const struct exception_list list = {r->exceptions, r->n_exceptions, r->run.started};

    exception_list_put(&list,
                       &(struct exception_style){.max = EXCEPTIONS_SHOWN,
                                                 .columns = columns_of(style),
                                                 .detail = EXCEPTION_STACKS,
                                                 .color = style->color},
                       out);
}

static void put_events(const struct report *r, const struct report_show_style *style,
                       struct buf *out)
{
    char span[DURATION_TEXT_BYTES];

    if (!r->n_events)
        return;
    put_title(out, style, "EVENTS");
    for (size_t i = 0; i < r->n_events && i < EVENTS_MAX; i++) {
        const struct report_event *e = &r->events[i];

        buf_printf(out, "    %9s  ", brief(e->elapsed, span));
        markup_put_terminal(out, e->text.n ? e->text : e->kind, 0);
        buf_putc(out, '\n');
    }
    put_left_out(out, r->n_events, EVENTS_MAX);
}

void report_show_lists(const struct report *r, const struct report_show_style *style,
                       struct buf *out)
{
    put_endpoints(r, style, out);
    put_errors(r, style, out);
    put_exceptions(r, style, out);
    put_exchanges(r, style, out);
    put_events(r, style, out);
}
