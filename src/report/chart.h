#pragma once
/*
 * Small charts for terminals: a curve over time as a filled area, of braille dots or of ASCII
 * signs, with its largest value and zero at the left and the time below.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "metric/metric.h"

enum chart_unit {
    CHART_NUMBER,
    CHART_TIME,  /* milliseconds */
    CHART_SHARE, /* 0 to 1, shown in percent */
};

struct chart {
    const char *title;
    enum chart_unit unit;
    const double *values; /* at even distances of time; NaN: nothing then */
    size_t n;
    double seconds; /* that they cover */
};

struct chart_style {
    size_t columns; /* of the whole, CHART_COLUMNS_MIN at least */
    size_t rows;    /* of the area */
    bool ascii;
    bool color;
};

enum {
    CHART_COLUMNS_MIN = 30,
};

/* Appends its lines; none without a value. */
void chart_put(const struct chart *c, const struct chart_style *style, struct buf *out);
