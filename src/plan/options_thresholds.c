/*
 * Thresholds as options: from JSON, where they are k6's with members of our own, and from the flag
 * --threshold, whose text is `METRIC: CONDITION` with what else there is to say behind semicolons,
 * or in short, as LoadPilot has it, KEY=NUMBER.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/duration.h"
#include "base/json_out.h"
#include "plan/options_priv.h"

/* --- JSON --- */

/* A member of ours that is a time; whatever is left out is 0. */
static int take_span(json_t *object, const char *name, span_ns *ret_span)
{
    json_t *value = json_object_get(object, name);

    if (!value || json_is_null(value))
        return 0;
    if (plan_json_to_duration(value, ret_span) || *ret_span <= 0)
        return fault(-EINVAL, "'%s' must be a duration above 0, such as \"30s\"", name);
    return 0;
}

static int take_min_samples(json_t *object, int64_t *ret_n)
{
    json_t *value = json_object_get(object, "min_samples");

    if (!value)
        value = json_object_get(object, "minSamples");
    if (!value || json_is_null(value))
        return 0;
    if (plan_json_to_int(value, ret_n) || *ret_n < 1)
        return fault(-EINVAL, "'min_samples' must be a whole number from 1 on");
    return 0;
}

static int to_threshold(json_t *value, struct arena *arena, struct plan_threshold *ret_t)
{
    struct plan_threshold t = {.long_form = json_is_object(value)};
    json_t *source = t.long_form ? json_object_get(value, "threshold") : value;
    json_t *abort_on_fail = json_object_get(value, "abortOnFail");
    json_t *delay = json_object_get(value, "delayAbortEval");

    if (plan_json_to_string(source, arena, &t.source))
        return PLAN_E_TYPE;
    if (abort_on_fail && !json_is_null(abort_on_fail) && !json_is_boolean(abort_on_fail))
        return PLAN_E_TYPE;
    t.abort_on_fail = json_is_true(abort_on_fail);
    t.has_delay = delay && !json_is_null(delay);
    if (t.has_delay && plan_json_to_duration(delay, &t.delay_abort_eval))
        return PLAN_E_TYPE;
    TRY(take_span(value, "window", &t.window));
    TRY(take_span(value, "after", &t.after));
    TRY(take_min_samples(value, &t.min_samples));
    *ret_t = t;
    return 0;
}

static int take_list(struct plan_thresholds *all, struct arena *arena, const char *metric,
                     json_t *list)
{
    if (!json_is_array(list)) {
        return fault(-EINVAL, "the thresholds of '%s' must be a list, not %s", metric,
                     plan_json_brief(list, arena));
    }
    struct plan_metric_thresholds *m = &plan_push(arena, all);

    m->metric = plan_copy(arena, str_of(metric));
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *item = json_array_get(list, i);
        struct plan_threshold t;
        int r = to_threshold(item, arena, &t);

        if (r < 0) {
            return fault(-EINVAL, "'%s' has an invalid threshold %s: %s", metric,
                         plan_json_brief(item, arena), arena_printf(arena, "%s", fault_text()));
        }
        if (r) {
            return fault(-EINVAL, "'%s' has an invalid threshold %s", metric,
                         plan_json_brief(item, arena));
        }
        plan_push(arena, m) = t;
    }
    return 0;
}

int plan_json_thresholds(struct plan_slot *slot, json_t *value)
{
    const char *metric = NULL;
    json_t *list = NULL;

    *(struct plan_thresholds *)slot->field = (struct plan_thresholds){0};
    if (!json_is_object(value))
        return PLAN_E_TYPE;
    json_object_foreach(value, metric, list)
    {
        TRY(take_list(slot->field, slot->o->arena, metric, list));
    }
    return 0;
}

/* --- the flag --- */

static int take_time(struct str name, struct str value, span_ns *ret_span)
{
    if (duration_parse_strict(value, ret_span) || *ret_span <= 0) {
        return fault(-EINVAL, "'%.*s' must be a duration above 0, such as 30s, not '%.*s'",
                     STR_ARG(name), STR_ARG(value));
    }
    return 0;
}

/* What stands behind the condition: `window=30s`. */
static int take_word(struct plan_threshold *t, struct str word)
{
    size_t at = str_find(word, '=');
    struct str name = str_trim(str_from(word.p, at));
    struct str value = str_trim(str_from_index(word, at + 1));

    t->long_form = true;
    if (str_is(name, "window"))
        return take_time(name, value, &t->window);
    if (str_is(name, "after"))
        return take_time(name, value, &t->after);
    if (str_is(name, "abort_after")) {
        t->abort_on_fail = t->has_delay = true;
        return take_time(name, value, &t->delay_abort_eval);
    }
    if (str_is(name, "abort") && at == word.n) {
        t->abort_on_fail = true;
        return 0;
    }
    if (str_is(name, "min_samples")) {
        if (!str_i64(value, &t->min_samples) || t->min_samples < 1)
            return fault(-EINVAL, "'min_samples' must be a whole number from 1 on");
        return 0;
    }
    return fault(-EINVAL, "'%.*s' is none of window=, after=, min_samples=, abort and abort_after=",
                 STR_ARG(word));
}

/* Where the metric's name ends: at the first colon that is not of a tag. */
static size_t find_colon(struct str text)
{
    size_t depth = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '{')
            depth++;
        else if (text.p[i] == '}' && depth)
            depth--;
        else if (text.p[i] == ':' && !depth)
            return i;
    }
    return text.n;
}

/* LoadPilot's thresholds: KEY=NUMBER, in its units. */
static const struct {
    const char *key, *metric, *begins;
    double divisor;
} short_forms[] = {
    {"p50_ms", "http_req_duration", "p(50)<=", 1},    {"p95_ms", "http_req_duration", "p(95)<=", 1},
    {"p99_ms", "http_req_duration", "p(99)<=", 1},    {"max_ms", "http_req_duration", "max<=", 1},
    {"error_rate", "http_req_failed", "rate<=", 100},
};

static int add_flag(struct plan_slot *slot, const char *metric, const struct plan_threshold *t)
{
    struct arena *arena = slot->o->arena;
    struct plan_threshold *item = arena_new(arena, struct plan_threshold);
    struct plan_metric_thresholds one = {metric, item, 1, 1};

    *item = *t;
    plan_thresholds_join(slot->field, &(struct plan_thresholds){&one, 1, 1}, arena);
    return 0;
}

/* `p95_ms=300`. */
static int take_short_form(struct plan_slot *slot, struct str text)
{
    size_t at = str_find(text, '=');
    struct str key = str_trim(str_from(text.p, at));
    char number[JSON_NUMBER_BYTES];
    double value;

    for (size_t i = 0; i < countof(short_forms); i++) {
        if (!str_is(key, short_forms[i].key))
            continue;
        if (!str_f64(str_trim(str_from_index(text, at + 1)), &value) || value < 0)
            return fault(-EINVAL, "'%.*s' has no number behind the '='", STR_ARG(text));
        json_number(value / short_forms[i].divisor, number);
        const struct plan_threshold t = {
            .source = arena_printf(slot->o->arena, "%s%s", short_forms[i].begins, number),
            .instead_of = short_forms[i].begins,
        };

        return add_flag(slot, short_forms[i].metric, &t);
    }
    return fault(-EINVAL,
                 "'%.*s' is none of p50_ms, p95_ms, p99_ms, max_ms and error_rate; others are "
                 "written as 'METRIC: CONDITION'",
                 STR_ARG(key));
}

static int take_flag_text(struct plan_slot *slot, struct str text)
{
    struct arena *arena = slot->o->arena;
    size_t at = find_colon(text);
    struct str metric = str_trim(str_from(text.p, at));
    struct str rest = str_from_index(text, at + 1);
    struct str part;
    struct plan_threshold t = {0};

    if (at == text.n && str_find(text, '=') < text.n)
        return take_short_form(slot, text);
    if (!metric.n || !str_split(&rest, ';', &part) || !str_trim(part).n) {
        return fault(-EINVAL, "a threshold is written as 'METRIC: CONDITION', such as "
                              "'http_req_duration: p(95)<200; window=30s'");
    }
    t.source = plan_copy(arena, str_trim(part));
    while (str_split(&rest, ';', &part)) {
        if (str_trim(part).n)
            TRY(take_word(&t, str_trim(part)));
    }

    TRY(add_flag(slot, plan_copy(arena, metric), &t));
    return 0;
}

int plan_text_thresholds(struct plan_slot *slot, struct str text)
{
    if (slot->tier == PLAN_TIER_CLI)
        return take_flag_text(slot, text);
    return plan_from_json_text(slot, text);
}

/* --- both --- */

static struct plan_metric_thresholds *of_metric(struct plan_thresholds *all, const char *metric,
                                                struct arena *arena)
{
    for (size_t i = 0; i < all->n; i++) {
        if (strcmp(all->items[i].metric, metric) == 0)
            return &all->items[i];
    }

    struct plan_metric_thresholds *m = &plan_push(arena, all);

    m->metric = metric;
    return m;
}

/* Takes away what a condition stands in place of. */
static void drop_replaced(struct plan_metric_thresholds *m, const char *begins)
{
    size_t kept = 0;

    for (size_t i = 0; i < m->n; i++) {
        if (strncmp(m->items[i].source, begins, strlen(begins)) != 0)
            m->items[kept++] = m->items[i];
    }
    m->n = kept;
}

void plan_thresholds_join(struct plan_thresholds *all, const struct plan_thresholds *more,
                          struct arena *arena)
{
    struct plan_thresholds joined = {0};
    const struct plan_thresholds *parts[] = {all, more};

    for (size_t p = 0; p < countof(parts); p++) {
        for (size_t i = 0; i < parts[p]->n; i++) {
            const struct plan_metric_thresholds *from = &parts[p]->items[i];
            struct plan_metric_thresholds *to = of_metric(&joined, from->metric, arena);

            for (size_t k = 0; k < from->n; k++) {
                if (from->items[k].instead_of)
                    drop_replaced(to, from->items[k].instead_of);
                plan_push(arena, to) = from->items[k];
            }
        }
    }
    *all = joined;
}
