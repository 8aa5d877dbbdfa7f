/* Lines are put together field by field; a field that is a text goes through put_text. */
#include "locust/locust_csv.h"

#include "base/err.h"
#include "locust/locust_format.h"
#include "locust/locust_view.h"

static const double report[] = {0.50, 0.66, 0.75, 0.80, 0.90, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0};

const struct locust_quantiles locust_quantiles_report = {report, countof(report)};

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\r' || s.p[i] == '\n')
            return false;
    }
    return true;
}

static void put_text(struct buf *out, struct str s)
{
    if (is_plain(s)) {
        buf_putstr(out, s);
        return;
    }
    buf_putc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_putc(out, '"');
        buf_putc(out, s.p[i]);
    }
    buf_putc(out, '"');
}

static void put_names(struct buf *out, struct locust_quantiles quantiles)
{
    for (size_t i = 0; i < quantiles.n; i++) {
        buf_putc(out, ',');
        locust_put_quantile_name(out, quantiles.q[i]);
    }
}

/* Python's 0 and not 0.0 where there was nothing to compute with. */
static void put_number(struct buf *out, bool is_known, double value)
{
    buf_putc(out, ',');
    if (is_known)
        locust_put_float(out, value);
    else
        buf_putc(out, '0');
}

static void put_count(struct buf *out, uint64_t n)
{
    buf_putc(out, ',');
    buf_put_u64(out, n);
}

/* Counts and times; the same seven fields in two files. */
static void put_totals(struct locust_view *v, const struct locust_row *row, struct buf *out)
{
    bool is_timed = row->times.count;

    put_count(out, row->requests);
    put_count(out, row->failures);
    buf_putc(out, ',');
    locust_put_median(v, row, out);
    put_number(out, is_timed, locust_mean(row));
    put_number(out, is_timed && locust_min(row) > 0, locust_min(row));
    put_number(out, is_timed, locust_max(row));
    put_number(out, row->requests, locust_mean_bytes(row));
}

static void put_quantiles(struct locust_view *v, const struct locust_row *row,
                          struct locust_quantiles quantiles, bool lately, struct buf *out)
{
    for (size_t i = 0; i < quantiles.n; i++) {
        double ms = 0;

        if (!row->requests) {
            buf_puts(out, ",N/A");
            continue;
        }
        if (!lately)
            ms = locust_quantile(v, row, quantiles.q[i]);
        else if (!locust_recent_quantile(v, row, quantiles.q[i], &ms))
            ms = 0;
        put_count(out, locust_whole_ms(ms));
    }
}

/* ---- stats ---- */

static void put_stats_row(struct locust_view *v, const struct locust_row *row,
                          struct locust_quantiles quantiles, struct buf *out)
{
    put_text(out, row->method);
    buf_putc(out, ',');
    put_text(out, row->name);
    put_totals(v, row, out);
    put_number(out, true, locust_total_rps(v, row));
    put_number(out, true, locust_total_fail_per_s(v, row));
    put_quantiles(v, row, quantiles, false, out);
    buf_puts(out, "\r\n");
}

void locust_csv_stats(struct locust_view *v, struct locust_quantiles quantiles, struct buf *out)
{
    size_t n;
    struct locust_row *const *rows = locust_view_rows(v, &n);

    buf_puts(out, "Type,Name,Request Count,Failure Count,Median Response Time,"
                  "Average Response Time,Min Response Time,Max Response Time,"
                  "Average Content Size,Requests/s,Failures/s");
    put_names(out, quantiles);
    buf_puts(out, "\r\n");
    for (size_t i = 0; i < n; i++)
        put_stats_row(v, rows[i], quantiles, out);
    put_stats_row(v, locust_view_total(v), quantiles, out);
}

/* ---- history ---- */

void locust_csv_history_head(struct locust_quantiles quantiles, struct buf *out)
{
    buf_puts(out, "Timestamp,User Count,Type,Name,Requests/s,Failures/s");
    put_names(out, quantiles);
    buf_puts(out, ",Total Request Count,Total Failure Count,Total Median Response Time,"
                  "Total Average Response Time,Total Min Response Time,Total Max Response Time,"
                  "Total Average Content Size\r\n");
}

static void put_history_row(struct locust_view *v, const struct locust_row *row,
                            struct locust_quantiles quantiles, bool lately, int64_t now,
                            struct buf *out)
{
    buf_printf(out, "%lld,%llu,", (long long)now, (unsigned long long)locust_view_now(v)->users);
    put_text(out, row->method);
    buf_putc(out, ',');
    put_text(out, row->name);
    buf_printf(out, ",%f,%f", locust_current_rps(v, row), locust_current_fail_per_s(v, row));
    put_quantiles(v, row, quantiles, lately, out);
    put_totals(v, row, out);
    buf_puts(out, "\r\n");
}

void locust_csv_history_rows(struct locust_view *v, struct locust_quantiles quantiles,
                             enum locust_csv_history which, int64_t now, struct buf *out)
{
    size_t n;
    struct locust_row *const *rows = locust_view_rows(v, &n);

    for (size_t i = 0; which == LOCUST_CSV_FULL && i < n; i++)
        put_history_row(v, rows[i], quantiles, true, now, out);
    put_history_row(v, locust_view_total(v), quantiles, which == LOCUST_CSV_FULL, now, out);
}

/* ---- failures and exceptions ---- */

void locust_csv_failures(struct locust_view *v, struct buf *out)
{
    size_t n;
    struct locust_error *const *errors = locust_view_errors(v, &n);

    buf_puts(out, "Method,Name,Error,Occurrences,First Seen,Last Seen\r\n");
    for (size_t i = 0; i < n; i++) {
        put_text(out, errors[i]->method);
        buf_putc(out, ',');
        put_text(out, errors[i]->name);
        buf_putc(out, ',');
        put_text(out, errors[i]->text);
        put_count(out, errors[i]->occurrences);
        buf_putc(out, ',');
        locust_put_utc(out, errors[i]->first_seen);
        buf_putc(out, ',');
        locust_put_utc(out, errors[i]->last_seen);
        buf_puts(out, "\r\n");
    }
}

void locust_csv_exceptions(const struct locust_exception *items, size_t n, struct buf *out)
{
    buf_puts(out, "Count,Message,Traceback,Nodes\r\n");
    for (size_t i = 0; i < n; i++) {
        buf_put_u64(out, items[i].count);
        buf_putc(out, ',');
        put_text(out, items[i].message);
        buf_putc(out, ',');
        put_text(out, items[i].traceback);
        buf_putc(out, ',');
        put_text(out, items[i].nodes);
        buf_puts(out, "\r\n");
    }
}
