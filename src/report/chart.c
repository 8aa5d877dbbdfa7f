/*
 * The area has cells of two by four dots, which is what a braille character shows; in ASCII a cell
 * is one dot wide and two high. A dot's column is the largest value of its time, so that a short
 * peak is seen.
 */
#include "report/chart.h"

#include <math.h>
#include <stdint.h>

#include "base/mem.h"
#include "report/humanize.h"

enum {
    LABEL_COLUMNS = 12, /* before the area, with its axis */
    AREA_COLUMNS_MAX = 400,
};

struct area {
    size_t columns, rows; /* of cells */
    size_t wide, high;    /* dots in a cell */
    double top;
    double *heights; /* of each column of dots, in dots; columns * wide */
};

static double largest(const double *values, size_t n)
{
    double top = NAN;

    for (size_t i = 0; i < n; i++) {
        if (!isnan(values[i]) && !(values[i] <= top))
            top = values[i];
    }
    return top;
}

/* The values that fall into one column of n: at least one, stretched where there are too few. */
static double column_value(const struct chart *c, size_t column, size_t n)
{
    size_t from = column * c->n / n, to = (column + 1) * c->n / n;

    return largest(c->values + from, (to > from ? to : from + 1) - from);
}

static double height(double value, double top, size_t dots)
{
    if (isnan(value) || value <= 0 || top <= 0)
        return 0;
    /* What is above nothing is seen. */
    return fmax(1, round(fmin(value / top, 1) * (double)dots));
}

static void fill(struct area *a, const struct chart *c)
{
    size_t n = a->columns * a->wide;

    a->top = largest(c->values, c->n);
    for (size_t i = 0; i < n; i++)
        a->heights[i] = height(column_value(c, i, n), a->top, a->rows * a->high);
}

/* The dots of a cell that are set, as the low bits of braille have them. */
static unsigned braille(const struct area *a, size_t row, size_t column)
{
    static const unsigned char bits[2][4] = {{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}};
    size_t below = (a->rows - 1 - row) * 4;
    unsigned dots = 0;

    for (size_t x = 0; x < 2; x++) {
        for (size_t y = 0; y < 4; y++) {
            if (a->heights[column * 2 + x] > (double)(below + y))
                dots |= bits[x][y];
        }
    }
    return dots;
}

static void put_cell(const struct area *a, size_t row, size_t column, bool ascii, struct buf *out)
{
    if (ascii) {
        double left = a->heights[column] - (double)((a->rows - 1 - row) * a->high);

        buf_putc(out, (char)(left <= 0 ? ' ' : left < 2 ? '.' : '#'));
        return;
    }
    unsigned dots = braille(a, row, column);
    unsigned char utf8[] = {0xe2, (unsigned char)(0xa0 | dots >> 6),
                            (unsigned char)(0x80 | (dots & 0x3f))};

    if (dots) {
        buf_put(out, utf8, sizeof(utf8));
    } else {
        buf_putc(out, ' ');
    }
}

static void put_value(enum chart_unit unit, double value, bool ascii, struct buf *out)
{
    scoped(buf_fini) struct buf text = {0};

    if (unit == CHART_SHARE) {
        humanize_share(&text, value);
    } else if (unit == CHART_NUMBER && value >= 100) {
        buf_printf(&text, "%.0f", value);
    } else if (unit == CHART_NUMBER) {
        humanize(&text, round(value * 10) / 10, CONTAINS_DEFAULT, TIME_UNIT_AUTO);
    } else {
        humanize(&text, value, CONTAINS_TIME, TIME_UNIT_AUTO);
    }
    /* Of all that is written here, only µs is not ASCII. */
    size_t at = str_find_str(buf_str(&text), STR("µ"));

    if (ascii && at < text.len) {
        buf_put(out, text.data, at);
        buf_puts(out, "us");
    } else {
        buf_putstr(out, buf_str(&text));
    }
}

/* Right-aligned before the axis. */
static void put_label(struct buf *out, struct str label, const char *axis)
{
    size_t n = text_columns(label);

    buf_printf(out, "%*s", n < LABEL_COLUMNS - 2 ? (int)(LABEL_COLUMNS - 2 - n) : 0, "");
    buf_putstr(out, label);
    buf_printf(out, " %s", axis);
}

static void put_row(const struct chart *c, const struct area *a, const struct chart_style *style,
                    size_t row, struct buf *out)
{
    static const char *const signs[2][3] = {{"┤", "│", "┼"}, {"+", "|", "+"}};
    scoped(buf_fini) struct buf label = {0};
    const char *sign = signs[style->ascii][row == 0 ? 0 : 1];

    if (row == 0)
        put_value(c->unit, a->top, style->ascii, &label);
    put_label(out, buf_str(&label), sign);
    if (style->color)
        buf_puts(out, "\033[36m");
    for (size_t x = 0; x < a->columns; x++)
        put_cell(a, row, x, style->ascii, out);
    while (!style->color && out->data[out->len - 1] == ' ')
        out->len--;
    buf_puts(out, style->color ? "\033[0m\n" : "\n");
}

static void put_seconds(double seconds, struct buf *out)
{
    long s = lround(seconds);

    if (s < 60) {
        buf_printf(out, "%gs", round(seconds * 10) / 10);
    } else if (s < 3600) {
        buf_printf(out, "%ldm%lds", s / 60, s % 60);
    } else {
        buf_printf(out, "%ldh%ldm", s / 3600, s / 60 % 60);
    }
}

/* The axis, and below it its beginning, middle and end. */
static void put_axis(const struct chart *c, const struct area *a, const struct chart_style *style,
                     struct buf *out)
{
    scoped(buf_fini) struct buf middle = {0}, end = {0};

    put_label(out, STR("0"), style->ascii ? "+" : "└");
    for (size_t i = 0; i < a->columns; i++)
        buf_puts(out, style->ascii ? "-" : "─");
    buf_putc(out, '\n');
    put_seconds(c->seconds / 2, &middle);
    put_seconds(c->seconds, &end);
    size_t gap = a->columns > 2 + middle.len + end.len ? a->columns - 2 - middle.len - end.len : 2;

    buf_printf(out, "%*s0s%*s%s%*s%s\n", LABEL_COLUMNS, "", (int)(gap / 2), "", buf_cstr(&middle),
               (int)(gap - gap / 2), "", buf_cstr(&end));
}

static void put_title(const struct chart *c, const struct chart_style *style, struct buf *out)
{
    buf_printf(out, "%*s", LABEL_COLUMNS, "");
    buf_printf(out, style->color ? "\033[1m%s\033[0m\n" : "%s\n", c->title);
}

void chart_put(const struct chart *c, const struct chart_style *style, struct buf *out)
{
    size_t columns = style->columns < CHART_COLUMNS_MIN ? CHART_COLUMNS_MIN : style->columns;
    struct area a = {
        .columns = columns - LABEL_COLUMNS - 1,
        .rows = style->rows ? style->rows : 1,
        .wide = style->ascii ? 1 : 2,
        .high = style->ascii ? 2 : 4,
    };

    if (!c->n || isnan(largest(c->values, c->n)))
        return;
    if (a.columns > AREA_COLUMNS_MAX)
        a.columns = AREA_COLUMNS_MAX;
    a.heights = xnew_n(double, a.columns *a.wide);
    fill(&a, c);
    put_title(c, style, out);
    for (size_t row = 0; row < a.rows; row++)
        put_row(c, &a, style, row, out);
    put_axis(c, &a, style, out);
    free(a.heights);
}
