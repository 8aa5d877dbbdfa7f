/* Adding up samples by the metric's type, and the numbers that can be asked of a sum. */
#include "metric/value.h"

#include "base/mem.h"

void value_init(struct value *v, const struct metric *metric, struct hist_slab *slab)
{
    *v = (struct value){0};
    if (metric->type == METRIC_TREND)
        v->trend = HIST_INIT_SCALED(slab, metric->contains == CONTAINS_TIME ? HIST_MILLIS : 1.0);
}

void value_fini(struct value *v, enum metric_type type)
{
    if (type == METRIC_TREND)
        hist_fini(&v->trend);
}

static void value_empty(struct value *v, enum metric_type type)
{
    v->touched = false;
    if (type == METRIC_COUNTER) {
        v->counter = (typeof(v->counter)){0};
    } else if (type == METRIC_GAUGE) {
        v->gauge = (typeof(v->gauge)){0};
    } else if (type == METRIC_RATE) {
        v->rate = (typeof(v->rate)){0};
    }
}

void value_reset(struct value *v, enum metric_type type)
{
    value_empty(v, type);
    if (type == METRIC_TREND)
        hist_reset(&v->trend);
}

void value_clear(struct value *v, enum metric_type type)
{
    value_empty(v, type);
    if (type == METRIC_TREND)
        hist_clear(&v->trend);
}

static void gauge_merge(struct value *to, const struct value *from)
{
    if (from->gauge.n == 0)
        return;
    bool first = to->gauge.n == 0;

    if (first || from->gauge.min < to->gauge.min)
        to->gauge.min = from->gauge.min;
    if (first || from->gauge.max > to->gauge.max)
        to->gauge.max = from->gauge.max;
    if (first || from->gauge.at >= to->gauge.at) {
        to->gauge.last = from->gauge.last;
        to->gauge.at = from->gauge.at;
    }
    to->gauge.n += from->gauge.n;
}

void value_merge(struct value *to, const struct value *from, enum metric_type type)
{
    to->touched |= from->touched;
    switch (type) {
    case METRIC_COUNTER:
        to->counter.sum += from->counter.sum;
        to->counter.n += from->counter.n;
        break;
    case METRIC_GAUGE:
        gauge_merge(to, from);
        break;
    case METRIC_RATE:
        to->rate.trues += from->rate.trues;
        to->rate.total += from->rate.total;
        break;
    case METRIC_TREND:
        hist_merge(&to->trend, &from->trend);
        break;
    }
}

uint64_t value_samples(const struct value *v, enum metric_type type)
{
    switch (type) {
    case METRIC_COUNTER:
        return v->counter.n;
    case METRIC_GAUGE:
        return v->gauge.n;
    case METRIC_RATE:
        return v->rate.total;
    case METRIC_TREND:
        return v->trend.count;
    }
    return 0;
}

static const struct {
    const char *name;
    enum stat_kind kind;
} stat_words[] = {
    {"count", STAT_COUNT}, {"rate", STAT_RATE}, {"value", STAT_VALUE}, {"avg", STAT_AVG},
    {"min", STAT_MIN},     {"med", STAT_MED},   {"max", STAT_MAX},
};

bool stat_parse(struct str text, struct stat_name *ret_stat)
{
    double p;

    for (size_t i = 0; i < countof(stat_words); i++) {
        if (str_is(text, stat_words[i].name)) {
            *ret_stat = (struct stat_name){.kind = stat_words[i].kind};
            return true;
        }
    }
    if (text.n < 4 || !str_starts(text, STR("p(")) || text.p[text.n - 1] != ')')
        return false;
    if (!str_f64(str_trim(str_from(text.p + 2, text.n - 3)), &p))
        return false;
    *ret_stat = (struct stat_name){.kind = STAT_P, .p = p};
    return true;
}

bool stat_applies(struct stat_name stat, enum metric_type type)
{
    static const unsigned kinds[] = {
        [METRIC_COUNTER] = 1 << STAT_COUNT | 1 << STAT_RATE,
        [METRIC_GAUGE] = 1 << STAT_VALUE | 1 << STAT_MIN | 1 << STAT_MAX,
        [METRIC_RATE] = 1 << STAT_RATE,
        [METRIC_TREND] = 1 << STAT_COUNT | 1 << STAT_AVG | 1 << STAT_MIN | 1 << STAT_MED |
                         1 << STAT_MAX | 1 << STAT_P,
    };

    return kinds[type] >> stat.kind & 1;
}

static double trend_stat(const struct hist *h, struct stat_name stat)
{
    switch (stat.kind) {
    case STAT_COUNT:
        return (double)h->count;
    case STAT_AVG:
        return hist_mean(h);
    case STAT_MIN:
        return h->count ? h->min : 0;
    case STAT_MAX:
        return h->count ? h->max : 0;
    case STAT_MED:
        return hist_quantile(h, 0.5);
    case STAT_P:
        return hist_quantile(h, stat.p / 100);
    default:
        return 0;
    }
}

double value_stat(const struct value *v, enum metric_type type, struct stat_name stat,
                  double seconds)
{
    if (!stat_applies(stat, type))
        return 0;
    switch (type) {
    case METRIC_COUNTER:
        if (stat.kind == STAT_COUNT)
            return v->counter.sum;
        return seconds > 0 ? v->counter.sum / seconds : 0;
    case METRIC_GAUGE:
        return stat.kind == STAT_MIN   ? v->gauge.min
               : stat.kind == STAT_MAX ? v->gauge.max
                                       : v->gauge.last;
    case METRIC_RATE:
        return v->rate.total ? (double)v->rate.trues / (double)v->rate.total : 0;
    case METRIC_TREND:
        return trend_stat(&v->trend, stat);
    }
    return 0;
}
