/* Trend stats: read, named and computed. */
#include "vocab/k6_stats.h"

#include <stdio.h>

#include "base/mem.h"

void k6_stats_fini(struct k6_stats *stats)
{
    free(stats->items);
    *stats = (struct k6_stats){0};
}

/* "p(99.9)" is "p999", "p(0.95)" is "p095"; other words stay. */
static void name_suffix(struct str text, struct k6_stat *stat)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n && n + 1 < sizeof(stat->suffix); i++) {
        if (ascii_digit(text.p[i]) || (text.p[i] >= 'a' && text.p[i] <= 'z'))
            stat->suffix[n++] = text.p[i];
    }
    stat->suffix[n] = '\0';
}

static int parse_one(struct str text, struct k6_stat *stat)
{
    bool ok = true;

    stat->is_sum = str_is(text, "sum");
    if (!stat->is_sum) {
        ok = text.n < sizeof(stat->suffix) && stat_parse(text, &stat->stat) &&
             stat_applies(stat->stat, METRIC_TREND);
    }
    if (ok && !stat->is_sum && stat->stat.kind == STAT_P)
        ok = stat->stat.p >= 0 && stat->stat.p <= 100;
    if (!ok) {
        return fault(FAULT_EXIT(104),
                     "\"%.*s\" is no trend stat; there are avg, min, med, max, count, sum and "
                     "p(N) with N from 0 to 100",
                     STR_ARG(text));
    }
    name_suffix(text, stat);
    return 0;
}

static bool is_known(const struct k6_stats *stats, const struct k6_stat *stat)
{
    for (size_t i = 0; i < stats->n; i++) {
        if (strcmp(stats->items[i].suffix, stat->suffix) == 0)
            return true;
    }
    return false;
}

int k6_stats_parse(struct str list, struct k6_stats *ret_stats)
{
    scoped(k6_stats_fini) struct k6_stats stats = {0};
    struct str part;

    if (str_trim(list).n == 0)
        list = STR("p(99)");
    while (str_split(&list, ',', &part)) {
        struct k6_stat stat = {0};

        TRY(parse_one(str_trim(part), &stat));
        if (!is_known(&stats, &stat))
            vec_push(stats.items, stats.n, stats.cap) = stat;
    }
    *ret_stats = stats;
    stats = (struct k6_stats){0};
    return 0;
}

double k6_stat_of(const struct k6_stat *stat, const struct hist *h)
{
    const struct value v = {.touched = true, .trend = *h};

    return stat->is_sum ? h->sum : value_stat(&v, METRIC_TREND, stat->stat, 0);
}
