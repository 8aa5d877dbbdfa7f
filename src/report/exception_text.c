/*
 * Sections look like those of the summary (report/summary_text.c). What scripts and servers have
 * put into a message is cleaned of what would steer a terminal.
 */
#include "report/exception_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/duration.h"
#include "base/mem.h"
#include "report/markup.h"

enum {
    INDENT = 4,
    COUNT_COLUMNS = 8,
};

void exception_put_head(const struct exception *e, struct buf *out)
{
    if (e->is_others) {
        buf_printf(out, "others, beyond the first %d", EXCEPTIONS_MAX);
        return;
    }
    buf_putstr(out, e->kind);
    if (e->kind.n && e->message.n)
        buf_puts(out, ": ");
    buf_putstr(out, e->message);
    if (!e->kind.n && !e->message.n)
        buf_puts(out, "without a message");
}

static int by_count(const void *a, const void *b)
{
    const struct exception *x = *(const struct exception *const *)a;
    const struct exception *y = *(const struct exception *const *)b;

    if (x->is_others != y->is_others)
        return x->is_others ? 1 : -1;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

const struct exception **exception_list_sorted(const struct exception_list *list)
{
    const struct exception **all = xcalloc(list->n + 1, sizeof(*all));

    for (size_t i = 0; i < list->n; i++)
        all[i] = list->items[i];
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers is meant */
    qsort(all, list->n, sizeof(all[0]), by_count);
    return all;
}

/* ---- one entry ---- */

static void put_painted(struct buf *out, const struct exception_style *style, const char *sgr,
                        const char *text)
{
    if (style->color) {
        buf_printf(out, "\x1b[%sm%s\x1b[0m", sgr, text);
    } else {
        buf_puts(out, text);
    }
}

static void put_span(span_ns span, struct buf *out)
{
    char text[DURATION_TEXT_BYTES];
    span_ns unit = span >= NS_PER_S ? NS_PER_S / 10 : NS_PER_MS;

    span = span > 0 ? span : 0;
    buf_puts(out, duration_format((span + unit / 2) / unit * unit, text));
}

static size_t room(const struct exception_style *style, size_t indent)
{
    if (!style->columns)
        return 0;
    return style->columns > indent + 20 ? style->columns - indent : 20;
}

static void put_indent(struct buf *out, size_t n)
{
    buf_printf(out, "%*s", (int)n, "");
}

/* "at shop.py:7, first after 1.2s, last after 58s (worker 1, worker 2)" */
static void put_place(const struct exception *e, wall_ns started, struct buf *out)
{
    if (e->place.n)
        buf_printf(out, "at %.*s, ", STR_ARG(e->place));
    buf_puts(out, e->count > 1 ? "first after " : "after ");
    put_span(e->first - started, out);
    if (e->count > 1) {
        buf_puts(out, ", last after ");
        put_span(e->last - started, out);
    }
    if (!e->workers)
        return;
    buf_puts(out, " (");
    exception_workers(e, out);
    buf_putc(out, ')');
}

static void put_stack(struct str stack, const struct exception_style *style, size_t indent,
                      struct buf *out)
{
    struct str line;

    while (stack.n && str_split(&stack, '\n', &line)) {
        size_t before = 0;

        for (; before < line.n && ascii_space(line.p[before]); before++)
            ;
        put_indent(out, indent + (before && line.p[0] == '\t' ? 2 : before));
        markup_put_terminal(out, str_from_index(line, before), room(style, indent + before));
        buf_putc(out, '\n');
    }
}

static void put_one(const struct exception *e, wall_ns started, const struct exception_style *style,
                    struct buf *out)
{
    size_t indent = INDENT + COUNT_COLUMNS + 2;
    scoped(buf_fini) struct buf text = {0};
    char count[32];

    put_indent(out, INDENT);
    snprintf(count, sizeof(count), "%*" PRIu64, COUNT_COLUMNS, e->count);
    put_painted(out, style, "31", count);
    buf_puts(out, "  ");
    exception_put_head(e, &text);
    markup_put_terminal(out, buf_str(&text), room(style, indent));
    buf_putc(out, '\n');
    buf_reset(&text);
    put_place(e, started, &text);
    put_indent(out, indent);
    markup_put_terminal(out, buf_str(&text), room(style, indent));
    buf_putc(out, '\n');
    if (style->detail == EXCEPTION_STACKS)
        put_stack(e->stack, style, indent, out);
}

void exception_list_put(const struct exception_list *list, const struct exception_style *style,
                        struct buf *out)
{
    scoped(freep) const struct exception **all = exception_list_sorted(list);

    if (!list->n)
        return;
    buf_puts(out, "  █ ");
    put_painted(out, style, "1", "EXCEPTIONS");
    buf_puts(out, " \n\n");
    for (size_t i = 0; i < list->n && i < style->max; i++)
        put_one(all[i], list->started, style, out);
    if (list->n > style->max)
        buf_printf(out, "    and %zu more kinds\n", list->n - style->max);
    buf_puts(out, "\n\n");
}
