/*
 * The table has a line for each query; a panel's title stands on its first. Titles and the words of
 * servers come from others and are cleaned before they reach a terminal.
 */
#include "cli/dashboard_show.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "dashboard/query_time.h"
#include "report/markup.h"

enum {
    TITLE_COLUMNS = 52,
    VALUES_SHOWN = 4,
};

struct dashboard_show {
    enum dashboard_show_form form;
    bool only_bad;
    bool color, progress;
    struct buf out;
    struct json_out json;
    size_t n_asked, n_panel; /* of this dashboard; n_panel: the last that was shown, plus 1 */
};

struct dashboard_show *dashboard_show_new(enum dashboard_show_form form, bool only_bad)
{
    struct dashboard_show *s = xnew(struct dashboard_show);

    s->form = form;
    s->only_bad = only_bad;
    s->color = cli_wants_color(STDOUT_FILENO);
    s->progress = cli_is_terminal(STDERR_FILENO) &&
                  (form == DASHBOARD_SHOW_JSON || !cli_is_terminal(STDOUT_FILENO));
    s->json = JSON_OUT(&s->out, 2);
    if (form == DASHBOARD_SHOW_JSON) {
        json_open_object(&s->json);
        json_key(&s->json, "dashboards");
        json_open_array(&s->json);
    }
    return s;
}

void dashboard_show_free(struct dashboard_show *s)
{
    if (!s)
        return;
    buf_fini(&s->out);
    free(s);
}

static void flush(struct dashboard_show *s)
{
    cli_write(STDOUT_FILENO, buf_str(&s->out));
    buf_reset(&s->out);
}

static void put_key(struct json_out *j, const char *key, struct str value)
{
    json_key(j, key);
    json_put_str(j, value);
}

/* ---- a dashboard ---- */

void dashboard_show_begin(struct dashboard_show *s, const char *label, const struct queries *q)
{
    s->n_asked = s->n_panel = 0;
    if (s->form == DASHBOARD_SHOW_JSON) {
        json_open_object(&s->json);
        put_key(&s->json, "title", q->title);
        put_key(&s->json, "uid", q->uid);
        put_key(&s->json, "file", str_of(label));
        return;
    }
    buf_puts(&s->out, s->color ? "\033[1m" : "");
    markup_put_terminal(&s->out, q->title.n ? q->title : STR("(untitled)"), 0);
    buf_puts(&s->out, s->color ? "\033[0m" : "");
    buf_puts(&s->out, "  ");
    markup_put_terminal(&s->out, str_of(label), 0);
    buf_putc(&s->out, '\n');
}

static void variable_json(struct json_out *j, const struct query_resolved *v)
{
    json_open_object(j);
    put_key(j, "name", v->value.name);
    json_key(j, "all");
    json_put_bool(j, v->is_all);
    json_key(j, "values");
    json_open_array(j);
    for (size_t i = 0; i < v->value.n_values; i++)
        json_put_str(j, v->value.values[i]);
    json_close(j);
    if (v->why.n)
        put_key(j, "why", v->why);
    json_close(j);
}

static void variable_line(struct dashboard_show *s, const struct query_resolved *v)
{
    size_t n = v->value.n_values;

    buf_printf(&s->out, "  $%.*s = ", STR_ARG(v->value.name));
    if (v->variable->type == QUERY_VAR_ADHOC)
        buf_puts(&s->out, "(filters of whoever looks)");
    if (v->is_all && !v->why.n)
        buf_printf(&s->out, "All (%zu)%s", n, n ? ": " : "");
    for (size_t i = 0; i < n && i < VALUES_SHOWN; i++) {
        buf_puts(&s->out, i ? ", " : "");
        markup_put_terminal(&s->out, v->value.values[i], 60);
    }
    buf_puts(&s->out, n > VALUES_SHOWN ? ", ..." : "");
    if (v->why.n) {
        buf_puts(&s->out, "EMPTY: ");
        markup_put_terminal(&s->out, v->why, 0);
    }
    buf_putc(&s->out, '\n');
}

void dashboard_show_variables(struct dashboard_show *s, const struct query_context *context,
                              const struct query_resolved *resolved, size_t n)
{
    char from[QUERY_SPAN_BYTES], to[QUERY_SPAN_BYTES];

    query_time_text(context->from, from);
    query_time_text(context->to, to);
    if (s->form == DASHBOARD_SHOW_JSON) {
        put_key(&s->json, "from", str_of(from));
        put_key(&s->json, "to", str_of(to));
        json_key(&s->json, "variables");
        json_open_array(&s->json);
        for (size_t i = 0; i < n; i++)
            variable_json(&s->json, &resolved[i]);
        json_close(&s->json);
        json_key(&s->json, "queries");
        json_open_array(&s->json);
        return;
    }
    buf_printf(&s->out, "  %.19sZ to %.19sZ\n", from, to);
    for (size_t i = 0; i < n; i++)
        variable_line(s, &resolved[i]);
    flush(s);
}

/* ---- a query ---- */

static void result_json(struct json_out *j, const struct query_result *r)
{
    json_open_object(j);
    json_key(j, "panel");
    json_put_u64(j, r->n_panel);
    put_key(j, "row", r->row);
    put_key(j, "title", r->title);
    put_key(j, "type", r->panel ? r->panel->type : STR("annotation"));
    put_key(j, "ref", r->target->ref_id);
    json_key(j, "source");
    json_put_cstr(j, query_kind_name(r->target->kind));
    json_key(j, "hidden");
    json_put_bool(j, r->target->hidden);
    put_key(j, "query", r->text.n ? r->text : r->target->text);
    json_key(j, "result");
    json_put_cstr(j, query_verdict_name(r->verdict));
    json_key(j, "series");
    json_put_u64(j, r->answer.n_series);
    json_key(j, "points");
    json_put_u64(j, r->answer.n_points);
    json_key(j, "last");
    json_put_f64(j, r->answer.last);
    if (r->why.n)
        put_key(j, "why", r->why);
    json_close(j);
}

/* Columns of text on a terminal, near enough: a character is one. */
static size_t width(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static void put_cell(struct buf *out, struct str text, size_t columns)
{
    scoped(buf_fini) struct buf clean = {0};

    markup_put_terminal(&clean, text, columns);
    buf_putstr(out, buf_str(&clean));
    for (size_t n = width(buf_str(&clean)); n < columns; n++)
        buf_putc(out, ' ');
}

static void put_title(struct dashboard_show *s, const struct query_result *r)
{
    scoped(buf_fini) struct buf title = {0};

    if (s->n_panel != r->n_panel + 1) {
        buf_putstr(&title, r->row);
        buf_puts(&title, r->row.n ? " / " : "");
        buf_putstr(&title, r->title.n ? r->title : STR("(untitled)"));
    }
    if (!r->panel)
        buf_puts(&title, " (annotation)");
    s->n_panel = r->n_panel + 1;
    buf_puts(&s->out, "  ");
    put_cell(&s->out, buf_str(&title), TITLE_COLUMNS);
}

static void put_verdict(struct dashboard_show *s, const struct query_result *r)
{
    static const struct {
        const char *word, *color;
    } words[] = {{"ok", "\033[32m"}, {"EMPTY", "\033[33m"}, {"FAILED", "\033[31m"}, {"-", ""}};

    buf_puts(&s->out, s->color ? words[r->verdict].color : "");
    put_cell(&s->out, str_of(words[r->verdict].word), 7);
    buf_puts(&s->out, s->color ? "\033[0m" : "");
}

static void result_line(struct dashboard_show *s, const struct query_result *r)
{
    if (s->only_bad && (r->verdict == QUERY_OK || r->verdict == QUERY_SKIPPED))
        return;
    put_title(s, r);
    buf_puts(&s->out, "  ");
    put_cell(&s->out, r->target->ref_id, 3);
    put_verdict(s, r);
    if (r->verdict == QUERY_OK)
        buf_printf(&s->out, "%zu series, %zu points", r->answer.n_series, r->answer.n_points);
    else
        markup_put_terminal(&s->out, r->why, 0);
    buf_puts(&s->out, r->target->hidden ? " (hidden)\n" : "\n");
    flush(s);
}

void dashboard_show_result(struct dashboard_show *s, const struct query_result *r)
{
    s->n_asked++;
    if (s->progress)
        fprintf(stderr, "\r%zu queries", s->n_asked);
    if (s->form == DASHBOARD_SHOW_JSON)
        result_json(&s->json, r);
    else
        result_line(s, r);
}

/* ---- the end ---- */

static void tally_json(struct json_out *j, const struct query_tally *t)
{
    json_open_object(j);
    for (int v = 0; v <= QUERY_SKIPPED; v++) {
        json_key(j, query_verdict_name((enum query_verdict)v));
        json_put_u64(j, t->n[v]);
    }
    json_key(j, "hidden");
    json_put_u64(j, t->n_hidden);
    json_close(j);
}

static void put_tally(struct buf *out, const struct query_tally *t)
{
    size_t all = 0;

    for (int v = 0; v <= QUERY_SKIPPED; v++)
        all += t->n[v];
    buf_printf(out, "%zu quer%s: %zu ok", all, all == 1 ? "y" : "ies", t->n[QUERY_OK]);
    for (int v = QUERY_EMPTY; v <= QUERY_SKIPPED; v++) {
        if (t->n[v])
            buf_printf(out, ", %zu %s", t->n[v], query_verdict_name((enum query_verdict)v));
    }
    if (t->n_hidden)
        buf_printf(out, "; besides %zu hidden", t->n_hidden);
    buf_putc(out, '\n');
}

void dashboard_show_end(struct dashboard_show *s, const struct query_tally *tally)
{
    if (s->progress)
        fprintf(stderr, "\r\033[K");
    if (s->form == DASHBOARD_SHOW_JSON) {
        json_close(&s->json);
        json_key(&s->json, "tally");
        tally_json(&s->json, tally);
        json_close(&s->json);
        return;
    }
    buf_puts(&s->out, "  ");
    put_tally(&s->out, tally);
    buf_putc(&s->out, '\n');
    flush(s);
}

void dashboard_show_finish(struct dashboard_show *s, const struct query_tally *all,
                           size_t n_dashboards)
{
    if (s->form == DASHBOARD_SHOW_JSON) {
        json_close(&s->json);
        json_key(&s->json, "tally");
        tally_json(&s->json, all);
        json_close(&s->json);
        buf_putc(&s->out, '\n');
    } else if (n_dashboards > 1) {
        buf_printf(&s->out, "%zu dashboards, ", n_dashboards);
        put_tally(&s->out, all);
    }
    flush(s);
}
