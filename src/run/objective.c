/*
 * Objectives over a window of a run. The snapshot has totals since the start and what its last tick
 * added; the window is the sum of the latter, so what was measured before it leaves no trace.
 */
#include "run/objective.h"

#include <assert.h>
#include <errno.h>

#include "base/mem.h"
#include "metric/submetric.h"

struct objectives {
    char *text; /* all strings are in it */
    struct objective *all;
    size_t n, cap;
};

/* ---- reading ---- */

#define HOW_WRITTEN "an objective is written as 'http_req_duration p(99)<200'; several with commas"

/* Where this one ends: at a comma that is in no braces, brackets or quotes. */
static size_t length_of_first(struct str text)
{
    int depth = 0;
    char quote = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (quote)
            quote = c == quote ? 0 : quote;
        else if (depth > 0 && (c == '"' || c == '\''))
            quote = c;
        else if (c == '{' || c == '(')
            depth++;
        else if (c == '}' || c == ')')
            depth--;
        else if (c == ',' && depth <= 0)
            return i;
    }
    return text.n;
}

/* The metric ends at the first space or colon that is not inside its braces. */
static size_t length_of_metric(struct str one)
{
    int depth = 0;

    for (size_t i = 0; i < one.n; i++) {
        char c = one.p[i];

        depth += c == '{';
        depth -= c == '}';
        if (depth <= 0 && (ascii_space(c) || c == ':'))
            return i;
        if (depth <= 0 && c == '}')
            return i + 1;
    }
    return one.n;
}

static int add(struct objectives *set, struct str one)
{
    struct objective o = {0};
    struct submetric_name name;
    size_t n = length_of_metric(one);

    o.metric = str_from(one.p, n);
    o.source = str_trim(str_from_index(one, n));
    if (o.source.n && o.source.p[0] == ':')
        o.source = str_trim(str_from_index(o.source, 1));
    if (!o.metric.n || !o.source.n)
        return fault(-EINVAL, "'%.*s': " HOW_WRITTEN, STR_ARG(one));
    if (submetric_parse(o.metric, &name) < 0 || threshold_parse(o.source, &o.expr) < 0)
        return fault(-EINVAL, "'%.*s': %s; " HOW_WRITTEN, STR_ARG(one), fault_text());
    vec_push(set->all, set->n, set->cap) = o;
    return 0;
}

static int add_all(struct objectives *set, struct str text)
{
    while (text.n) {
        size_t n = length_of_first(text);
        struct str one = str_trim(str_from(text.p, n));

        TRY(add(set, one));
        /* A comma at the end asks for one more. */
        if (n + 1 == text.n)
            TRY(add(set, str_from(text.p + n, 0)));
        text = str_from_index(text, n + 1 < text.n ? n + 1 : text.n);
    }
    return set->n ? 0 : fault(-EINVAL, "no objective: " HOW_WRITTEN);
}

int objectives_parse(struct str text, struct objectives **ret_set)
{
    struct objectives *set = xnew(struct objectives);

    set->text = xstrndup(text.n ? text.p : "", text.n);
    int r = add_all(set, str_trim(str_of(set->text)));

    if (r < 0) {
        objectives_free(set);
        TRY(r);
    }
    *ret_set = set;
    return 0;
}

void objectives_free(struct objectives *set)
{
    if (!set)
        return;
    objectives_unbind(set);
    free(set->all);
    free(set->text);
    free(set);
}

const struct objective *objectives_all(const struct objectives *set, size_t *ret_n)
{
    *ret_n = set->n;
    return set->all;
}

/* ---- a window ---- */

/*
 * The grammar of thresholds also decides which numbers a metric has and in which words it is said:
 * a throw-away set of them is bound for that.
 */
static int check(const struct objectives *set, struct snapshot *snap)
{
    struct thresholds *ts = thresholds_new();

    for (size_t i = 0; i < set->n; i++) {
        struct threshold_spec spec = {.metric = set->all[i].metric, .source = set->all[i].source};

        thresholds_add(ts, &spec);
    }
    int r = thresholds_bind(ts, snap, THRESHOLDS_JUDGE);

    thresholds_free(ts);
    TRY(r);
    return 0;
}

int objectives_bind(struct objectives *set, struct snapshot *snap)
{
    objectives_unbind(set);
    TRY(check(set, snap));
    for (size_t i = 0; i < set->n; i++) {
        struct objective *o = &set->all[i];
        struct submetric_name name;

        TRY(submetric_parse(o->metric, &name));
        TRY(snapshot_submetric(snap, &name, o->metric, &o->of));
        o->contains = o->of->def->contains;
        o->slab = hist_slab_new();
        value_init(&o->value, o->of->def, o->slab);
    }
    return 0;
}

void objectives_unbind(struct objectives *set)
{
    for (size_t i = 0; i < set->n; i++) {
        struct objective *o = &set->all[i];

        if (!o->slab)
            continue;
        value_fini(&o->value, o->of->def->type);
        hist_slab_free(o->slab);
        o->slab = NULL;
        o->of = NULL;
        o->value = (struct value){0};
    }
}

void objectives_add_tick(struct objectives *set, const struct snapshot *snap)
{
    for (size_t i = 0; i < set->n; i++) {
        struct objective *o = &set->all[i];

        if (snap_metric_fresh(snap, o->of))
            value_merge(&o->value, &o->of->delta, o->of->def->type);
    }
}

struct objective_score objective_score(const struct objective *o, double seconds)
{
    enum metric_type type = o->of->def->type;
    struct objective_score score = {
        .value = value_stat(&o->value, type, o->expr.stat, seconds),
        .samples = value_samples(&o->value, type),
        .type = type,
        .contains = o->of->def->contains,
    };

    /* A counter that nobody touched has counted nothing; of the others, nothing is known. */
    score.held = (score.samples > 0 || type == METRIC_COUNTER) &&
                 threshold_compare(score.value, o->expr.op, o->expr.limit);
    return score;
}

bool objective_is_lost(const struct objective *o, double n_expected)
{
    enum metric_type type = o->of->def->type;

    if (o->expr.op != THRESHOLD_LT && o->expr.op != THRESHOLD_LE)
        return false;
    if (type == METRIC_RATE)
        return (double)o->value.rate.trues > o->expr.limit * n_expected + 1;
    if (type != METRIC_TREND || (o->expr.stat.kind != STAT_P && o->expr.stat.kind != STAT_MED))
        return false;
    double q = o->expr.stat.kind == STAT_MED ? 0.5 : o->expr.stat.p / 100;
    uint64_t n_good = hist_count_upto(&o->value.trend, o->expr.limit * 1.003);

    /* A bucket that holds the limit counts as good: 0.3 % is its width. */
    return (double)(o->value.trend.count - n_good) > (1 - q) * n_expected + 1;
}
