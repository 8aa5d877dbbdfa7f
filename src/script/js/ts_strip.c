/*
 * TypeScript to JavaScript: reads the file with the parser of ts_priv.h, which leaves a list of
 * edits, and writes the source with those made. Blanks keep line ends, and one blank stands for
 * one character, so that positions stay what they were.
 */
#include "script/js/ts_strip.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "script/js/ts_priv.h"

static struct ts_edit *add_edit(struct ts *t, size_t start, size_t end)
{
    struct ts_edit *e = &vec_push(t->edits, t->n_edits, t->cap_edits);

    e->start = start;
    e->end = end;
    return e;
}

void ts_erase(struct ts *t, size_t start, size_t end)
{
    if (end > start)
        add_edit(t, start, end);
}

void ts_erase_flat(struct ts *t, size_t start, size_t end)
{
    add_edit(t, start, end)->flat = true;
}

void ts_erase_marked(struct ts *t, size_t start, size_t end, char first, char last)
{
    struct ts_edit *e = add_edit(t, start, end);

    e->mark = first;
    e->closer = last;
}

void ts_erase_statement(struct ts *t, size_t start, size_t end)
{
    if (end <= start)
        return;
    for (size_t i = 0; i < t->n_edits; i++) {
        struct ts_edit *e = &t->edits[i];

        if (e->start < start || e->start > end)
            continue;
        e->end = e->start; /* nothing */
        e->is_insert = false;
        free(e->text);
        e->text = NULL;
    }
    while (t->n_uses && t->uses[t->n_uses - 1].p >= t->source.p + start &&
           t->uses[t->n_uses - 1].p < t->source.p + end)
        t->n_uses--;
    ts_erase_marked(t, start, end, ';', '\0');
}

void ts_insert(struct ts *t, size_t at, const char *fmt, ...)
{
    struct buf text = {0};
    struct ts_edit *e;
    va_list args;

    va_start(args, fmt);
    ignored(buf_vprintf(&text, fmt, args));
    va_end(args);
    e = add_edit(t, at, at);
    e->is_insert = true;
    e->text = buf_take(&text, NULL);
}

void ts_use(struct ts *t, struct str name)
{
    vec_push(t->uses, t->n_uses, t->cap_uses) = name;
}

/* ---- writing ---- */

/* What becomes of each byte: itself, a blank, or another character. */
enum {
    KEEP = 0,
    BLANK = 1, /* line ends stay */
    FLAT = 2,
};

static void mark_bytes(const struct ts *t, unsigned char *marks)
{
    for (size_t i = 0; i < t->n_edits; i++) {
        const struct ts_edit *e = &t->edits[i];

        for (size_t at = e->start; at < e->end; at++) {
            if (marks[at] <= BLANK)
                marks[at] = e->flat ? FLAT : BLANK;
        }
        if (e->mark && e->end > e->start)
            marks[e->start] = (unsigned char)e->mark;
        if (e->closer && e->end > e->start)
            marks[e->end - 1] = (unsigned char)e->closer;
    }
}

/* Adds the output of one byte. */
static int put_byte(struct buf *out, char c, unsigned char mark)
{
    bool continues = ((unsigned char)c & 0xc0) == 0x80;

    if (mark == KEEP || (mark == BLANK && (c == '\n' || c == '\r')))
        return buf_add(out, &c, 1);
    if (mark > FLAT)
        return buf_add(out, &mark, 1);
    return continues ? 0 : buf_add(out, " ", 1);
}

/* The insertions in order of place and, at one place, of time; the caller frees the array. */
static const struct ts_edit **sorted_inserts(const struct ts *t, size_t *ret_n)
{
    const struct ts_edit **inserts = xnew_n(const struct ts_edit *, t->n_edits + 1);
    size_t n = 0;

    /* They are nearly in order already, and insertion keeps those of one place as they are. */
    for (size_t i = 0; i < t->n_edits; i++) {
        const struct ts_edit *e = &t->edits[i];
        size_t at = n;

        if (!e->is_insert)
            continue;
        for (; at > 0 && inserts[at - 1]->start > e->start; at--)
            inserts[at] = inserts[at - 1];
        inserts[at] = e;
        n++;
    }
    *ret_n = n;
    return inserts;
}

static int write_output(const struct ts *t, struct buf *out)
{
    unsigned char *marks = xnew_n(unsigned char, t->source.n + 1);
    size_t n_inserts;
    const struct ts_edit **inserts = sorted_inserts(t, &n_inserts);
    size_t next = 0;
    int r = 0;

    mark_bytes(t, marks);
    for (size_t at = 0; at <= t->source.n && !r; at++) {
        for (; next < n_inserts && inserts[next]->start == at && !r; next++)
            r = buf_add(out, inserts[next]->text, strlen(inserts[next]->text));
        if (at < t->source.n && !r)
            r = put_byte(out, t->source.p[at], marks[at]);
    }
    free(inserts);
    free(marks);
    return r;
}

static void ts_fini(struct ts *t)
{
    for (size_t i = 0; i < t->n_edits; i++)
        free(t->edits[i].text);
    free(t->edits);
    free(t->uses);
    free(t->types);
    free(t->values);
    free(t->imports);
    free(t->import_names);
    free(t->not_arrow);
    free(t->properties);
}

int ts_strip(struct str source, struct buf *out, struct ts_error *ret_error)
{
    scoped(ts_fini) struct ts t = {.source = source};

    if (!source.p)
        t.source = STR("");
    t.not_arrow = xnew_n(unsigned char, source.n + 1);
    ts_next(&t);
    t.prev_end = 0;
    while (t.tok.kind != TS_END)
        ts_statement(&t);
    if (t.failed) {
        *ret_error = t.error;
        return TS_E_SYNTAX;
    }
    ts_drop_unused_imports(&t);
    return write_output(&t, out);
}
