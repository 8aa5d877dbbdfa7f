/*
 * A line a run, oldest first, with a bar between the smallest and the largest value; a line between
 * two runs where the figure changed; the changes in words at the end.
 */
#include "cli/history_trend.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/history_store.h"
#include "report/comparison.h"
#include "report/humanize.h"
#include "report/markup.h"
#include "store/store.h"

enum {
    BAR_COLUMNS = 30,
    VALUE_COLUMNS = 11,
    ID_COLUMNS_MAX = 40,
};

/* ---- what is meant ---- */

/* The statistic stands after the last colon that is not in a sub-metric's braces. */
static void split_figure(struct str figure, struct str *ret_metric, struct str *ret_stat)
{
    *ret_metric = figure;
    *ret_stat = (struct str){.p = ""};
    for (size_t i = figure.n; i-- > 0 && figure.p[i] != '}';) {
        if (figure.p[i] == ':') {
            *ret_metric = str_from(figure.p, i);
            *ret_stat = str_from_index(figure, i + 1);
            return;
        }
    }
}

static int take_script(void *arg, const struct store_run *run)
{
    struct buf *out = arg;

    buf_putstr(out, run->script);
    return 1;
}

static int find_script(struct store *store, const char *given, struct buf *ret_script)
{
    if (given) {
        buf_puts(ret_script, given);
        return 0;
    }
    int r = store_runs(store, &(struct store_filter){.only_over = true, .limit = 1}, take_script,
                       ret_script);

    if (r < 0)
        return r;
    return r ? 0 : fault(-ENOENT, "the history has no runs yet");
}

/* ---- for people ---- */

static void put_value(const struct trend *t, double value, struct buf *out)
{
    struct buf text = BUF_INIT(256);

    if (t->type == METRIC_RATE) {
        humanize_share(&text, value);
    } else {
        humanize(&text, value, t->contains, TIME_UNIT_AUTO);
    }
    size_t n = text_columns(buf_str(&text));

    buf_printf(out, "%*s", (int)(n < VALUE_COLUMNS ? VALUE_COLUMNS - n : 0), "");
    buf_putstr(out, buf_str(&text));
    buf_fini(&text);
}

struct scale {
    double low, high;
    int id_columns;
};

static void find_scale(const struct trend *t, struct scale *ret)
{
    *ret = (struct scale){INFINITY, -INFINITY, 3};
    for (size_t i = 0; i < t->n_points; i++) {
        int n = (int)text_columns(t->points[i].id);

        ret->low = fmin(ret->low, t->points[i].value);
        ret->high = fmax(ret->high, t->points[i].value);
        ret->id_columns = n > ret->id_columns ? n : ret->id_columns;
    }
    ret->id_columns = ret->id_columns < ID_COLUMNS_MAX ? ret->id_columns : ID_COLUMNS_MAX;
    /* The axis begins below the smallest, so that it has a bar too. */
    ret->low -= (ret->high - ret->low) / 5;
}

static void put_bar(const struct scale *s, double value, struct buf *out)
{
    double share = s->high > s->low ? (value - s->low) / (s->high - s->low) : 0.5;
    int n = (int)lround(share * BAR_COLUMNS);

    for (int i = 0; i < n; i++)
        buf_putc(out, '=');
}

static void put_point(const struct trend *t, const struct scale *s, size_t i, struct buf *out)
{
    const struct trend_point *p = &t->points[i];
    size_t n = text_columns(p->id);

    buf_puts(out, "  ");
    markup_put_terminal(out, p->id, 0);
    buf_printf(out, "%*s  ", (int)(n < (size_t)s->id_columns ? (size_t)s->id_columns - n : 0), "");
    history_put_time(p->at, out);
    buf_puts(out, "  ");
    put_value(t, p->value, out);
    buf_puts(out, "  ");
    put_bar(s, p->value, out);
    if (str_is(p->verdict, "suspect"))
        buf_puts(out, " (generator suspect)");
    buf_putc(out, '\n');
}

static const struct change *step_at(const struct trend *t, size_t i)
{
    for (size_t k = 0; k < t->n_changes; k++) {
        if (t->changes[k].kind == CHANGE_STEP && t->changes[k].index == i)
            return &t->changes[k];
    }
    return NULL;
}

static void put_step(const struct change *c, struct buf *out)
{
    buf_puts(out, "  -------- ");
    if (isnan(c->delta)) {
        buf_puts(out, "change");
    } else {
        buf_printf(out, "%+.1f %%", 100 * c->delta);
    }
    buf_puts(out, " --------\n");
}

static void put_changes(const struct trend *t, struct buf *out)
{
    struct buf text = {0};

    buf_putc(out, '\n');
    for (size_t i = 0; i < t->n_changes; i++) {
        buf_reset(&text);
        trend_put_text(t, &t->changes[i], &text);
        markup_put_terminal(out, buf_str(&text), 0);
        buf_printf(out, " (confidence %.1f %%).\n", 100 * fmin(t->changes[i].confidence, 0.999));
    }
    if (!t->n_changes && t->n_points < CHANGES_RUNS_MIN) {
        buf_printf(out, "Changes are looked for from %d runs on.\n", CHANGES_RUNS_MIN);
    } else if (!t->n_changes) {
        buf_puts(out, "No change was found.\n");
    }
    buf_fini(&text);
}

static void put_text(const struct trend *t, struct buf *out)
{
    struct scale scale;

    find_scale(t, &scale);
    markup_put_terminal(out, t->stat, 0);
    buf_puts(out, " of ");
    markup_put_terminal(out, t->metric, 0);
    buf_puts(out, ", ");
    markup_put_terminal(out, t->script, 0);
    buf_puts(out, "\n\n");
    for (size_t i = 0; i < t->n_points; i++) {
        const struct change *step = step_at(t, i);

        if (step)
            put_step(step, out);
        put_point(t, &scale, i, out);
    }
    put_changes(t, out);
}

/* ---- the whole ---- */

static int load(struct store *store, const struct history_trend *how, struct trend **ret_trend)
{
    scoped(buf_fini) struct buf script = {0};
    struct str metric, stat;

    TRY(find_script(store, how->script, &script));
    split_figure(str_of(how->figure), &metric, &stat);
    int r = trend_load(store, buf_str(&script), metric, stat, ret_trend);

    if (r == STORE_E_NONE) {
        return fault(-ENOENT, "no finished run of '%.*s' has measured '%.*s'",
                     STR_ARG(buf_str(&script)), STR_ARG(metric));
    }
    return r;
}

int history_trend(struct store *store, const struct history_trend *how)
{
    scoped(trend_freep) struct trend *t = NULL;
    scoped(buf_fini) struct buf out = {0};

    TRY(load(store, how, &t));
    assert(t);
    if (how->json) {
        trend_put_json(t, 2, &out);
    } else {
        put_text(t, &out);
    }
    cli_write(STDOUT_FILENO, buf_str(&out));
    return 0;
}
