/* Classic buckets: which bounds there are, and how many samples lie below each. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sink/exposition.h"

/* The usual ones of the client libraries, and more at both ends. */
const struct exposition_bounds exposition_seconds = {
    .upper = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60},
    .n = 15,
};

static const struct exposition_bounds bounds_of_bytes = {
    .upper = {100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9},
    .n = 8,
};

static const struct exposition_bounds bounds_of_milliseconds = {
    .upper = {1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000},
    .n = 15,
};

static const struct exposition_bounds bounds_of_ratios = {
    .upper = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1},
    .n = 10,
};

static const struct exposition_bounds bounds_of_others = {
    .upper = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 1e4, 1e5, 1e6},
    .n = 15,
};

int exposition_bounds_parse(struct str list, struct exposition_bounds *ret)
{
    struct exposition_bounds bounds = {0};
    struct str part;

    while (str_split(&list, ',', &part)) {
        double bound;

        part = str_trim(part);
        if (!str_f64(part, &bound) || !isfinite(bound)) {
            return fault(FAULT_EXIT(104), "\"%.*s\" is no bound of a bucket; write 0.1,0.5,1",
                         STR_ARG(part));
        }
        if (bounds.n && bound <= bounds.upper[bounds.n - 1]) {
            return fault(FAULT_EXIT(104), "bounds of buckets must ascend, %.*s does not",
                         STR_ARG(part));
        }
        if (bounds.n == EXPOSITION_BOUNDS_MAX) {
            return fault(FAULT_EXIT(104), "more than %d buckets are too many",
                         EXPOSITION_BOUNDS_MAX);
        }
        bounds.upper[bounds.n++] = bound;
    }
    *ret = bounds;
    return 0;
}

const struct exposition_bounds *exposition_bounds_of(struct str unit,
                                                     const struct exposition_bounds *seconds)
{
    if (str_is(unit, "seconds"))
        return seconds;
    if (str_is(unit, "bytes"))
        return &bounds_of_bytes;
    if (str_is(unit, "milliseconds"))
        return &bounds_of_milliseconds;
    return str_is(unit, "ratio") ? &bounds_of_ratios : &bounds_of_others;
}

/* The same by a search for each bound, for what one walk upwards does not serve. */
static void cumulate_signed(const struct exposition_bounds *b, const struct hist *h, double factor,
                            uint64_t counts[EXPOSITION_BOUNDS_MAX])
{
    for (size_t i = 0; i < b->n; i++)
        counts[i] = hist_count_upto(h, b->upper[i] / factor);
}

void exposition_cumulate(const struct exposition_bounds *b, const struct hist *h, double factor,
                         uint64_t counts[EXPOSITION_BOUNDS_MAX])
{
    int32_t cursor = INT32_MIN, index = 0;
    uint64_t n = 0, sum = h->n_zero;

    if (h->neg.n || (b->n && b->upper[0] < 0)) {
        cumulate_signed(b, h, factor, counts);
        return;
    }
    bool more = hist_next(h, HIST_POSITIVE, &cursor, &index, &n);

    for (size_t i = 0; i < b->n; i++) {
        while (more && hist_upper(h, index) <= b->upper[i] / factor) {
            sum += n;
            more = hist_next(h, HIST_POSITIVE, &cursor, &index, &n);
        }
        counts[i] = sum;
    }
}

/* The form that strconv.FormatFloat(bound, 'g', -1) gives, which is what canonical means. */
void exposition_le(double bound, enum exposition_format format, char text[EXPOSITION_LE_BYTES])
{
    char digits[EXPOSITION_LE_BYTES] = "";
    int n_digits = 0;

    do {
        snprintf(digits, sizeof(digits), "%.*e", n_digits, bound);
    } while (strtod(digits, NULL) != bound && ++n_digits < 17);
    int exponent = (int)strtol(strchr(digits, 'e') + 1, NULL, 10);

    if (exponent < -4 || exponent >= 6) {
        memcpy(text, digits, sizeof(digits));
        return;
    }
    int decimals = n_digits > exponent ? n_digits - exponent : 0;

    if (decimals == 0 && format == EXPOSITION_OPENMETRICS)
        decimals = 1;
    snprintf(text, EXPOSITION_LE_BYTES, "%.*f", decimals, bound);
}
