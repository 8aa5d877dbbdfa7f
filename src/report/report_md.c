/* Tables of GitHub's dialect, which GitLab, Gitea, Bitbucket and Azure DevOps read as well. */
#include "report/report_md.h"

#include <inttypes.h>
#include <math.h>

#include "base/duration.h"
#include "report/exception_text.h"
#include "report/humanize.h"
#include "report/markup.h"
#include "report/report.h"
#include "report/report_md_changes.h"

enum {
    ROWS_MAX = 10, /* of a table that could be long; what is left out is said */
};

struct page {
    const struct report *r;
    const struct report *baseline; /* NULL: none */
    struct buf *out;
};

/* ---- how it ended ---- */

static void put_title(const struct page *p)
{
    static const char *const marks[] = {
        [REPORT_PASSED] = "✅",           [REPORT_FAILED] = "❌",  [REPORT_STOPPED] = "⏹️",
        [REPORT_INTERRUPTED] = "⚠️", [REPORT_RUNNING] = "⏳",
    };
    const struct store_run *run = &p->r->run;
    enum report_outcome outcome = report_outcome(p->r);
    scoped(buf_fini) struct buf why = BUF_INIT(1 << 30);

    report_put_reason(p->r, &why);
    buf_printf(p->out, "### %s Load test %s: ", marks[outcome], report_outcome_name(outcome));
    markup_put_md_code(p->out, run->name.n ? run->name : run->script);
    buf_puts(p->out, "\n\n");
    if (why.len) {
        buf_puts(p->out, "**");
        markup_put_md(p->out, buf_str(&why));
        buf_puts(p->out, "**\n\n");
    }
}

static void put_facts(const struct page *p)
{
    const struct store_run *run = &p->r->run;
    char text[DURATION_TEXT_BYTES];
    span_ns tenth = NS_PER_S / 10;

    buf_puts(p->out, "Run ");
    markup_put_md_code(p->out, run->id);
    buf_printf(p->out, " · %s · ",
               duration_format((run->duration + tenth / 2) / tenth * tenth, text));
    report_put_time(run->started ? run->started : run->created, REPORT_TIME_PEOPLE, p->out);
    buf_puts(p->out, " UTC");
    if (run->git_commit.n) {
        buf_puts(p->out, " · commit ");
        markup_put_md_code(
            p->out, str_from(run->git_commit.p, run->git_commit.n < 10 ? run->git_commit.n : 10));
        buf_puts(p->out, run->git_dirty ? " with changes" : "");
    }
    buf_puts(p->out, "\n\n");
}

/* Numbers that are not to be trusted come with that warning before them. */
static void put_verdict(const struct page *p)
{
    const struct report *r = p->r;

    if (!r->n_reasons)
        return;
    buf_puts(p->out, "> **The generator calls its own numbers ");
    markup_put_md(p->out, r->verdict);
    buf_puts(p->out, "**\n");
    for (size_t i = 0; i < r->n_reasons; i++) {
        buf_puts(p->out, "> - ");
        markup_put_md(p->out, r->reasons[i].text);
        buf_putc(p->out, '\n');
    }
    buf_putc(p->out, '\n');
}

/* ---- figures ---- */

static const struct figure {
    const char *title;
    const char *metric;
    const char *stat;
    bool only_if_some; /* not shown when it is 0 in both */
} figures[] = {
    {"Requests", "http_reqs", "count", false},
    {"Requests a second", "http_reqs", "rate", false},
    {"Failed requests", "http_req_failed", "rate", false},
    {"Duration, median", "http_req_duration", "med", false},
    {"Duration, p95", "http_req_duration", "p(95)", false},
    {"Duration, p99", "http_req_duration", "p(99)", false},
    {"Duration, maximum", "http_req_duration", "max", false},
    {"Iterations", "iterations", "count", false},
    {"Iterations dropped", "dropped_iterations", "count", true},
    {"Checks passed", "checks", "rate", false},
    {"Users, at most", "vus_max", "max", false},
    {"Received", "data_received", "count", false},
    {"Sent", "data_sent", "count", false},
};

static void put_figure(const struct report *r, const struct figure *f, double value,
                       struct buf *out)
{
    const struct snap_metric *m = snapshot_find(r->snapshot, str_of(f->metric));

    if (m->def->type == METRIC_RATE) {
        humanize_share(out, value);
        return;
    }
    bool is_rate = m->def->type == METRIC_COUNTER && strcmp(f->stat, "rate") == 0;

    humanize(out, is_rate && value >= 10 ? floor(value * 10 + 0.5) / 10 : value, m->def->contains,
             TIME_UNIT_AUTO);
}

static void put_change(const struct page *p, double now, double before)
{
    if (before > 0) {
        buf_printf(p->out, " %+.1f%% |", (now - before) / before * 100);
    } else {
        buf_puts(p->out, now > 0 ? " new |" : " |");
    }
}

static void put_figure_row(const struct page *p, const struct figure *f)
{
    double now = 0, before = 0;
    bool has_now = report_stat(p->r, f->metric, f->stat, &now);
    bool has_before = p->baseline && report_stat(p->baseline, f->metric, f->stat, &before);

    if ((!has_now && !has_before) || (f->only_if_some && now == 0 && before == 0))
        return;
    buf_printf(p->out, "| %s | ", f->title);
    if (has_now)
        put_figure(p->r, f, now, p->out);
    buf_puts(p->out, " |");
    if (p->baseline) {
        buf_putc(p->out, ' ');
        if (has_before)
            put_figure(p->baseline, f, before, p->out);
        buf_puts(p->out, " |");
        if (has_now && has_before) {
            put_change(p, now, before);
        } else {
            buf_puts(p->out, " |");
        }
    }
    buf_putc(p->out, '\n');
}

static void put_figures(const struct page *p)
{
    if (p->baseline) {
        buf_puts(p->out, "| | this run | baseline ");
        markup_put_md_code(p->out, p->baseline->run.id);
        buf_puts(p->out, " | change |\n|---|--:|--:|--:|\n");
    } else {
        buf_puts(p->out, "| | |\n|---|--:|\n");
    }
    for (size_t i = 0; i < countof(figures); i++)
        put_figure_row(p, &figures[i]);
    buf_putc(p->out, '\n');
}

/* ---- lists ---- */

static void put_left_out(const struct page *p, size_t n, size_t shown, const char *what)
{
    if (n > shown)
        buf_printf(p->out, "\nand %zu more %s\n", n - shown, what);
    buf_putc(p->out, '\n');
}

static void put_thresholds(const struct page *p)
{
    static const char *const marks[] = {
        [THRESHOLD_UNJUDGED] = "➖", [THRESHOLD_PASSED] = "✅", [THRESHOLD_FAILED] = "❌"};
    const struct report *r = p->r;

    if (!r->n_thresholds)
        return;
    buf_puts(p->out, "#### Thresholds\n\n| | metric | limit | value |\n|---|---|---|--:|\n");
    for (size_t i = 0; i < r->n_thresholds; i++) {
        const struct report_threshold *t = &r->thresholds[i];

        buf_printf(p->out, "| %s | ", marks[t->state]);
        markup_put_md_code(p->out, t->metric);
        buf_puts(p->out, " | ");
        markup_put_md_code(p->out, t->source);
        buf_puts(p->out, " | ");
        if (t->state == THRESHOLD_UNJUDGED) {
            buf_puts(p->out, "not judged");
        } else if (t->has_value) {
            report_put_judged(t, t->value, p->out);
        }
        if (t->text.n) {
            buf_puts(p->out, ", ");
            markup_put_md(p->out, t->text);
        }
        buf_puts(p->out, " |\n");
    }
    buf_putc(p->out, '\n');
}

static void put_check(const struct page *p, const struct report_check *c)
{
    uint64_t n = c->passes + c->fails;

    buf_puts(p->out, "| ");
    markup_put_md_code(p->out, c->name);
    buf_puts(p->out, " | ");
    if (c->group.n) {
        markup_put_md_code(p->out, str_starts(c->group, STR("::")) ? str_from_index(c->group, 2)
                                                                   : c->group);
    }
    buf_printf(p->out, " | %" PRIu64 " of %" PRIu64 " | ", c->fails, n);
    humanize_share(p->out, n ? (double)c->passes / (double)n : 0);
    buf_puts(p->out, " |\n");
}

static void put_failed_checks(const struct page *p)
{
    const struct report *r = p->r;
    size_t n = 0;

    for (size_t i = 0; i < r->n_checks; i++) {
        if (!r->checks[i].fails)
            continue;
        if (n == 0) {
            buf_puts(p->out, "#### Failed checks\n\n"
                             "| check | group | failed | passed |\n|---|---|--:|--:|\n");
        }
        if (n++ < ROWS_MAX)
            put_check(p, &r->checks[i]);
    }
    if (n)
        put_left_out(p, n, n < ROWS_MAX ? n : ROWS_MAX, "failed checks");
}

static void put_endpoint(const struct page *p, const struct report_endpoint *e)
{
    static const char *const stats[] = {"med", "p(95)", "p(99)", "max"};

    buf_puts(p->out, "| ");
    scoped(buf_fini) struct buf name = BUF_INIT(1 << 30);

    buf_printf(&name, "%.*s%s%.*s", STR_ARG(e->method), e->method.n ? " " : "", STR_ARG(e->name));
    markup_put_md_code(p->out, buf_str(&name));
    buf_printf(p->out, " | %.0f | ", e->requests);
    humanize_share(p->out, e->judged ? (double)e->failed / (double)e->judged : 0);
    for (size_t i = 0; i < countof(stats); i++) {
        buf_puts(p->out, " | ");
        if (value_samples(&e->duration, METRIC_TREND)) {
            humanize(p->out, report_value_stat(p->r, &e->duration, METRIC_TREND, stats[i]),
                     CONTAINS_TIME, TIME_UNIT_AUTO);
        } else {
            buf_putc(p->out, '-'); /* counted by somebody who did not tell times */
        }
    }
    buf_puts(p->out, " |\n");
}

static void put_endpoints(const struct page *p)
{
    const struct report *r = p->r;
    size_t n = r->n_endpoints < ROWS_MAX ? r->n_endpoints : ROWS_MAX;

    if (!n)
        return;
    buf_printf(p->out,
               "#### %s\n\n| request | n | failed | median | p95 | p99 | max |\n"
               "|---|--:|--:|--:|--:|--:|--:|\n",
               r->n_endpoints > ROWS_MAX ? "Slowest requests" : "Requests");
    for (size_t i = 0; i < n; i++)
        put_endpoint(p, &r->endpoints[i]);
    put_left_out(p, r->n_endpoints, n, "that were faster");
}

static void put_errors(const struct page *p)
{
    const struct report *r = p->r;
    size_t n = r->n_errors < ROWS_MAX ? r->n_errors : ROWS_MAX;

    if (!n)
        return;
    buf_puts(p->out, "#### Errors\n\n| error | code | requests |\n|---|---|--:|\n");
    for (size_t i = 0; i < n; i++) {
        buf_puts(p->out, "| ");
        markup_put_md_code(p->out, r->errors[i].text);
        buf_puts(p->out, " | ");
        markup_put_md(p->out, r->errors[i].code);
        buf_printf(p->out, " | %.0f |\n", r->errors[i].n);
    }
    put_left_out(p, r->n_errors, n, "kinds of errors");
}

static void put_since(const struct page *p, wall_ns at)
{
    char text[DURATION_TEXT_BYTES];
    span_ns tenth = NS_PER_S / 10, span = at - p->r->run.started;

    buf_puts(p->out, duration_format(((span > 0 ? span : 0) + tenth / 2) / tenth * tenth, text));
}

static void put_exceptions(const struct page *p)
{
    const struct report *r = p->r;
    size_t n = r->n_exceptions < ROWS_MAX ? r->n_exceptions : ROWS_MAX;

    if (!n)
        return;
    buf_puts(p->out, "#### Exceptions\n\n| exception | at | n | first after | last after |\n"
                     "|---|---|--:|--:|--:|\n");
    for (size_t i = 0; i < n; i++) {
        const struct exception *e = r->exceptions[i];
        scoped(buf_fini) struct buf head = {0};

        exception_put_head(e, &head);
        buf_puts(p->out, "| ");
        markup_put_md_code(p->out, buf_str(&head));
        buf_puts(p->out, " | ");
        if (e->place.n)
            markup_put_md_code(p->out, e->place);
        buf_printf(p->out, " | %" PRIu64 " | ", e->count);
        put_since(p, e->first);
        buf_puts(p->out, " | ");
        put_since(p, e->last);
        buf_puts(p->out, " |\n");
    }
    put_left_out(p, r->n_exceptions, n, "kinds of exceptions");
}

void report_md_put(const struct report *r, const struct report_md_baseline *baseline,
                   struct buf *out)
{
    struct page p = {.r = r, .baseline = baseline->report, .out = out};

    put_title(&p);
    put_facts(&p);
    put_verdict(&p);
    put_figures(&p);
    if (baseline->comparison)
        report_md_changes_put(baseline->comparison, out);
    put_thresholds(&p);
    put_failed_checks(&p);
    put_endpoints(&p);
    put_errors(&p);
    put_exceptions(&p);
}
