#include "locust/locust_console.h"

#include <stdio.h>
#include <stdlib.h>

#include "locust/locust_format.h"
#include "locust/locust_view.h"

enum {
    TYPE_WIDTH = 8,
    ERROR_WIDTH = 100,
    OCCURRENCES_WIDTH = 18,
    REST_WIDTH = 80, /* of a table beside the names */
};

int locust_name_width(int columns)
{
    int width = columns > 0 ? columns - REST_WIDTH : LOCUST_NAME_WIDTH;

    return width < 0 ? 0 : width > LOCUST_NAME_WIDTH ? LOCUST_NAME_WIDTH : width;
}

static void put_dashes(struct buf *out, int n)
{
    for (int i = 0; i < n; i++)
        buf_putc(out, '-');
}

/* Left-aligned, as "%-8s"; widths count characters. */
static void put_cell(struct buf *out, struct str text, int width)
{
    int n = 0;

    for (size_t i = 0; i < text.n; i++)
        n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
    buf_putstr(out, text);
    for (; n < width; n++)
        buf_putc(out, ' ');
}

/* ---- statistics ---- */

/* Other columns are narrower than the type's, so that the name has more room than elsewhere. */
static int wide_name(int name_width)
{
    int width = name_width - TYPE_WIDTH + 4;

    return width < 0 ? 0 : width;
}

static void put_separator(struct buf *out, int name_width)
{
    static const int widths[] = {7, 13, 7, 7, 7, 7, 8, 11};

    put_dashes(out, TYPE_WIDTH);
    buf_putc(out, '|');
    put_dashes(out, wide_name(name_width));
    for (size_t i = 0; i < countof(widths); i++) {
        buf_putc(out, '|');
        put_dashes(out, widths[i]);
    }
    buf_putc(out, '\n');
}

static void put_row(struct locust_view *v, const struct locust_row *row, enum locust_rates rates,
                    int name_width, struct buf *out)
{
    bool is_total = rates == LOCUST_RATES_TOTAL;
    double rps = is_total ? locust_total_rps(v, row) : locust_current_rps(v, row);
    double fails = is_total ? locust_total_fail_per_s(v, row) : locust_current_fail_per_s(v, row);
    scoped(buf_fini) struct buf type = {0}, median = {0};
    char failures[64];

    if (row->method.n)
        buf_printf(&type, "%.*s ", STR_ARG(row->method));
    snprintf(failures, sizeof(failures), "%llu(%.2f%%)", (unsigned long long)row->failures,
             100 * locust_fail_ratio(row));
    locust_put_median(v, row, &median);
    put_cell(out, buf_str(&type), TYPE_WIDTH);
    buf_putc(out, ' ');
    put_cell(out, row->name, wide_name(name_width));
    buf_printf(out, " %7llu %12s |%7lld %7lld %7lld%7lld | %7.2f %11.2f\n",
               (unsigned long long)row->requests, failures, (long long)locust_mean(row),
               (long long)locust_min(row), (long long)locust_max(row),
               strtoll(buf_cstr(&median), NULL, 10), rps, fails);
}

void locust_console_stats(struct locust_view *v, enum locust_rates rates, int name_width,
                          struct buf *out)
{
    size_t n;
    struct locust_row *const *rows = locust_view_rows(v, &n);

    put_cell(out, STR("Type"), TYPE_WIDTH);
    buf_putc(out, ' ');
    put_cell(out, STR("Name"), wide_name(name_width));
    buf_printf(out, " %7s %12s |%7s %7s %7s%7s | %7s %11s\n", "# reqs", "# fails", "Avg", "Min",
               "Max", "Med", "req/s", "failures/s");
    put_separator(out, name_width);
    for (size_t i = 0; i < n; i++)
        put_row(v, rows[i], rates, name_width, out);
    put_separator(out, name_width);
    put_row(v, locust_view_total(v), rates, name_width, out);
    buf_putc(out, '\n');
}

/* ---- percentiles ---- */

static void put_quantile_row(struct locust_view *v, const struct locust_row *row,
                             struct locust_quantiles quantiles, int name_width, struct buf *out)
{
    if (!row->times.count)
        return;
    put_cell(out, row->method, TYPE_WIDTH);
    buf_putc(out, ' ');
    put_cell(out, row->name, name_width);
    buf_printf(out, " %8llu",
               (unsigned long long)locust_whole_ms(
                   locust_quantile(v, row, quantiles.n ? quantiles.q[0] : 0)));
    for (size_t i = 1; i < quantiles.n; i++) {
        buf_printf(out, " %6llu",
                   (unsigned long long)locust_whole_ms(locust_quantile(v, row, quantiles.q[i])));
    }
    buf_printf(out, " %6llu\n", (unsigned long long)row->requests);
}

static void put_quantile_head(struct locust_quantiles quantiles, int name_width, struct buf *out)
{
    put_cell(out, STR("Type"), TYPE_WIDTH);
    buf_putc(out, ' ');
    put_cell(out, STR("Name"), name_width);
    for (size_t i = 0; i < quantiles.n; i++) {
        scoped(buf_fini) struct buf name = {0};

        locust_put_quantile_name(&name, quantiles.q[i]);
        buf_printf(out, i ? " %6s" : " %8s", buf_cstr(&name));
    }
    buf_printf(out, " %6s\n", "# reqs");
}

static void put_quantile_separator(struct locust_quantiles quantiles, int name_width,
                                   struct buf *out)
{
    put_dashes(out, TYPE_WIDTH);
    buf_putc(out, '|');
    put_dashes(out, name_width);
    buf_putc(out, '|');
    put_dashes(out, 8);
    for (size_t i = 0; i < quantiles.n; i++) {
        buf_putc(out, '|');
        put_dashes(out, 6);
    }
    buf_putc(out, '\n');
}

void locust_console_quantiles(struct locust_view *v, struct locust_quantiles quantiles,
                              int name_width, struct buf *out)
{
    size_t n;
    struct locust_row *const *rows = locust_view_rows(v, &n);

    buf_puts(out, "Response time percentiles (approximated)\n");
    put_quantile_head(quantiles, name_width, out);
    put_quantile_separator(quantiles, name_width, out);
    for (size_t i = 0; i < n; i++)
        put_quantile_row(v, rows[i], quantiles, name_width, out);
    put_quantile_separator(quantiles, name_width, out);
    put_quantile_row(v, locust_view_total(v), quantiles, name_width, out);
    buf_putc(out, '\n');
}

/* ---- errors ---- */

/* What a check of the script's own has said, without the exception around it. */
static struct str unwrapped(struct str text)
{
    static const struct str head = STR("CatchResponseError('");

    if (!str_starts(text, head) || !str_ends(text, STR("')")) || text.n < head.n + 2)
        return text;
    return str_from(text.p + head.n, text.n - head.n - 2);
}

static void put_error_separator(struct buf *out, int name_width)
{
    put_dashes(out, OCCURRENCES_WIDTH);
    buf_putc(out, '|');
    put_dashes(out, REST_WIDTH + name_width - OCCURRENCES_WIDTH - 1);
    buf_putc(out, '\n');
}

void locust_console_errors(struct locust_view *v, int name_width, struct buf *out)
{
    size_t n;
    struct locust_error *const *errors = locust_view_errors(v, &n);

    if (!n)
        return;
    buf_puts(out, "Error report\n");
    put_cell(out, STR("# occurrences"), OCCURRENCES_WIDTH);
    buf_putc(out, ' ');
    put_cell(out, STR("Error"), ERROR_WIDTH);
    buf_putc(out, '\n');
    put_error_separator(out, name_width);
    for (size_t i = 0; i < n; i++) {
        const struct locust_error *e = errors[i];
        scoped(buf_fini) struct buf text = {0};

        buf_printf(&text, "%.*s %.*s: %.*s", STR_ARG(e->method), STR_ARG(e->name),
                   STR_ARG(unwrapped(e->text)));
        buf_printf(out, "%-*llu ", OCCURRENCES_WIDTH, (unsigned long long)e->occurrences);
        put_cell(out, buf_str(&text), ERROR_WIDTH);
        buf_putc(out, '\n');
    }
    put_error_separator(out, name_width);
    buf_putc(out, '\n');
}
