/* Only what changed is listed: that all else did not is what the verdict says. */
#include "report/report_md_changes.h"

#include <math.h>

#include "report/comparison.h"
#include "report/humanize.h"
#include "report/markup.h"
#include "report/measured.h"

enum {
    ROWS_MAX = 10,
};

static const char *const marks[] = {
    [JUDGED_SAME] = "⚪",
    [JUDGED_BETTER] = "🟢",
    [JUDGED_WORSE] = "🔴",
    [JUDGED_UNCLEAR] = "❔",
};

static bool is_change(const struct comparison_row *row)
{
    return row->judged && (row->verdict == JUDGED_WORSE || row->verdict == JUDGED_BETTER) &&
           row->current && row->baseline;
}

/* "http_req_duration p(95), GET /cart" */
static void put_what(const struct comparison_row *row, struct buf *out)
{
    const struct doc_entry *e = row->current->entry;
    scoped(buf_fini) struct buf text = BUF_INIT(1 << 30);

    buf_printf(&text, "%s %s", e->name ? e->name : e->metric->name, row->current->kind->stat_text);
    for (size_t i = 0; i < e->n_tags; i++)
        buf_printf(&text, "%s%.*s", i ? " " : ", ", STR_ARG(e->tags[i].value));
    markup_put_md_code(out, buf_str(&text));
}

static void put_value(const struct measured_row *row, struct buf *out)
{
    if (row->entry->metric->type == METRIC_RATE) {
        humanize_share(out, row->value);
    } else {
        humanize(out, row->value >= 100 ? round(row->value * 10) / 10 : row->value,
                 row->entry->metric->contains, TIME_UNIT_AUTO);
    }
}

/* The change, and between what it lies; a share that was 0 has no change in percent. */
static void put_change(const struct comparison_row *row, struct buf *out)
{
    if (isnan(row->delta_pct)) {
        markup_put_md(out, str_of(row->why));
        return;
    }
    buf_printf(out, "%+.1f%%", row->delta_pct);
    if (!isnan(row->low_pct) && !isnan(row->high_pct))
        buf_printf(out, " (%+.1f to %+.1f)", row->low_pct, row->high_pct);
}

static void put_row(const struct comparison_row *row, struct buf *out)
{
    buf_printf(out, "| %s | ", marks[row->verdict]);
    put_what(row, out);
    buf_puts(out, " | ");
    put_value(row->current, out);
    buf_puts(out, " | ");
    put_value(row->baseline, out);
    buf_puts(out, " | ");
    put_change(row, out);
    buf_puts(out, " |\n");
}

static size_t put_rows(const struct comparison *c, enum judgement verdict, size_t n,
                       struct buf *out)
{
    for (size_t i = 0; i < c->n_rows; i++) {
        if (!is_change(&c->rows[i]) || c->rows[i].verdict != verdict)
            continue;
        if (n == 0) {
            buf_printf(out,
                       "| | figure | this run | baseline | change (%g%% interval) |\n"
                       "|---|---|--:|--:|--:|\n",
                       c->confidence * 100);
        }
        if (n++ < ROWS_MAX)
            put_row(&c->rows[i], out);
    }
    return n;
}

void report_md_changes_put(const struct comparison *c, struct buf *out)
{
    buf_printf(out, "#### %s Compared with the baseline: %s\n\n", marks[c->verdict],
               c->verdict == JUDGED_UNCLEAR ? "these runs cannot tell"
                                            : judgement_name(c->verdict));
    size_t n = put_rows(c, JUDGED_BETTER, put_rows(c, JUDGED_WORSE, 0, out), out);

    if (n > ROWS_MAX)
        buf_printf(out, "\nand %zu more\n", n - ROWS_MAX);
    if (n)
        buf_putc(out, '\n');
    for (size_t i = 0; i < c->n_notes; i++) {
        buf_puts(out, "- ");
        markup_put_md(out, str_of(c->notes[i]));
        buf_putc(out, '\n');
    }
    if (c->n_notes)
        buf_putc(out, '\n');
}
