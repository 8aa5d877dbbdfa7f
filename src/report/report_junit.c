/*
 * What all readers agree on: `testsuites` with counts, `testsuite` with counts, time, timestamp and
 * properties first, `testcase` with name, classname and time, and in it one of `failure`, `error`
 * and `skipped` with a message. Cases are gathered first, because their counts stand before them.
 */
#include "report/report_junit.h"

#include <inttypes.h>

#include "base/mem.h"
#include "report/exception_text.h"
#include "report/humanize.h"
#include "report/markup.h"
#include "report/report.h"

enum result {
    RESULT_PASSED,
    RESULT_FAILED,
    RESULT_ERROR,   /* the test itself is broken */
    RESULT_SKIPPED, /* not judged */
};

/* One testcase; texts are in the page's arena or the report's. */
struct test_case {
    struct str name;
    struct str class_name;
    double seconds;
    enum result result;
    struct str message; /* of what is not passed */
    struct str text;    /* more of it; also of a passed one, as its output */
};

struct suite {
    struct str name;
    struct test_case *cases;
    size_t n, cap;
    size_t counts[RESULT_SKIPPED + 1];
};

struct page {
    const struct report *r;
    struct arena arena;
    struct suite *suites;
    size_t n, cap;
};

/* ---- gathering ---- */

static struct suite *add_suite(struct page *p, struct str name)
{
    struct suite *s = &vec_push(p->suites, p->n, p->cap);

    s->name = name;
    return s;
}

static void add_case(struct suite *s, const struct test_case *c)
{
    vec_push(s->cases, s->n, s->cap) = *c;
    s->counts[c->result]++;
}

static struct str keep(struct page *p, struct buf *text)
{
    struct str kept = arena_str(&p->arena, buf_str(text));

    buf_reset(text);
    return kept;
}

/* "::a::b" as classes are written: "a.b", below the scenario. */
static struct str class_of(struct page *p, struct str scenario, struct str group)
{
    scoped(buf_fini) struct buf text = BUF_INIT(1 << 30);
    size_t at;

    buf_putstr(&text, scenario.n ? scenario : STR("default"));
    while (group.n) {
        if (str_starts(group, STR("::")))
            group = str_from_index(group, 2);
        at = str_find_str(group, STR("::"));
        if (at)
            buf_printf(&text, ".%.*s", STR_ARG(str_from(group.p, at)));
        group = str_from_index(group, at);
    }
    return keep(p, &text);
}

static struct str threshold_message(struct page *p, const struct report_threshold *t)
{
    scoped(buf_fini) struct buf text = BUF_INIT(1 << 30);

    if (t->state == THRESHOLD_UNJUDGED) {
        buf_puts(&text, "not judged");
    } else {
        buf_putstr(&text, t->stat);
        buf_puts(&text, " is ");
        if (t->has_value) {
            report_put_judged(t, t->value, &text);
        } else {
            buf_puts(&text, "not known");
        }
        buf_puts(&text, ", and the limit is ");
        report_put_judged(t, t->limit, &text);
    }
    if (t->text.n)
        buf_printf(&text, " (%.*s)", STR_ARG(t->text));
    return keep(p, &text);
}

static void gather_thresholds(struct page *p)
{
    static const enum result results[] = {
        [THRESHOLD_UNJUDGED] = RESULT_SKIPPED,
        [THRESHOLD_PASSED] = RESULT_PASSED,
        [THRESHOLD_FAILED] = RESULT_FAILED,
    };
    const struct report *r = p->r;

    if (!r->n_thresholds)
        return;
    struct suite *s = add_suite(p, STR("thresholds"));

    for (size_t i = 0; i < r->n_thresholds; i++) {
        const struct report_threshold *t = &r->thresholds[i];
        bool is_time = t->has_value && t->type == METRIC_TREND && t->contains == CONTAINS_TIME;
        char *name = arena_printf(&p->arena, "%.*s: %.*s", STR_ARG(t->metric), STR_ARG(t->source));

        add_case(s, &(struct test_case){
                        .name = str_of(name),
                        .class_name = STR("thresholds"),
                        .seconds = is_time ? t->value / 1000 : 0,
                        .result = results[t->state],
                        .message = threshold_message(p, t),
                    });
    }
}

static struct suite *check_suite(struct page *p, struct str scenario)
{
    char *name =
        arena_printf(&p->arena, "checks: %.*s", STR_ARG(scenario.n ? scenario : STR("default")));

    for (size_t i = 0; i < p->n; i++) {
        if (str_is(p->suites[i].name, name))
            return &p->suites[i];
    }
    return add_suite(p, str_of(name));
}

static void gather_checks(struct page *p)
{
    const struct report *r = p->r;
    scoped(buf_fini) struct buf text = {0};

    for (size_t i = 0; i < r->n_checks; i++) {
        const struct report_check *c = &r->checks[i];
        uint64_t n = c->passes + c->fails;

        buf_printf(&text, "%" PRIu64 " of %" PRIu64 " failed (", c->fails, n);
        humanize_share(&text, n ? (double)c->passes / (double)n : 0);
        buf_puts(&text, " passed)");
        add_case(check_suite(p, c->scenario),
                 &(struct test_case){
                     .name = c->name,
                     .class_name = class_of(p, c->scenario, c->group),
                     .result = c->fails ? RESULT_FAILED : RESULT_PASSED,
                     .message = keep(p, &text),
                 });
    }
}

static enum result end_result(enum report_outcome outcome, const struct report *r)
{
    switch (outcome) {
    case REPORT_PASSED:
        return RESULT_PASSED;
    case REPORT_RUNNING:
        return RESULT_SKIPPED;
    case REPORT_FAILED:
        /* Thresholds have cases of their own; that it came to its end is another matter. */
        return report_failed_thresholds(r) && r->run.state == STORE_FINISHED ? RESULT_PASSED
                                                                             : RESULT_ERROR;
    case REPORT_STOPPED:
    case REPORT_INTERRUPTED:
        break;
    }
    return RESULT_ERROR;
}

static struct str reasons_text(struct page *p)
{
    scoped(buf_fini) struct buf text = BUF_INIT(1 << 30);

    for (size_t i = 0; i < p->r->n_reasons; i++)
        buf_printf(&text, "%s%.*s", i ? "\n" : "", STR_ARG(p->r->reasons[i].text));
    return keep(p, &text);
}

static void gather_run(struct page *p)
{
    const struct report *r = p->r;
    enum report_outcome outcome = report_outcome(r);
    struct suite *s = add_suite(p, STR("run"));
    scoped(buf_fini) struct buf why = BUF_INIT(1 << 30);

    buf_puts(&why, report_outcome_name(outcome));
    buf_puts(&why, ": ");
    report_put_reason(r, &why);
    add_case(s, &(struct test_case){
                    .name = STR("the test ran to its end"),
                    .class_name = STR("run"),
                    .seconds = r->seconds,
                    .result = end_result(outcome, r),
                    .message = keep(p, &why),
                });
    if (!r->verdict.n)
        return;
    buf_printf(&why, "the generator calls its numbers %.*s", STR_ARG(r->verdict));
    add_case(s, &(struct test_case){
                    .name = STR("the generator's numbers can be trusted"),
                    .class_name = STR("run"),
                    .result = str_is(r->verdict, "invalid") ? RESULT_FAILED : RESULT_PASSED,
                    .message = keep(p, &why),
                    .text = reasons_text(p),
                });
}

/* ---- writing ---- */

static void put_attribute(struct buf *out, const char *name, struct str value)
{
    buf_printf(out, " %s=\"", name);
    markup_put_xml(out, value);
    buf_putc(out, '"');
}

static void put_counts(struct buf *out, size_t n, const size_t counts[RESULT_SKIPPED + 1])
{
    buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"", n, counts[RESULT_FAILED],
               counts[RESULT_ERROR]);
}

static void put_property(struct buf *out, const char *name, struct str value)
{
    if (!value.n)
        return;
    buf_puts(out, "      <property");
    put_attribute(out, "name", str_of(name));
    put_attribute(out, "value", value);
    buf_puts(out, "/>\n");
}

static void put_number(struct page *p, const char *name, const char *metric, const char *stat,
                       struct buf *out)
{
    scoped(buf_fini) struct buf text = {0};
    double value;

    if (!report_stat(p->r, metric, stat, &value))
        return;
    buf_printf(&text, "%.6g", value);
    put_property(out, name, buf_str(&text));
}

/* All of them in the suite of the run itself, which every file has. */
static void put_run_properties(struct page *p, struct buf *out)
{
    const struct store_run *run = &p->r->run;

    put_property(out, "run.name", run->name);
    put_property(out, "run.script", run->script);
    put_property(out, "run.script_sha256", run->script_hash);
    put_property(out, "run.outcome", str_of(report_outcome_name(report_outcome(p->r))));
    put_property(out, "run.verdict", p->r->verdict);
    put_property(out, "git.commit", run->git_commit);
    put_property(out, "git.branch", run->git_branch);
    put_number(p, "http_reqs", "http_reqs", "count", out);
    put_number(p, "http_reqs.rate", "http_reqs", "rate", out);
    put_number(p, "http_req_failed", "http_req_failed", "rate", out);
    put_number(p, "http_req_duration.p50_ms", "http_req_duration", "med", out);
    put_number(p, "http_req_duration.p95_ms", "http_req_duration", "p(95)", out);
    put_number(p, "http_req_duration.p99_ms", "http_req_duration", "p(99)", out);
    put_number(p, "iterations", "iterations", "count", out);
}

static void put_result(const struct test_case *c, struct buf *out)
{
    static const char *const elements[] = {
        [RESULT_FAILED] = "failure", [RESULT_ERROR] = "error", [RESULT_SKIPPED] = "skipped"};
    const char *element = elements[c->result];

    buf_printf(out, "      <%s", element);
    put_attribute(out, "message", c->message);
    if (c->result == RESULT_SKIPPED) {
        buf_puts(out, "/>\n");
        return;
    }
    put_attribute(out, "type", c->class_name);
    buf_putc(out, '>');
    markup_put_xml(out, c->message);
    if (c->text.n) {
        buf_putc(out, '\n');
        markup_put_xml(out, c->text);
    }
    buf_printf(out, "</%s>\n", element);
}

static void put_case(const struct test_case *c, struct str file, struct buf *out)
{
    bool is_plain = c->result == RESULT_PASSED && !c->text.n;

    buf_puts(out, "    <testcase");
    put_attribute(out, "name", c->name);
    put_attribute(out, "classname", c->class_name);
    if (file.n)
        put_attribute(out, "file", file);
    buf_printf(out, " time=\"%.6f\"%s>\n", c->seconds, is_plain ? "/" : "");
    if (is_plain)
        return;
    if (c->result == RESULT_PASSED) {
        buf_puts(out, "      <system-out>");
        markup_put_xml(out, c->text);
        buf_puts(out, "</system-out>\n");
    } else {
        put_result(c, out);
    }
    buf_puts(out, "    </testcase>\n");
}

/* What a developer would see on standard error, had they run the code themselves. */
static void put_exceptions(const struct report *r, struct buf *out)
{
    scoped(buf_fini) struct buf text = BUF_INIT(1 << 30);

    if (!r->n_exceptions)
        return;
    for (size_t i = 0; i < r->n_exceptions; i++) {
        const struct exception *e = r->exceptions[i];

        buf_printf(&text, "%s%" PRIu64 " times: ", i ? "\n" : "", e->count);
        exception_put_head(e, &text);
        if (e->place.n)
            buf_printf(&text, ", at %.*s", STR_ARG(e->place));
        buf_putc(&text, '\n');
        buf_putstr(&text, e->stack);
        if (e->stack.n && !str_ends(e->stack, STR("\n")))
            buf_putc(&text, '\n');
    }
    buf_puts(out, "    <system-err>");
    markup_put_xml(out, buf_str(&text));
    buf_puts(out, "</system-err>\n");
}

static void put_suite(struct page *p, const struct suite *s, struct buf *out)
{
    const struct store_run *run = &p->r->run;

    buf_puts(out, "  <testsuite");
    put_attribute(out, "name", s->name);
    put_counts(out, s->n, s->counts);
    buf_printf(out, " skipped=\"%zu\" time=\"%.3f\" timestamp=\"", s->counts[RESULT_SKIPPED],
               p->r->seconds);
    report_put_time(run->started ? run->started : run->created, REPORT_TIME_MACHINES, out);
    buf_puts(out, "\">\n");
    buf_puts(out, "    <properties>\n");
    put_property(out, "run.id", run->id);
    if (str_is(s->name, "run"))
        put_run_properties(p, out);
    buf_puts(out, "    </properties>\n");
    for (size_t i = 0; i < s->n; i++)
        put_case(&s->cases[i], run->script, out);
    if (str_is(s->name, "run"))
        put_exceptions(p->r, out);
    buf_puts(out, "  </testsuite>\n");
}

static void put_all(struct page *p, struct buf *out)
{
    size_t n = 0, counts[RESULT_SKIPPED + 1] = {0};

    for (size_t i = 0; i < p->n; i++) {
        n += p->suites[i].n;
        for (size_t k = 0; k < countof(counts); k++)
            counts[k] += p->suites[i].counts[k];
    }
    buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    put_attribute(out, "name", p->r->run.name.n ? p->r->run.name : STR("brunt"));
    put_counts(out, n, counts);
    buf_printf(out, " time=\"%.3f\">\n", p->r->seconds);
    for (size_t i = 0; i < p->n; i++)
        put_suite(p, &p->suites[i], out);
    buf_puts(out, "</testsuites>\n");
}

void report_junit_put(const struct report *r, struct buf *out)
{
    struct page p = {.r = r};

    gather_thresholds(&p);
    gather_checks(&p);
    gather_run(&p);
    put_all(&p, out);
    for (size_t i = 0; i < p.n; i++)
        free(p.suites[i].cases);
    free(p.suites);
    arena_fini(&p.arena);
}
