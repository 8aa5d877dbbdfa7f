/* The first table is LoadPilot's, with an interval and a word; below it, what endpoints say. */
#include "cli/compare_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/compare_plain.h"
#include "report/comparison.h"
#include "report/humanize.h"
#include "report/measured.h"

enum {
    NAME_COLUMNS = 34,
    VALUE_COLUMNS = 11,
};

static const struct measured_row *any_of(const struct comparison_row *row)
{
    return row->current ? row->current : row->baseline;
}

static bool is_share(const struct comparison_row *row)
{
    return any_of(row)->entry->metric->type == METRIC_RATE;
}

static void put_right(struct buf *out, struct str text, size_t columns)
{
    size_t n = text_columns(text);

    buf_printf(out, "%*s", (int)(1 + (n < columns ? columns - n : 0)), "");
    buf_putstr(out, text);
}

static void put_value(struct buf *out, const struct measured_row *row)
{
    struct buf text = BUF_INIT(256);

    if (!row) {
        buf_puts(&text, "-");
    } else if (row->entry->metric->type == METRIC_RATE) {
        humanize_share(&text, row->value);
    } else if (row->kind->stat.kind == STAT_RATE) {
        buf_printf(&text, "%.1f/s", row->value);
    } else {
        humanize(&text, row->value, row->entry->metric->contains, TIME_UNIT_AUTO);
    }
    put_right(out, buf_str(&text), VALUE_COLUMNS);
    buf_fini(&text);
}

/* Names come from scripts and servers: nothing in them moves the cursor. */
static void put_safe(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool shown = (unsigned char)s.p[i] >= ' ' && s.p[i] != 127;

        buf_put(out, shown ? &s.p[i] : "?", 1);
    }
}

static void put_name(struct buf *out, const struct comparison_row *row)
{
    const struct measured_row *r = any_of(row);
    const struct doc_entry *e = r->entry;
    const char *short_name = plain_name_of(e->metric->name, r->kind->stat_text);
    struct buf name = BUF_INIT(1 << 20);

    if (e->by == DOC_METRIC && short_name) {
        buf_puts(&name, short_name);
    } else {
        for (size_t i = e->n_tags; i-- > 0;) {
            put_safe(&name, str_from(e->tags[i].value.p,
                                     e->tags[i].value.n < 60 ? e->tags[i].value.n : 60));
            buf_putc(&name, ' ');
        }
        if (e->by != DOC_ENDPOINT) {
            put_safe(&name, str_of(e->name ? e->name : e->metric->name));
            buf_putc(&name, ' ');
        }
        buf_puts(&name, is_share(row) && e->by == DOC_ENDPOINT ? "failed" : r->kind->stat_text);
    }
    size_t n = text_columns(buf_str(&name));

    buf_puts(out, "  ");
    buf_putstr(out, buf_str(&name));
    buf_printf(out, "%*s", (int)(n < NAME_COLUMNS ? NAME_COLUMNS - n : 0), "");
    buf_fini(&name);
}

static void put_interval(struct buf *out, const struct comparison_row *row)
{
    char delta[32] = "-", interval[64] = "";

    if (!isnan(row->delta_pct))
        snprintf(delta, sizeof(delta), "%+.1f%%", row->delta_pct);
    if (!isnan(row->low_pct))
        snprintf(interval, sizeof(interval), "%+.1f to %+.1f%%", row->low_pct, row->high_pct);
    put_right(out, str_of(delta), 9);
    put_right(out, str_of(interval), 18);
}

static void put_row(struct buf *out, const struct comparison_row *row)
{
    put_name(out, row);
    put_value(out, row->baseline);
    put_value(out, row->current);
    put_interval(out, row);
    buf_printf(out, "  %-8s%s%s\n", row->judged ? judgement_name(row->verdict) : "-",
               row->why[0] ? " " : "", row->why);
}

static void put_head(struct buf *out, double confidence)
{
    char interval[32];

    snprintf(interval, sizeof(interval), "%g%% interval", 100 * confidence);
    buf_printf(out, "  %-*s %*s %*s %9s %18s  %s\n", NAME_COLUMNS, "", VALUE_COLUMNS, "Baseline",
               VALUE_COLUMNS, "Current", "Diff", interval, "Verdict");
}

static bool is_whole(const struct comparison_row *row)
{
    return any_of(row)->entry->by == DOC_METRIC;
}

static bool is_shown(const struct comparison_row *row, enum compare_rows rows)
{
    return rows == COMPARE_ALL ||
           (row->judged && (row->verdict == JUDGED_WORSE || row->verdict == JUDGED_BETTER));
}

static void put_parts(const struct comparison *c, enum compare_rows rows, struct buf *out)
{
    size_t counts[JUDGED_UNCLEAR + 1] = {0}, n_shown = 0, n_judged = 0;

    for (size_t i = 0; i < c->n_rows; i++) {
        const struct comparison_row *row = &c->rows[i];

        if (is_whole(row))
            continue;
        counts[row->verdict] += row->judged;
        n_judged += row->judged;
        if (!is_shown(row, rows))
            continue;
        if (n_shown++ == 0)
            buf_putc(out, '\n');
        put_row(out, row);
    }
    if (n_judged) {
        buf_printf(out,
                   "\n  Of %zu figures of endpoints, %zu are worse, %zu better, %zu the same, %zu "
                   "unclear%s.\n",
                   n_judged, counts[JUDGED_WORSE], counts[JUDGED_BETTER], counts[JUDGED_SAME],
                   counts[JUDGED_UNCLEAR], rows == COMPARE_ALL ? "" : " (--all shows them)");
    }
}

static void put_end(const struct comparison *c, struct buf *out)
{
    if (c->verdict == JUDGED_WORSE) {
        buf_printf(out, "Regression detected (threshold: %g%%). Exiting with code 1.\n",
                   c->threshold_pct);
        return;
    }
    buf_puts(out, "No regressions detected.\n");
    if (c->verdict == JUDGED_BETTER) {
        buf_puts(out, "It became better.\n");
    } else if (c->verdict == JUDGED_SAME) {
        buf_printf(out, "The runs are the same, to within %g%%.\n", c->threshold_pct);
    } else {
        buf_printf(out,
                   "These runs cannot rule out a change of %g%%: longer or repeated runs narrow "
                   "the intervals.\n",
                   c->threshold_pct);
    }
}

void compare_text(const struct comparison *c, enum compare_rows rows, struct buf *out)
{
    put_head(out, c->confidence);
    for (size_t i = 0; i < c->n_rows; i++) {
        if (is_whole(&c->rows[i]))
            put_row(out, &c->rows[i]);
    }
    put_parts(c, rows, out);
    buf_putc(out, '\n');
    for (size_t i = 0; i < c->n_notes; i++) {
        buf_puts(out, "  Note: ");
        put_safe(out, str_of(c->notes[i]));
        buf_putc(out, '\n');
    }
    if (c->n_notes)
        buf_putc(out, '\n');
    put_end(c, out);
}
