/*
 * The rules: a number computed from the facts, the limits from which it makes a run suspect and
 * invalid, and the sentence that says so. Limits are ours, from experiments with a starved
 * generator (tests/measure/verdict.py).
 */
#include "run/verdict.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/json_out.h"

/* Below this there is too little to judge shares of time by. */
#define LEAST_SECONDS 0.2

/* From here on, late starts are said. */
#define LATE_SUSPECT 0.001

/* So much steal explains late starts. */
#define STEAL_NAMED 0.002

/* A loop that is busier has no time left for what comes next. */
#define FULLY_BUSY 0.9

/* ---- what the rules look at ---- */

static size_t worst_loop(const struct verdict_facts *f, size_t offset)
{
    size_t worst = 0;

    for (size_t i = 1; i < f->n_loops; i++) {
        const char *a = (const char *)&f->loops[i], *b = (const char *)&f->loops[worst];

        if (*(const double *)(const void *)(a + offset) >
            *(const double *)(const void *)(b + offset))
            worst = i;
    }
    return worst;
}

static size_t busiest(const struct verdict_facts *f)
{
    return worst_loop(f, offsetof(struct verdict_loop, busy));
}

static size_t most_delayed(const struct verdict_facts *f)
{
    return worst_loop(f, offsetof(struct verdict_loop, delayed));
}

static double highest_busy(const struct verdict_facts *f)
{
    return f->n_loops && f->seconds >= LEAST_SECONDS ? f->loops[busiest(f)].busy : 0;
}

static double highest_delayed(const struct verdict_facts *f)
{
    return f->n_loops && f->seconds >= LEAST_SECONDS ? f->loops[most_delayed(f)].delayed : 0;
}

static double share(uint64_t n, uint64_t all)
{
    return all ? (double)n / (double)all : 0;
}

static double late_share(const struct verdict_facts *f)
{
    return share(f->n_late, f->n_due);
}

static double dropped_share(const struct verdict_facts *f)
{
    return share(f->n_dropped, f->n_dropped + f->n_iterations);
}

/* The loop with the least time to spare, and how much of its time is gone. */
static double highest_load(const struct verdict_facts *f, size_t *ret_loop)
{
    double highest = 0;

    *ret_loop = 0;
    for (size_t i = 0; i < f->n_loops && f->seconds >= LEAST_SECONDS; i++) {
        double load = f->loops[i].busy + f->loops[i].delayed;

        if (load > highest) {
            highest = load;
            *ret_loop = i;
        }
    }
    return highest;
}

static bool has_time_left(const struct verdict_facts *f)
{
    size_t loop;

    return highest_load(f, &loop) < FULLY_BUSY;
}

/* Dropped for want of users, with time to spare: the target took them all. */
static double dropped_by_target(const struct verdict_facts *f)
{
    return has_time_left(f) ? dropped_share(f) : 0;
}

static double dropped_by_us(const struct verdict_facts *f)
{
    return has_time_left(f) ? 0 : dropped_share(f);
}

/* Unless it was said already, together with what came of it. */
static double delayed_only(const struct verdict_facts *f)
{
    return late_share(f) < LATE_SUSPECT && dropped_by_us(f) <= 0 ? highest_delayed(f) : 0;
}

static double closed_and_busy(const struct verdict_facts *f)
{
    return f->open_model ? 0 : highest_busy(f);
}

static double open_and_busy(const struct verdict_facts *f)
{
    return f->open_model ? highest_busy(f) : 0;
}

static double without_port(const struct verdict_facts *f)
{
    return share(f->n_without_port, f->n_requests);
}

static double without_descriptor(const struct verdict_facts *f)
{
    return share(f->n_without_descriptor, f->n_requests);
}

static double steal_share(const struct verdict_facts *f)
{
    return f->seconds >= LEAST_SECONDS ? f->steal : 0;
}

static double throttled_share(const struct verdict_facts *f)
{
    return f->seconds >= LEAST_SECONDS ? f->throttled : 0;
}

/* Turns against the times that are measured; short ones do no harm to short ones either. */
static double turn_to_median(const struct verdict_facts *f)
{
    return f->median_ms > 0 && f->turn_p99_ms >= 1 ? f->turn_p99_ms / f->median_ms : 0;
}

static double longest_gc(const struct verdict_facts *f)
{
    return f->longest_gc_ms;
}

/* Part of what was measured as the target's time. */
static double unread_share(const struct verdict_facts *f)
{
    return f->median_ms > 0 ? f->read_delay_ms / f->median_ms : 0;
}

/* ---- what they say ---- */

struct saying {
    const struct verdict_facts *f;
    double value; /* of the rule */
    char *text;   /* VERDICT_REASON_BYTES */
};

static void say(const struct saying *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void say(const struct saying *s, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(s->text, VERDICT_REASON_BYTES, fmt, args);
    va_end(args);
}

#define PERCENT(x) ((x)*100)

static void say_late(const struct saying *s)
{
    const struct verdict_facts *f = s->f;
    size_t busy = busiest(f), delayed = most_delayed(f);
    double ms = (double)f->late_limit / 1e6;

    if (highest_delayed(f) >= 0.1) {
        say(s,
            "loop %zu waited %.0f %% of the time for a processor and %.2g %% of iterations started "
            "more than %g ms late: keep other programs, and the target, off the generator's "
            "processors",
            delayed, PERCENT(f->loops[delayed].delayed), PERCENT(s->value), ms);
    } else if (f->steal >= STEAL_NAMED) {
        say(s,
            "the host gave %.2g %% of this machine's time to others and %.2g %% of iterations "
            "started more than %g ms late: use a machine with processors of its own",
            PERCENT(f->steal), PERCENT(s->value), ms);
    } else if (highest_busy(f) >= 0.5) {
        say(s,
            "loop %zu was %.0f %% busy and %.2g %% of iterations started more than %g ms late: use "
            "more cores, fewer checks, or a lower rate",
            busy, PERCENT(f->loops[busy].busy), PERCENT(s->value), ms);
    } else {
        say(s,
            "%.2g %% of iterations started more than %g ms late, with the loops mostly idle: look "
            "for long computations in the script, and for a machine that is paused or shared",
            PERCENT(s->value), ms);
    }
}

static void say_dropped_by_us(const struct saying *s)
{
    size_t i;

    highest_load(s->f, &i);
    say(s,
        "loop %zu was %.0f %% busy, waited %.0f %% of the time for a processor, and %.2g %% of "
        "iterations were dropped: the rate is beyond this generator. Use more cores, fewer checks, "
        "or a lower rate",
        i, PERCENT(s->f->loops[i].busy), PERCENT(s->f->loops[i].delayed), PERCENT(s->value));
}

static void say_dropped_by_target(const struct saying *s)
{
    /* Users that wait for us look like users that wait for the target. */
    if (late_share(s->f) >= LATE_SUSPECT) {
        say(s,
            "%.2g %% of iterations were dropped while the generator was held up, by itself or by "
            "others: whether the target had a part in it shows once iterations start in time",
            PERCENT(s->value));
        return;
    }
    say(s,
        "%.2g %% of iterations were dropped because all users were waiting for the target: it was "
        "offered less than planned. Raise maxVUs, or take it for the target's limit",
        PERCENT(s->value));
}

static void say_delayed(const struct saying *s)
{
    say(s,
        "loop %zu waited %.0f %% of the time for a processor that others used, which the measured "
        "times contain: keep other programs, and the target, off the generator's processors",
        most_delayed(s->f), PERCENT(s->value));
}

static void say_closed_busy(const struct saying *s)
{
    say(s,
        "loop %zu was %.0f %% busy: the generator may be what limited the throughput, and the "
        "measured times contain its own queue. Use more cores, or fewer users",
        busiest(s->f), PERCENT(s->value));
}

static void say_open_busy(const struct saying *s)
{
    say(s,
        "loop %zu was %.0f %% busy: the measured times contain its own queue. Use more cores, fewer "
        "checks, or a lower rate",
        busiest(s->f), PERCENT(s->value));
}

static void say_steal(const struct saying *s)
{
    say(s,
        "the host gave %.0f %% of this machine's time to others: use a machine with processors of "
        "its own",
        PERCENT(s->value));
}

static void say_throttled(const struct saying *s)
{
    say(s,
        "the container used up its processor quota and stood still for %.2g %% of the time: raise "
        "the quota (cpu.max), or use fewer loops",
        PERCENT(s->value));
}

static void say_without_port(const struct saying *s)
{
    say(s,
        "%" PRIu64 " requests failed because this machine had no local port left: keep connections "
        "open, widen net.ipv4.ip_local_port_range, or give more addresses with --local-ips",
        s->f->n_without_port);
}

static void say_without_descriptor(const struct saying *s)
{
    say(s,
        "%" PRIu64 " requests failed because too many files were open here: raise the limit "
        "(ulimit -Hn), or use fewer users",
        s->f->n_without_descriptor);
}

static void say_turns(const struct saying *s)
{
    say(s,
        "the generator took up to %.2g ms a turn (99 %%) where half the answers take less than %.2g "
        "ms: part of the measured times is its own. Use more cores, or fewer users",
        s->f->turn_p99_ms, s->f->median_ms);
}

static void say_unread(const struct saying *s)
{
    say(s,
        "half the answers lay in the kernel for more than %.2g ms before they were read, of a median "
        "of %.2g ms: that part is the generator's. Use more cores, or fewer users",
        s->f->read_delay_ms, s->f->median_ms);
}

static void say_gc(const struct saying *s)
{
    say(s,
        "a garbage collection of the script held up a loop for %.0f ms: make less garbage in the "
        "script, or use fewer users for each loop",
        s->value);
}

/* ---- the table ---- */

/* A limit of NEVER is not reached. */
#define NEVER INFINITY

static const struct rule {
    double (*value)(const struct verdict_facts *f);
    double suspect, invalid; /* from here on */
    void (*say)(const struct saying *s);
} rules[] = {
    {dropped_by_us, 1e-9, 0.01, say_dropped_by_us},
    {late_share, LATE_SUSPECT, 0.01, say_late},
    {dropped_by_target, 0.001, NEVER, say_dropped_by_target},
    {delayed_only, 0.1, 0.3, say_delayed},
    {open_and_busy, 0.9, NEVER, say_open_busy},
    {closed_and_busy, 0.95, NEVER, say_closed_busy},
    {steal_share, 0.05, 0.2, say_steal},
    {throttled_share, 0.01, 0.1, say_throttled},
    {without_port, 1e-9, 0.01, say_without_port},
    {without_descriptor, 1e-9, 0.01, say_without_descriptor},
    {turn_to_median, 0.5, NEVER, say_turns},
    {longest_gc, 20, NEVER, say_gc},
    {unread_share, 0.2, NEVER, say_unread},
};

_Static_assert(countof(rules) <= VERDICT_REASONS_MAX, "a reason for each rule");

const char *verdict_name(enum verdict_level level)
{
    static const char *const names[] = {
        [VERDICT_VALID] = "valid",
        [VERDICT_SUSPECT] = "suspect",
        [VERDICT_INVALID] = "invalid",
    };

    return names[level];
}

/* Behind those that are as bad or worse. */
static void add(struct verdict *v, const struct verdict_reason *reason)
{
    size_t at = v->n_reasons++;

    for (; at > 0 && v->reasons[at - 1].level < reason->level; at--)
        v->reasons[at] = v->reasons[at - 1];
    v->reasons[at] = *reason;
    if (reason->level > v->level)
        v->level = reason->level;
}

void verdict_find(const struct verdict_facts *facts, struct verdict *ret_verdict)
{
    *ret_verdict = (struct verdict){0};
    for (size_t i = 0; i < countof(rules); i++) {
        const struct rule *rule = &rules[i];
        double value = rule->value(facts);
        struct verdict_reason reason;

        if (!(value >= rule->suspect))
            continue;
        reason.level = value >= rule->invalid ? VERDICT_INVALID : VERDICT_SUSPECT;
        rule->say(&(struct saying){facts, value, reason.text});
        add(ret_verdict, &reason);
    }
}

void verdict_put_reasons(const struct verdict *verdict, struct json_out *j)
{
    json_open_array(j);
    for (size_t i = 0; i < verdict->n_reasons; i++) {
        json_open_object(j);
        json_key(j, "level");
        json_put_cstr(j, verdict_name(verdict->reasons[i].level));
        json_key(j, "text");
        json_put_cstr(j, verdict->reasons[i].text);
        json_close(j);
    }
    json_close(j);
}
