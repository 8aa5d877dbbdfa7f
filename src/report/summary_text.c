/*
 * The summary as text. Each list of metrics is laid out in two passes: the first makes every cell
 * as a string and notes how wide each column gets, the second prints them padded.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/mem.h"
#include "report/summary_priv.h"

enum {
    N_EXTRAS = 2, /* of a gauge: its smallest and largest */
    EXCEPTIONS_SHOWN = 5,
    EXCEPTION_COLUMNS = 120,
};

struct page {
    const struct summary *s;
    enum summary_mode mode;
    bool colored;
    struct buf *out;
};

/* --- colours --- */

enum paint {
    PAINT_BOLD,
    PAINT_GREEN,
    PAINT_RED,
    PAINT_WHITE,
    PAINT_CYAN,
    PAINT_FAINT_WHITE,
    PAINT_FAINT_CYAN,
};

static void put_painted(struct page *p, enum paint paint, struct str text)
{
    static const char *const codes[] = {
        [PAINT_BOLD] = "1",          [PAINT_GREEN] = "32", [PAINT_RED] = "31",
        [PAINT_WHITE] = "37",        [PAINT_CYAN] = "36",  [PAINT_FAINT_WHITE] = "2;37",
        [PAINT_FAINT_CYAN] = "2;36",
    };

    if (p->colored)
        buf_printf(p->out, "\x1b[%sm", codes[paint]);
    buf_putstr(p->out, text);
    if (p->colored)
        buf_puts(p->out, "\x1b[0m");
}

static void put_spaces(struct page *p, size_t n)
{
    while (n-- > 0)
        buf_putc(p->out, ' ');
}

/* --- cells --- */

/* A list of metrics laid out; texts live in the arena. */
struct row {
    const struct summary_metric *m;
    struct str name;  /* as displayed */
    struct str value; /* main value; unused for trends */
    struct str extras[N_EXTRAS];
    size_t n_extras;
    const char *const *names; /* of a trend's columns */
    size_t n_names;
    struct str *stats; /* one for each */
};

struct layout {
    struct arena arena;
    struct row *rows;
    size_t n_rows, cap_rows;
    size_t name_width;
    size_t value_width;
    size_t extra_widths[N_EXTRAS];
    size_t *stat_widths;
};

static void widen(size_t *width, struct str text)
{
    size_t n = text_columns(text);

    *width = n > *width ? n : *width;
}

/* Moves what the buffer holds to the arena. */
static struct str keep(struct layout *l, struct buf *text)
{
    struct str kept = arena_str(&l->arena, buf_str(text));

    buf_reset(text);
    return kept;
}

static void make_counter(struct layout *l, struct row *r, const struct summary *s, struct buf *text)
{
    humanize(text, summary_stat(s, r->m, "count"), r->m->def->contains, s->unit);
    r->value = keep(l, text);
    humanize(text, summary_stat(s, r->m, "rate"), r->m->def->contains, s->unit);
    buf_puts(text, "/s");
    r->extras[r->n_extras++] = keep(l, text);
}

static void make_gauge(struct layout *l, struct row *r, const struct summary *s, struct buf *text)
{
    static const char *const stats[N_EXTRAS] = {"min", "max"};

    humanize(text, summary_stat(s, r->m, "value"), r->m->def->contains, s->unit);
    r->value = keep(l, text);
    for (size_t i = 0; i < N_EXTRAS; i++) {
        buf_printf(text, "%s=", stats[i]);
        humanize(text, summary_stat(s, r->m, stats[i]), r->m->def->contains, s->unit);
        r->extras[r->n_extras++] = keep(l, text);
    }
}

static void make_rate(struct layout *l, struct row *r, const struct summary *s, struct buf *text)
{
    const struct value *v = r->m->value;

    humanize_share(text, summary_stat(s, r->m, "rate"));
    r->value = keep(l, text);
    buf_printf(text, "%" PRIu64 " out of %" PRIu64, v->rate.trues, v->rate.total);
    r->extras[r->n_extras++] = keep(l, text);
}

static void make_stat(const struct summary *s, const struct summary_metric *m, const char *stat,
                      struct buf *text)
{
    double value = summary_stat(s, m, stat);
    /* A count is not of the unit of what is counted. */
    bool is_count = strcmp(stat, "count") == 0;

    humanize(text, value, is_count ? CONTAINS_DEFAULT : m->def->contains, s->unit);
}

/* How late starts were is told by its tail, whatever columns others have. */
static void choose_columns(struct row *r, const struct summary *s)
{
    static const char *const of_lag[] = {"med", "p(99)", "max"};
    const struct plan_strings *stats = &s->in.options->summary_trend_stats;
    bool is_lag = r->m->def->id == M_ITERATION_LAG;

    r->names = is_lag ? of_lag : stats->items;
    r->n_names = is_lag ? countof(of_lag) : stats->n;
}

static void make_trend(struct layout *l, struct row *r, const struct summary *s, struct buf *text)
{
    choose_columns(r, s);
    r->stats = arena_new_n(&l->arena, struct str, r->n_names);
    for (size_t i = 0; i < r->n_names; i++) {
        make_stat(s, r->m, r->names[i], text);
        r->stats[i] = keep(l, text);
        if (r->names == s->in.options->summary_trend_stats.items)
            widen(&l->stat_widths[i], r->stats[i]);
    }
}

static struct str display_name(struct layout *l, const struct summary_metric *m)
{
    if (!m->suffix.n)
        return m->parent;
    struct str inner = str_from_index(m->suffix, 1);
    size_t brace = inner.n;

    while (brace > 0 && inner.p[brace - 1] != '}')
        brace--;
    if (brace)
        inner.n = brace - 1;
    return str_of(arena_printf(&l->arena, "  { %.*s }", STR_ARG(inner)));
}

static void add_row(struct layout *l, const struct summary *s, const struct summary_metric *m)
{
    static void (*const makers[])(struct layout *, struct row *, const struct summary *,
                                  struct buf *) = {
        [METRIC_COUNTER] = make_counter,
        [METRIC_GAUGE] = make_gauge,
        [METRIC_RATE] = make_rate,
        [METRIC_TREND] = make_trend,
    };
    struct row *r = &vec_push(l->rows, l->n_rows, l->cap_rows);
    struct buf text = {0};

    r->m = m;
    r->name = display_name(l, m);
    makers[m->def->type](l, r, s, &text);
    buf_fini(&text);
    widen(&l->name_width, r->name);
    widen(&l->value_width, r->value);
    for (size_t i = 0; i < r->n_extras; i++)
        widen(&l->extra_widths[i], r->extras[i]);
}

/* --- lists of metrics --- */

static void put_name(struct page *p, struct str name, size_t width)
{
    char dots[256];
    size_t n = width - text_columns(name) + 3;

    n = n < sizeof(dots) ? n : sizeof(dots) - 1;
    memset(dots, '.', n);
    dots[n] = ':';
    buf_putstr(p->out, name);
    put_painted(p, PAINT_FAINT_WHITE, str_from(dots, n + 1));
    buf_putc(p->out, ' ');
}

static void put_stats(struct page *p, const struct layout *l, const struct row *r)
{
    bool aligned = r->names == p->s->in.options->summary_trend_stats.items;

    for (size_t i = 0; i < r->n_names; i++) {
        if (i)
            buf_putc(p->out, ' ');
        buf_printf(p->out, "%s=", r->names[i]);
        put_painted(p, PAINT_CYAN, r->stats[i]);
        if (aligned)
            put_spaces(p, l->stat_widths[i] - text_columns(r->stats[i]));
    }
}

static void put_value(struct page *p, const struct layout *l, const struct row *r)
{
    put_painted(p, PAINT_CYAN, r->value);
    put_spaces(p, l->value_width - text_columns(r->value));
    for (size_t i = 0; i < r->n_extras; i++) {
        buf_putc(p->out, ' ');
        put_painted(p, PAINT_FAINT_CYAN, r->extras[i]);
        if (r->n_extras > 1)
            put_spaces(p, l->extra_widths[i] - text_columns(r->extras[i]));
    }
}

static void put_row(struct page *p, const struct layout *l, const struct row *r, size_t indent)
{
    put_spaces(p, indent);
    put_name(p, r->name, l->name_width);
    if (r->m->def->type == METRIC_TREND) {
        put_stats(p, l, r);
    } else {
        put_value(p, l, r);
    }
    buf_putc(p->out, '\n');
}

static void put_section(struct page *p, const struct layout *l, enum summary_section section,
                        size_t indent)
{
    bool any = false;

    for (size_t i = 0; i < l->n_rows; i++) {
        if (summary_section_of(l->rows[i].m) != section)
            continue;
        if (!any) {
            put_spaces(p, indent);
            put_painted(p, PAINT_BOLD, str_of(summary_section_titles[section]));
            buf_putc(p->out, '\n');
        }
        any = true;
        put_row(p, l, &l->rows[i], indent);
    }
    if (any)
        buf_putc(p->out, '\n');
}

static void put_metrics(struct page *p, const struct summary_metrics *metrics, size_t indent)
{
    struct layout l = {0};
    struct summary_list list;

    l.stat_widths = arena_new_n(&l.arena, size_t, p->s->in.options->summary_trend_stats.n + 1);
    summary_arrange(p->s, metrics, p->mode, &list);
    for (size_t i = 0; i < list.n; i++)
        add_row(&l, p->s, list.items[i]);
    free(list.items);
    for (enum summary_section section = 0; section < SECTION_COUNT; section++)
        put_section(p, &l, section, indent);
    free(l.rows);
    arena_fini(&l.arena);
}

/* --- checks --- */

static void put_check_sums(struct page *p, const struct summary_checks *checks, size_t indent)
{
    static const char *const names[] = {"checks_total", "checks_succeeded", "checks_failed"};
    struct summary_check sum = summary_checks_sum(checks);
    uint64_t total = sum.passes + sum.fails;
    uint64_t parts[] = {total, sum.passes, sum.fails};
    struct layout l = {.name_width = strlen("checks_succeeded")};
    struct buf text = {0};
    struct row rows[3] = {0};

    for (size_t i = 0; i < countof(rows); i++) {
        double share = total ? (double)parts[i] / (double)total : 0;

        rows[i].name = str_of(names[i]);
        rows[i].n_extras = 1;
        if (i == 0) {
            buf_put_u64(&text, total);
            rows[i].value = keep(&l, &text);
            humanize(&text, p->s->seconds > 0 ? (double)total / p->s->seconds : 0, CONTAINS_DEFAULT,
                     p->s->unit);
            buf_puts(&text, "/s");
        } else {
            humanize_share(&text, share);
            rows[i].value = keep(&l, &text);
            buf_printf(&text, "%" PRIu64 " out of %" PRIu64, parts[i], total);
        }
        rows[i].extras[0] = keep(&l, &text);
        widen(&l.value_width, rows[i].value);
    }
    for (size_t i = 0; i < countof(rows); i++) {
        put_spaces(p, indent);
        put_name(p, rows[i].name, l.name_width);
        put_value(p, &l, &rows[i]);
        buf_putc(p->out, '\n');
    }
    buf_fini(&text);
    arena_fini(&l.arena);
}

static void put_check(struct page *p, const struct summary_check *c, size_t indent)
{
    struct buf line = {0};

    put_spaces(p, indent);
    buf_printf(&line, "%s %.*s", c->fails ? "✗" : "✓", STR_ARG(c->name));
    put_painted(p, c->fails ? PAINT_RED : PAINT_GREEN, buf_str(&line));
    buf_putc(p->out, '\n');
    if (c->fails) {
        /* Two deeper at the top; further in than its level below, as k6 has it. */
        put_spaces(p, 2 * indent - 2);
        buf_reset(&line);
        buf_printf(&line, "↳  %" PRIu64 "%% — ✓ %" PRIu64 " / ✗ %" PRIu64,
                   (uint64_t)((double)c->passes * 100 / (double)(c->passes + c->fails)), c->passes,
                   c->fails);
        put_painted(p, PAINT_RED, buf_str(&line));
        buf_putc(p->out, '\n');
    }
    buf_fini(&line);
}

static void put_checks(struct page *p, const struct summary_checks *checks, size_t indent)
{
    if (!checks->n)
        return;
    put_check_sums(p, checks, indent);
    buf_putc(p->out, '\n');
    for (size_t i = 0; i < checks->n; i++)
        put_check(p, &checks->items[i], indent);
    buf_putc(p->out, '\n');
}

/* --- thresholds --- */

/* To a tenth of a second, which is more than anybody asks of a window. */
static span_ns span_rounded(span_ns span)
{
    span_ns unit = NS_PER_S / 10;

    return (span + unit / 2) / unit * unit;
}

/* The value that a threshold judged, in the metric's unit: as it is now, or of the worst window. */
static void put_judged(struct page *p, const struct summary_metric *m, const struct threshold *t,
                       struct str stat)
{
    const struct summary *s = p->s;
    char name[64];
    struct buf text = {0};

    snprintf(name, sizeof(name), "%.*s", STR_ARG(stat));
    double value =
        t->window ? t->value : summary_stat(s, m, m->def->type == METRIC_RATE ? "rate" : name);

    if (m->def->type == METRIC_RATE) {
        humanize_share(&text, value);
    } else {
        humanize(&text, value, m->def->contains, s->unit);
    }
    if (m->def->type == METRIC_COUNTER && strcmp(name, "rate") == 0)
        buf_puts(&text, "/s");
    put_painted(p, PAINT_WHITE, stat);
    buf_putc(p->out, '=');
    put_painted(p, PAINT_CYAN, buf_str(&text));
    buf_fini(&text);
}

/* What else there is to know of a threshold with conditions of ours. */
static void put_circumstances(struct page *p, const struct threshold *t)
{
    char from[DURATION_TEXT_BYTES], to[DURATION_TEXT_BYTES];

    if (t->too_few && t->samples < t->spec.min_samples) {
        buf_printf(p->out, ", samples: %" PRIu64 " of %" PRIu64, t->samples, t->spec.min_samples);
    } else if (t->too_few) {
        buf_puts(p->out, ", the test ended too early");
    }
    if (t->window) {
        buf_printf(p->out, " from %s to %s", duration_format(span_rounded(t->worst_from), from),
                   duration_format(span_rounded(t->worst_to), to));
    }
}

static void put_threshold(struct page *p, const struct summary_metric *m, const struct threshold *t,
                          size_t indent)
{
    static const struct {
        enum paint paint;
        struct str mark;
    } marks[] = {
        [THRESHOLD_UNJUDGED] = {PAINT_WHITE, {"-", 1}},
        [THRESHOLD_PASSED] = {PAINT_GREEN, {"✓", 3}},
        [THRESHOLD_FAILED] = {PAINT_RED, {"✗", 3}},
    };
    struct str source = str_trim(t->spec.source);
    size_t n_stat = 0;
    struct buf name = {0};
    struct buf quoted = {0};

    while (n_stat < source.n && !strchr("=><!", source.p[n_stat]))
        n_stat++;
    summary_threshold_name(t, &name);
    buf_printf(&quoted, "'%.*s'", STR_ARG(str_trim(buf_str(&name))));
    put_spaces(p, indent);
    put_painted(p, marks[t->state].paint, marks[t->state].mark);
    buf_putc(p->out, ' ');
    put_painted(p, PAINT_WHITE, buf_str(&quoted));
    buf_putc(p->out, ' ');
    if (t->state == THRESHOLD_UNJUDGED) {
        buf_puts(p->out, "was not judged: the test ended before its time");
    } else {
        put_judged(p, m, t, str_trim(str_from(source.p, n_stat)));
        put_circumstances(p, t);
    }
    buf_putc(p->out, '\n');
    buf_fini(&name);
    buf_fini(&quoted);
}

static bool parent_has_thresholds(const struct summary *s, const struct summary_metric *m)
{
    for (size_t i = 0; m->suffix.n && i < s->metrics.n; i++) {
        const struct summary_metric *other = &s->metrics.items[i];

        if (!other->suffix.n && other->n_thresholds && str_eq(other->parent, m->parent))
            return true;
    }
    return false;
}

static void put_title(struct page *p, const char *prefix, struct str name)
{
    struct buf title = {0};

    buf_puts(&title, prefix);
    buf_putstr(&title, name);
    buf_puts(p->out, "\n  █ ");
    put_painted(p, PAINT_BOLD, buf_str(&title));
    buf_puts(p->out, " \n\n");
    buf_fini(&title);
}

static void put_thresholds(struct page *p)
{
    const struct summary *s = p->s;
    bool any = false;

    for (size_t i = 0; i < s->metrics.n; i++) {
        const struct summary_metric *m = &s->metrics.items[i];
        bool nested = parent_has_thresholds(s, m);
        size_t indent = nested ? 6 : 4;

        if (!m->n_thresholds)
            continue;
        if (!any)
            put_title(p, "THRESHOLDS", (struct str){0});
        any = true;
        put_spaces(p, indent);
        buf_putstr(p->out, nested ? m->suffix : str_of(m->name));
        buf_putc(p->out, '\n');
        for (size_t k = 0; k < m->n_thresholds; k++)
            put_threshold(p, m, m->thresholds[k], indent);
        buf_putc(p->out, '\n');
    }
}

/* --- notes --- */

static void put_note(struct page *p, const char *const lines[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put_spaces(p, 4);
        put_painted(p, PAINT_FAINT_WHITE, str_of(lines[i]));
        buf_putc(p->out, '\n');
    }
    buf_putc(p->out, '\n');
}

/* Times are only told from one another by those who know what is in them. */
static void put_response_note(struct page *p)
{
    static const char *const lines[] = {
        "response time runs from the instant at which a start was due, duration from the start:",
        "the difference is waiting that a stall causes and that callers of the system would feel",
    };

    put_note(p, lines, countof(lines));
}

static void put_closed_note(struct page *p)
{
    static const char *const hint[] = {
        "closed model: a user who waits for an answer starts nothing meanwhile, so a stall gives few",
        "samples and percentiles look better than callers would find them; --corrected estimates by",
        "how much, an arrival-rate scenario (or --rate) measures it",
    };
    static const char *const corrected[] = {
        "{ corrected } estimates what starts at even intervals would have met while users waited;",
        "an arrival-rate scenario (or --rate) measures it",
    };

    if (p->s->in.corrected) {
        put_note(p, corrected, countof(corrected));
    } else {
        put_note(p, hint, countof(hint));
    }
}

static void put_notes(struct page *p)
{
    static const char *const nothing_to_correct =
        "--corrected has nothing to correct: at a rate, starts do not wait for answers";
    const struct summary *s = p->s;
    bool differs = false;

    for (size_t i = 0; i < SUMMARY_N_PAIRS; i++)
        differs |= summary_shows_pair(&s->metrics, i);
    if (s->in.quiet)
        return;
    if (differs)
        put_response_note(p);
    if (s->in.model == SUMMARY_MODEL_OPEN && s->in.corrected)
        put_note(p, &nothing_to_correct, 1);
    if (s->in.model == SUMMARY_MODEL_CLOSED && summary_find(&s->metrics, "iteration_duration"))
        put_closed_note(p);
}

/* --- the whole --- */

static void put_group(struct page *p, const struct summary_group *g, size_t indent)
{
    put_checks(p, &g->checks, indent);
    put_metrics(p, &g->metrics, indent);
    for (size_t i = 0; i < g->groups.n; i++) {
        struct buf title = {0};

        put_spaces(p, indent);
        buf_printf(&title, "↳ GROUP: %.*s", STR_ARG(g->groups.items[i].name));
        put_painted(p, PAINT_BOLD, buf_str(&title));
        buf_puts(p->out, " \n\n");
        buf_fini(&title);
        put_group(p, &g->groups.items[i], indent + 2);
    }
}

void summary_text(const struct summary *s, enum summary_mode mode, enum summary_color color,
                  struct buf *out)
{
    struct page p = {.s = s, .mode = mode, .colored = color == SUMMARY_COLORED, .out = out};

    buf_putc(out, '\n');
    put_thresholds(&p);
    put_title(&p, "TOTAL RESULTS", (struct str){0});
    put_checks(&p, &s->total.checks, 4);
    put_metrics(&p, &s->metrics, 4);
    put_notes(&p);
    for (size_t i = 0; mode == SUMMARY_FULL && i < s->main.groups.n; i++) {
        put_title(&p, "GROUP: ", s->main.groups.items[i].name);
        put_group(&p, &s->main.groups.items[i], 4);
    }
    for (size_t i = 0; mode == SUMMARY_FULL && i < s->scenarios.n; i++) {
        put_title(&p, "SCENARIO: ", s->scenarios.items[i].name);
        put_group(&p, &s->scenarios.items[i], 4);
    }
    buf_puts(out, "\n\n");
    exception_list_put(&s->in.exceptions,
                       &(struct exception_style){.max = EXCEPTIONS_SHOWN,
                                                 .columns = EXCEPTION_COLUMNS,
                                                 .color = p.colored},
                       out);
}
