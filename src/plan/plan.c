/*
 * From layers of options to a plan: merge, derive scenarios from the shortcuts, judge all of it,
 * and work out how many users and how much time it needs.
 */
#include "plan/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/duration.h"
#include "base/mem.h"
#include "plan/options_priv.h"

enum {
    PROBLEMS_BYTES = 64 << 10, /* of all problems in words; more of them help nobody */
};

/* --- deriving scenarios --- */

/* The one scenario that a shortcut stands for. */
static struct plan_scenario *derive(struct plan_options *o, enum plan_executor e)
{
    o->scenarios = (struct plan_scenarios){0};
    struct plan_scenario *s = &plan_push(o->arena, &o->scenarios);

    plan_scenario_init(s, "default", e);
    plan_mark(o, PLAN_SCENARIOS);
    return s;
}

static void set_int(struct plan_scenario *s, enum plan_field field, int64_t value)
{
    *(int64_t *)((char *)s + plan_field_rows[field].offset) = value;
    s->set |= 1U << field;
}

static void take_vus(struct plan_scenario *s, const struct plan_options *o, enum plan_field field)
{
    if (plan_is_set(o, PLAN_VUS))
        set_int(s, field, o->vus);
}

static int conflict(const char *one, const char *other)
{
    return fault(FAULT_EXIT(104), "using `%s` and `%s` options simultaneously is not allowed", one,
                 other);
}

static int derive_iterations(struct plan_options *o)
{
    if (o->stages.n)
        return conflict("iterations", "stages");
    if (o->scenarios.n)
        return conflict("iterations", "scenarios");
    struct plan_scenario *s = derive(o, PLAN_SHARED_ITERATIONS);

    take_vus(s, o, PLAN_F_VUS);
    set_int(s, PLAN_F_ITERATIONS, o->iterations);
    if (plan_is_set(o, PLAN_DURATION))
        set_int(s, PLAN_F_MAX_DURATION, o->duration);
    return 0;
}

static int derive_duration(struct plan_options *o)
{
    if (o->stages.n)
        return conflict("duration", "stages");
    if (o->scenarios.n)
        return conflict("duration", "scenarios");
    if (o->duration <= 0)
        return fault(FAULT_EXIT(104), "`duration` option should be more than 0");
    struct plan_scenario *s = derive(o, PLAN_CONSTANT_VUS);

    take_vus(s, o, PLAN_F_VUS);
    set_int(s, PLAN_F_DURATION, o->duration);
    return 0;
}

static int derive_stages(struct plan_options *o)
{
    if (o->scenarios.n)
        return conflict("stages", "scenarios");
    struct plan_scenario *s = derive(o, PLAN_RAMPING_VUS);

    take_vus(s, o, PLAN_F_START_VUS);
    s->stages = o->stages;
    s->set |= 1U << PLAN_F_STAGES;
    return 0;
}

static void derive_vus(struct plan_options *o, struct plan_strings *warnings)
{
    if (o->scenarios.n) {
        plan_push(o->arena, warnings) =
            arena_printf(o->arena, "`vus=%" PRId64 "` overrides scenarios configuration", o->vus);
    }
    struct plan_scenario *s = derive(o, PLAN_SHARED_ITERATIONS);

    set_int(s, PLAN_F_VUS, o->vus);
    set_int(s, PLAN_F_ITERATIONS, o->vus);
    plan_mark(o, PLAN_ITERATIONS);
    o->iterations = o->vus;
}

static void derive_nothing(struct plan_options *o, struct plan_strings *warnings)
{
    static const enum plan_option explicit[] = {PLAN_STAGES, PLAN_SCENARIOS};

    for (size_t i = 0; i < countof(explicit); i++) {
        if (plan_is_set(o, explicit[i])) {
            plan_push(o->arena, warnings) = arena_printf(
                o->arena,
                "`%s` was explicitly set to an empty value, running the script with 1 iteration "
                "in 1 VU",
                plan_option_rows[explicit[i]].json);
        }
    }
    derive(o, PLAN_PER_VU_ITERATIONS);
}

/* The order of questions decides between options that are set together. */
static int derive_scenarios(struct plan_options *o, struct plan_strings *warnings)
{
    if (plan_is_set(o, PLAN_ITERATIONS)) {
        TRY(derive_iterations(o));
    } else if (plan_is_set(o, PLAN_DURATION)) {
        TRY(derive_duration(o));
    } else if (o->stages.n) {
        TRY(derive_stages(o));
    } else if (plan_is_set(o, PLAN_VUS)) {
        derive_vus(o, warnings);
    } else if (!o->scenarios.n) {
        derive_nothing(o, warnings);
    }
    for (size_t i = 0; i < o->scenarios.n; i++)
        plan_scenario_finish(&o->scenarios.items[i]);
    return 0;
}

/* --- order and needs --- */

static int compare_scenarios(const void *a, const void *b)
{
    const struct plan_scenario *x = a;
    const struct plan_scenario *y = b;

    if (x->start_time != y->start_time)
        return x->start_time < y->start_time ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* How the need of the whole test changes at some moment. */
struct change {
    span_ns at;
    int64_t planned;
    int64_t all; /* with those that may be added */
};

struct changes {
    struct change *items;
    size_t n, cap;
};

static int compare_changes(const void *a, const void *b)
{
    const struct change *x = a;
    const struct change *y = b;

    return (x->at > y->at) - (x->at < y->at);
}

static void add_changes(const struct plan_scenario *s, struct changes *changes, struct plan *plan)
{
    struct arena arena = {0};
    struct plan_steps steps;
    struct plan_step before = {0};

    plan_scenario_steps(s, &arena, &steps);
    for (size_t i = 0; i < steps.n; i++) {
        struct plan_step step = steps.items[i];

        vec_push(changes->items, changes->n, changes->cap) = (struct change){
            .at = s->start_time + step.at,
            .planned = step.vus - before.vus,
            .all = step.vus + step.unplanned - before.vus - before.unplanned,
        };
        before = step;
    }
    if (s->start_time + before.at > plan->max_duration)
        plan->max_duration = s->start_time + before.at;
    arena_fini(&arena);
}

/* The highest sum over time; what changes at one moment changes together. */
static void sum_needs(struct plan *plan)
{
    struct changes changes = {0};
    int64_t planned = 0;
    int64_t all = 0;

    for (size_t i = 0; i < plan->n_scenarios; i++)
        add_changes(&plan->scenarios[i], &changes, plan);
    if (changes.n)
        qsort(changes.items, changes.n, sizeof(changes.items[0]), compare_changes);
    for (size_t i = 0; i < changes.n; i++) {
        planned += changes.items[i].planned;
        all += changes.items[i].all;
        if (i + 1 < changes.n && changes.items[i + 1].at == changes.items[i].at)
            continue;
        plan->planned_vus = planned > plan->planned_vus ? planned : plan->planned_vus;
        plan->max_vus = all > plan->max_vus ? all : plan->max_vus;
    }
    free(changes.items);
}

/* --- judging --- */

static void problem(struct buf *problems, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void problem(struct buf *problems, const char *fmt, ...)
{
    va_list args;

    ignored(buf_add(problems, "\n\t- ", 4));
    va_start(args, fmt);
    ignored(buf_vprintf(problems, fmt, args));
    va_end(args);
}

static void check_timeouts(const struct plan_options *o, struct buf *problems)
{
    static const enum plan_option timeouts[] = {PLAN_SETUP_TIMEOUT, PLAN_TEARDOWN_TIMEOUT,
                                                PLAN_HANDLE_SUMMARY_TIMEOUT};

    for (size_t i = 0; i < countof(timeouts); i++) {
        if (*(const span_ns *)plan_field_const(o, timeouts[i]) <= 0)
            problem(problems, "%s must be positive", plan_option_rows[timeouts[i]].json);
    }
}

/* Options for which a number below zero means nothing. */
static void check_numbers(const struct plan_options *o, struct buf *problems)
{
    static const enum plan_option counts[] = {PLAN_MAX_REDIRECTS, PLAN_BATCH, PLAN_BATCH_PER_HOST,
                                              PLAN_RPS, PLAN_MAX_SERIES};

    for (size_t i = 0; i < countof(counts); i++) {
        if (*(const int64_t *)plan_field_const(o, counts[i]) < 0)
            problem(problems, "%s can't be negative", plan_option_rows[counts[i]].json);
    }
}

static void check_scenarios(const struct plan *plan, struct buf *problems)
{
    for (size_t i = 0; i < plan->n_scenarios; i++) {
        struct buf words = BUF_INIT(PROBLEMS_BYTES);

        plan_scenario_check(&plan->scenarios[i], &words);
        if (words.len) {
            problem(problems, "scenario %s has configuration errors: %s", plan->scenarios[i].name,
                    buf_cstr(&words));
        }
        buf_fini(&words);
    }
}

static bool is_exported(const struct plan_layers *layers, const char *name)
{
    for (size_t i = 0; i < layers->n_exports; i++) {
        if (strcmp(layers->exports[i], name) == 0)
            return true;
    }
    return false;
}

static void check_exports(const struct plan *plan, const struct plan_layers *layers,
                          struct buf *problems)
{
    if (!layers->exports)
        return;
    for (size_t i = 0; i < plan->n_scenarios; i++) {
        const struct plan_scenario *s = &plan->scenarios[i];

        if (*s->exec && !is_exported(layers, s->exec))
            problem(problems, "executor %s: function '%s' not found in exports", s->name, s->exec);
    }
}

static int judge(const struct plan *plan, const struct plan_layers *layers)
{
    struct buf problems = BUF_INIT(PROBLEMS_BYTES);
    int r = 0;

    check_timeouts(plan->options, &problems);
    check_numbers(plan->options, &problems);
    check_scenarios(plan, &problems);
    check_exports(plan, layers, &problems);
    if (problems.len) {
        r = fault(FAULT_EXIT(104), "There were problems with the specified script configuration:%s",
                  buf_cstr(&problems));
    }
    buf_fini(&problems);
    return r;
}

/* --- merging --- */

static void merge(struct plan_options *o, const struct plan_layers *layers,
                  struct plan_strings *warnings)
{
    const struct plan_options *const tiers[] = {
        [PLAN_TIER_DEFAULT] = NULL,          [PLAN_TIER_CONFIG] = layers->config,
        [PLAN_TIER_SCRIPT] = layers->script, [PLAN_TIER_ENV] = layers->env,
        [PLAN_TIER_CLI] = layers->cli,
    };

    /* Feature flags come first: one of them says how the rest is merged. */
    for (enum plan_tier tier = PLAN_TIER_CONFIG; tier <= PLAN_TIER_CLI; tier++) {
        if (tiers[tier] && tier != PLAN_TIER_SCRIPT && plan_is_set(tiers[tier], PLAN_FEATURES))
            o->features = tiers[tier]->features;
    }
    for (enum plan_tier tier = PLAN_TIER_CONFIG; tier <= PLAN_TIER_CLI; tier++) {
        if (tiers[tier])
            plan_options_apply(o, tiers[tier], tier, warnings);
    }
    if (layers->script && plan_is_set(layers->script, PLAN_FEATURES)) {
        plan_strings_add(warnings, o->arena,
                         "`features` has no effect in the script's options; use --features, "
                         "K6_FEATURES or the configuration file");
    }
}

static const char *to_json(const struct plan_options *o, enum plan_json_form form)
{
    struct buf text = {0};

    plan_options_json(o, form, 0, &text);
    const char *copy = plan_copy(o->arena, buf_str(&text));

    buf_fini(&text);
    return copy;
}

/* --- the segment --- */

/* Whether there is anything to do for this segment. */
static bool has_work(const struct plan_scenario *s)
{
    if (plan_scenario_max_vus(s) == 0)
        return false;
    return s->executor != PLAN_SHARED_ITERATIONS || s->iterations > 0;
}

/* Cuts the whole test's numbers down to what is ours. */
static void take_share(struct plan_scenario *s, const struct plan_share *share, struct arena *arena)
{
    int64_t all = plan_scenario_max_vus(s);

    s->users = share;
    s->work = all > 0 ? plan_share_by_users(arena, share, all) : NULL;
    s->vus = plan_share_of(share, s->vus);
    s->pre_allocated_vus = plan_share_of(share, s->pre_allocated_vus);
    s->max_vus = plan_share_of(share, s->max_vus);
    if (s->executor == PLAN_SHARED_ITERATIONS)
        s->iterations = s->work ? plan_share_of(s->work, s->iterations) : 0;
}

static int take_segment(struct plan *plan, struct arena *arena)
{
    const struct plan_options *o = plan->options;
    size_t n = 0;
    int r = plan_share_new(arena, &plan->segment, &o->execution_segment_sequence, &plan->share);

    if (r < 0)
        return fault(FAULT_EXIT(104), "%s", fault_text());
    if (!plan->share)
        return 0;
    struct plan_scenario *ours = arena_new_n(arena, struct plan_scenario, plan->n_scenarios);

    for (size_t i = 0; i < plan->n_scenarios; i++) {
        ours[n] = plan->scenarios[i];
        take_share(&ours[n], plan->share, arena);
        n += has_work(&ours[n]);
    }
    plan->scenarios = ours;
    plan->n_scenarios = n;
    if (n == 0)
        return fault(FAULT_EXIT(104), "the execution segment is too small: none of its scenarios "
                                      "has anything to do");
    return 0;
}

/* --- the whole --- */

static void warn_about_values(const struct plan_options *o, struct plan_strings *warnings)
{
    const char *unit = o->summary_time_unit;

    if (*unit && strcmp(unit, "s") != 0 && strcmp(unit, "ms") != 0 && strcmp(unit, "us") != 0) {
        plan_push(o->arena, warnings) = arena_printf(
            o->arena, "invalid summary time unit '%.50s', use 's', 'ms' or 'us'", unit);
    }
}

int plan_build(struct arena *arena, const struct plan_layers *layers, struct plan **ret_plan)
{
    struct plan *plan = arena_new(arena, struct plan);
    struct plan_options *given = arena_new(arena, struct plan_options);
    struct plan_options *o = arena_new(arena, struct plan_options);

    plan_options_init(given, arena);
    merge(given, layers, &plan->warnings);
    warn_about_values(given, &plan->warnings);
    *o = *given;
    plan->given = given;
    plan->options = o;
    TRY(derive_scenarios(o, &plan->warnings));
    if (o->scenarios.n)
        qsort(o->scenarios.items, o->scenarios.n, sizeof(o->scenarios.items[0]), compare_scenarios);
    plan->scenarios = o->scenarios.items;
    plan->n_scenarios = o->scenarios.n;
    plan->segment = o->execution_segment;
    plan->thresholds = &o->thresholds;
    TRY(judge(plan, layers));
    TRY(take_segment(plan, arena));
    sum_needs(plan);
    plan->options_json = to_json(o, PLAN_JSON_SET);
    plan->exec_json = to_json(o, PLAN_JSON_EXEC);
    *ret_plan = plan;
    return 0;
}

void plan_inspect_json(const struct plan *plan, enum plan_inspect what, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 2);
    struct plan_options o = what == PLAN_INSPECT_OPTIONS ? *plan->given : *plan->options;
    char text[DURATION_TEXT_BYTES];

    if (what == PLAN_INSPECT_REQUIREMENTS)
        plan_mark(&o, PLAN_SUMMARY_TREND_STATS);
    json_open_object(&j);
    plan_options_members(&o, PLAN_JSON_INSPECT, &j);
    if (what == PLAN_INSPECT_REQUIREMENTS) {
        json_key(&j, "totalDuration");
        json_put_cstr(&j, duration_format(plan->max_duration, text));
        json_key(&j, "maxVUs");
        json_put_int(&j, plan->max_vus);
    }
    json_close(&j);
}

void plan_describe(const struct plan *plan, struct buf *out)
{
    char text[DURATION_TEXT_BYTES];
    double share = (double)plan->segment.to.num / (double)plan->segment.to.den -
                   (double)plan->segment.from.num / (double)plan->segment.from.den;

    buf_printf(out,
               "(%.2f%%) %zu scenario%s, %" PRId64 " max VUs, %s max duration (incl. graceful "
               "stop)",
               share * 100, plan->n_scenarios, plan->n_scenarios == 1 ? "" : "s", plan->max_vus,
               duration_format(plan->max_duration, text));
}
