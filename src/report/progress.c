/*
 * Drawing progress. A scenario's line has a name, a mark of its state, a bar, and up to three
 * columns on the right. The columns are as wide as their widest cell, and the bar takes what the
 * terminal leaves; where that is too little, a percentage stands in its place.
 */
#include "report/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/duration.h"
#include "report/humanize.h"

enum {
    N_CELLS = 3,  /* users, time, work */
    BAR_MAX = 40, /* columns */
    BAR_MIN = 10,
    PERCENT_COLUMNS = 7, /* "[  75% ]" without what encloses a bar */
};

/* One scenario's line in pieces. */
struct line {
    const struct progress_scenario *s;
    struct str cells[N_CELLS];
    double fraction; /* of its time or work, 0..1 */
};

/* --- small texts --- */

static int digits(uint64_t n)
{
    int d = 1;

    for (; n >= 10; n /= 10)
        d++;
    return d;
}

void progress_time(struct buf *out, span_ns span, span_ns longest)
{
    uint64_t tenths = span < 0 ? 0 : (uint64_t)span / (uint64_t)(100 * NS_PER_MS);
    uint64_t seconds = tenths / 10;
    uint64_t longest_s = (uint64_t)(longest < span ? span : longest) / (uint64_t)NS_PER_S;

    if (longest_s >= 3600) {
        buf_printf(out, "%0*" PRIu64 "h%02" PRIu64 "m%02" PRIu64 ".%" PRIu64 "s",
                   digits(longest_s / 3600), seconds / 3600, seconds / 60 % 60, seconds % 60,
                   tenths % 10);
    } else if (longest_s >= 60) {
        buf_printf(out, "%0*" PRIu64 "m%02" PRIu64 ".%" PRIu64 "s", digits(longest_s / 60),
                   seconds / 60, seconds % 60, tenths % 10);
    } else {
        buf_printf(out, "%0*" PRIu64 ".%" PRIu64 "s", digits(longest_s), seconds, tenths % 10);
    }
}

/* "03/40", as wide as the larger of the two is long. */
static void put_ratio(struct buf *out, uint64_t n, uint64_t of)
{
    buf_printf(out, "%0*" PRIu64 "/%" PRIu64, digits(of), n, of);
}

static double clamp_share(double share)
{
    return share > 1 ? 1 : share > 0 ? share : 0;
}

static bool counts_iterations(const struct plan_scenario *p)
{
    return p->executor == PLAN_SHARED_ITERATIONS || p->executor == PLAN_PER_VU_ITERATIONS;
}

static uint64_t iterations_to_do(const struct plan_scenario *p)
{
    return (uint64_t)p->iterations * (uint64_t)(p->executor == PLAN_PER_VU_ITERATIONS ? p->vus : 1);
}

static double fraction_of(const struct progress_scenario *s)
{
    if (s->state == PROGRESS_WAITING)
        return 0;
    if (s->state == PROGRESS_DONE)
        return 1;
    if (counts_iterations(s->plan))
        return clamp_share((double)s->iterations / (double)iterations_to_do(s->plan));
    return clamp_share((double)s->elapsed / (double)s->plan->regular_duration);
}

/* --- cells --- */

static void put_users(struct buf *out, const struct progress_scenario *s)
{
    if (s->state == PROGRESS_WAITING) {
        buf_puts(out, "waiting");
        return;
    }
    if (s->plan->executor == PLAN_RAMPING_VUS || s->plan->open_model) {
        put_ratio(out, (uint64_t)s->vus, (uint64_t)s->vus_max);
        buf_puts(out, " VUs");
    } else {
        buf_printf(out, "%" PRId64 " VUs", s->plan->vus);
    }
}

static void put_elapsed(struct buf *out, const struct progress_scenario *s)
{
    span_ns total = s->plan->regular_duration;
    char text[DURATION_TEXT_BYTES];
    bool over = s->elapsed >= total && s->state != PROGRESS_INTERRUPTED;

    if (s->state == PROGRESS_WAITING) {
        progress_time(out, s->elapsed, s->plan->start_time);
        return;
    }
    if (!over || counts_iterations(s->plan)) {
        progress_time(out, s->elapsed < total ? s->elapsed : total, total);
        buf_putc(out, '/');
    }
    buf_puts(out, duration_format(total, text));
}

static void put_work(struct buf *out, const struct progress_scenario *s)
{
    if (s->state == PROGRESS_WAITING)
        return;
    if (counts_iterations(s->plan))
        put_ratio(out, s->iterations, iterations_to_do(s->plan));
    if (s->plan->executor == PLAN_SHARED_ITERATIONS) {
        buf_puts(out, " shared iters");
    } else if (s->plan->executor == PLAN_PER_VU_ITERATIONS) {
        buf_printf(out, " iters, %" PRId64 " per VU", s->plan->iterations);
    } else if (s->plan->open_model) {
        buf_printf(out, "%.2f iters/s", s->rate);
    }
}

static void make_line(struct line *l, const struct progress_scenario *s, struct arena *arena,
                      size_t widths[N_CELLS])
{
    static void (*const makers[N_CELLS])(struct buf *, const struct progress_scenario *) = {
        put_users, put_elapsed, put_work};
    struct buf text = {0};

    l->s = s;
    l->fraction = fraction_of(s);
    for (size_t i = 0; i < N_CELLS; i++) {
        makers[i](&text, s);
        l->cells[i] = arena_str(arena, buf_str(&text));
        if (text.len > widths[i])
            widths[i] = text.len;
        buf_reset(&text);
    }
    buf_fini(&text);
}

/* --- lines --- */

static void put_colored(struct buf *out, const struct progress_style *style, const char *code,
                        struct str text)
{
    if (style->color && code)
        buf_printf(out, "\x1b[%sm", code);
    buf_putstr(out, text);
    if (style->color && code)
        buf_puts(out, "\x1b[0m");
}

static void put_repeated(struct buf *out, char c, size_t n)
{
    while (n-- > 0)
        buf_putc(out, c);
}

static void end_line(struct buf *out, const struct progress_style *style)
{
    if (style->redraw)
        buf_puts(out, "\x1b[K");
    buf_putc(out, '\n');
}

static void put_mark(struct buf *out, enum progress_state state, const struct progress_style *style)
{
    static const struct {
        const char *text;
        const char *code;
    } marks[] = {
        [PROGRESS_WAITING] = {"•", "2"},      [PROGRESS_RUNNING] = {" ", NULL},
        [PROGRESS_STOPPING] = {"↓", NULL},    [PROGRESS_DONE] = {"✓", "32"},
        [PROGRESS_INTERRUPTED] = {"✗", "31"},
    };

    put_colored(out, style, marks[state].code, str_of(marks[state].text));
}

/* "=====>-----", `width` columns of it. */
static void put_bar(struct buf *out, double fraction, size_t width,
                    const struct progress_style *style)
{
    size_t filled = (size_t)((double)width * fraction);
    struct buf rest = {0};

    put_repeated(out, '=', filled ? filled - 1 : 0);
    if (filled)
        buf_putc(out, filled < width ? '>' : '=');
    put_repeated(&rest, '-', width - filled);
    if (rest.len)
        put_colored(out, style, "2", buf_str(&rest));
    buf_fini(&rest);
}

/* Columns for the bar, or 0 for a percentage; `fixed` is what the rest of a line takes. */
static size_t bar_width(size_t columns, size_t fixed)
{
    size_t room = columns > fixed ? columns - fixed : 0;

    if (!columns || room > BAR_MAX)
        return BAR_MAX;
    return room < BAR_MIN ? 0 : room;
}

static size_t at_most(size_t n, size_t columns)
{
    return columns && n > columns ? columns : n;
}

static void put_scenario(struct buf *out, const struct line *l, size_t name_width,
                         const size_t widths[N_CELLS], size_t bar,
                         const struct progress_style *style)
{
    struct str name = str_of(l->s->plan->name);

    if (name.n > name_width)
        name.n = name_width;
    buf_printf(out, "%.*s%*s ", STR_ARG(name), (int)(name_width - name.n), "");
    put_mark(out, l->s->state, style);
    buf_puts(out, " [");
    if (bar) {
        put_bar(out, l->fraction, bar, style);
    } else {
        buf_printf(out, " %3d%% ", (int)(l->fraction * 100));
    }
    buf_putc(out, ']');

    /* The right-hand side is ASCII, so that bytes are columns. */
    struct buf right = {0};

    for (size_t i = 0; i < N_CELLS; i++) {
        if (widths[i])
            buf_printf(&right, "%s%-*.*s", i ? "  " : " ", (int)widths[i], STR_ARG(l->cells[i]));
    }
    while (right.len && right.data[right.len - 1] == ' ')
        right.len--;
    size_t used = name_width + 5 + (bar ? bar : PERCENT_COLUMNS - 1);
    size_t room = style->columns > used ? style->columns - used : 0;

    buf_put(out, right.data, style->columns && right.len > room ? room : right.len);
    buf_fini(&right);
    end_line(out, style);
}

static void put_running(const struct progress_view *v, struct buf *out)
{
    buf_printf(out, "%s (", v->phase);
    progress_time(out, v->elapsed, v->total);
    buf_puts(out, "), ");
    put_ratio(out, (uint64_t)v->vus, (uint64_t)v->vus_max);
    buf_printf(out, " VUs, %" PRIu64 " complete and %" PRIu64 " interrupted iterations",
               v->complete, v->interrupted);
    if (v->dropped)
        buf_printf(out, ", %" PRIu64 " dropped", v->dropped);
}

static void put_requests(const struct progress_view *v, struct buf *out)
{
    buf_printf(out, "%.1f req/s, p95 ", v->requests_per_s);
    humanize(out, v->p95_ms, CONTAINS_TIME, TIME_UNIT_AUTO);
    buf_puts(out, ", failed ");
    humanize_share(out, v->failed);
}

/* Puts a text of characters one column wide, no further than the edge. */
static void put_cut(struct buf *out, struct str text, size_t columns)
{
    while (columns && text_columns(text) > columns)
        text.n--;
    buf_putstr(out, text);
}

static const char *doubt_name(const struct progress_view *v)
{
    return v->is_invalid ? "invalid" : "suspect";
}

static size_t put_head_line(struct buf *out, const struct progress_style *style, const char *sgr,
                            struct str text)
{
    struct buf cut = {0};

    put_cut(&cut, text, style->columns);
    put_colored(out, style, sgr, buf_str(&cut));
    end_line(out, style);
    buf_fini(&cut);
    return 1;
}

static size_t put_head(const struct progress_view *v, const struct progress_style *style,
                       struct buf *out)
{
    struct buf text = {0};
    size_t n = 1;

    put_running(v, &text);
    put_cut(out, buf_str(&text), style->columns);
    end_line(out, style);
    if (v->requests_per_s >= 0) {
        buf_reset(&text);
        put_requests(v, &text);
        n += put_head_line(out, style, v->failed > 0 ? "31" : "36", buf_str(&text));
    }
    if (v->doubt) {
        buf_reset(&text);
        buf_printf(&text, "generator %s: %s", doubt_name(v), v->doubt);
        n += put_head_line(out, style, v->is_invalid ? "31" : "33", buf_str(&text));
    }
    buf_fini(&text);
    return n;
}

size_t progress_block(const struct progress_view *v, const struct progress_style *style,
                      struct buf *out)
{
    struct arena arena = {0};
    struct line *lines = arena_new_n(&arena, struct line, v->n_scenarios + 1);
    size_t widths[N_CELLS] = {0};
    size_t name_width = 0;
    size_t fixed = 0;
    size_t n = put_head(v, style, out);

    for (size_t i = 0; i < v->n_scenarios; i++) {
        size_t n_name = strlen(v->scenarios[i].plan->name);

        make_line(&lines[i], &v->scenarios[i], &arena, widths);
        name_width = n_name > name_width ? n_name : name_width;
    }
    name_width = at_most(name_width, style->columns / 3);
    for (size_t i = 0; i < N_CELLS; i++)
        fixed += widths[i] ? widths[i] + (i ? 2 : 1) : 0;
    fixed += name_width + 5;
    for (size_t i = 0; i < v->n_scenarios; i++)
        put_scenario(out, &lines[i], name_width, widths, bar_width(style->columns, fixed), style);
    arena_fini(&arena);
    return n + v->n_scenarios;
}

void progress_line(const struct progress_view *v, struct buf *out)
{
    put_running(v, out);
    if (v->requests_per_s >= 0) {
        buf_puts(out, ", ");
        put_requests(v, out);
    }
    if (v->doubt)
        buf_printf(out, ", generator %s", doubt_name(v));
    buf_putc(out, '\n');
}

/* --- before the test --- */

static void put_outputs(struct buf *out, const struct plan_strings *outputs)
{
    if (!outputs || !outputs->n)
        buf_putc(out, '-');
    for (size_t i = 0; outputs && i < outputs->n; i++)
        buf_printf(out, "%s%s", i ? ", " : "", outputs->items[i]);
}

void progress_banner(const struct plan *plan, const char *script,
                     const struct plan_strings *outputs, const struct progress_style *style,
                     struct buf *out)
{
    buf_puts(out, "\n  ");
    put_colored(out, style, "1", STR("brunt " BRUNT_VERSION));
    buf_printf(out, "\n\n     execution: local\n        script: %s\n        output: ", script);
    put_outputs(out, outputs);
    buf_puts(out, "\n\n     scenarios: ");
    plan_describe(plan, out);
    buf_puts(out, ":\n");
    for (size_t i = 0; i < plan->n_scenarios; i++) {
        buf_printf(out, "              * %s: ", plan->scenarios[i].name);
        plan_scenario_describe(&plan->scenarios[i], out);
        buf_putc(out, '\n');
    }
    buf_putc(out, '\n');
}
