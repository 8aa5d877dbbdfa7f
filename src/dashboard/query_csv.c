/*
 * RFC 4180 with what Flux adds: an empty line ends a table's columns, the first column is an
 * annotation's, `result` and `table` are housekeeping, and a failure in the midst of an answer is a
 * table with the columns error and reference, which has no housekeeping: in any other `error` is a
 * tag. A change in `table` or `result` begins a series.
 */
#include "dashboard/query_csv.h"

#include "base/buf.h"

enum {
    COLUMNS_MAX = 400,
    FIELD_BYTES = 64 << 10, /* the rest of a longer one is left out */
};

struct csv {
    struct str rest;
    query_csv_fn *fn;
    void *arg;
    /* columns of what is read now; -1: it has none */
    int value, table, result, error, other;
    bool is_error;
    bool wants_names;  /* the next line has them */
    struct buf field;  /* unquoted */
    struct buf series; /* result and table of the last row */
    struct buf cell;   /* the value of this row */
    struct buf mark;   /* result and table of this row */
};

/* Takes one field off a line. False when it was the last of its line. */
static bool take_field(struct csv *c)
{
    bool is_quoted = c->rest.n && c->rest.p[0] == '"';
    size_t i = is_quoted;

    buf_reset(&c->field);
    for (; i < c->rest.n; i++) {
        char ch = c->rest.p[i];

        if (is_quoted && ch == '"') {
            if (i + 1 >= c->rest.n || c->rest.p[i + 1] != '"') {
                is_quoted = false;
                continue;
            }
            i++;
        } else if (!is_quoted && (ch == ',' || ch == '\n' || ch == '\r')) {
            break;
        }
        ignored(buf_add(&c->field, &ch, 1));
    }
    bool goes_on = i < c->rest.n && c->rest.p[i] == ',';

    if (!goes_on && i < c->rest.n && c->rest.p[i] == '\r')
        i++;
    c->rest = str_from_index(c->rest, i + (i < c->rest.n));
    return goes_on;
}

static void see_name(struct csv *c, int column)
{
    struct str name = buf_str(&c->field);

    if (str_is(name, "_value"))
        c->value = column;
    else if (str_is(name, "table"))
        c->table = column;
    else if (str_is(name, "result"))
        c->result = column;
    else if (str_is(name, "error"))
        c->error = column;
    else if (name.n && c->other < 0 && !str_starts(name, STR("_")))
        c->other = column;
}

static void see_cell(struct csv *c, int column)
{
    struct str cell = buf_str(&c->field);

    if (column == (c->value >= 0 ? c->value : c->other))
        ignored(buf_add(&c->cell, cell.p, cell.n));
    if (column == c->table || column == c->result) {
        ignored(buf_add(&c->mark, cell.p, cell.n));
        ignored(buf_add(&c->mark, ",", 1));
    }
}

static void begin_names(struct csv *c)
{
    c->value = c->table = c->result = c->error = c->other = -1;
    c->is_error = false;
    buf_reset(&c->series);
}

static void take_names(struct csv *c)
{
    bool goes_on = true;

    begin_names(c);
    for (int column = 0; goes_on; column++) {
        goes_on = take_field(c);
        if (column < COLUMNS_MAX)
            see_name(c, column);
    }
    c->is_error = c->error >= 0 && c->table < 0;
    if (c->is_error)
        c->value = c->error;
    c->wants_names = false;
}

static void take_row(struct csv *c)
{
    bool goes_on = true;

    buf_reset(&c->cell);
    buf_reset(&c->mark);
    for (int column = 0; goes_on; column++) {
        goes_on = take_field(c);
        if (column < COLUMNS_MAX)
            see_cell(c, column);
    }
    struct query_csv_row row = {.value = buf_str(&c->cell),
                                .is_first =
                                    !str_eq(buf_str(&c->mark), buf_str(&c->series)) || !c->mark.len,
                                .is_error = c->is_error};

    c->fn(c->arg, &row);
    buf_reset(&c->series);
    ignored(buf_add(&c->series, c->mark.data, c->mark.len));
}

static void skip_line(struct csv *c)
{
    c->rest = str_from_index(c->rest, str_find(c->rest, '\n') + 1);
}

void query_csv_read(struct str text, query_csv_fn *fn, void *arg)
{
    struct csv c = {.rest = text,
                    .fn = fn,
                    .arg = arg,
                    .wants_names = true,
                    .field = BUF_INIT(FIELD_BYTES),
                    .series = BUF_INIT(FIELD_BYTES),
                    .cell = BUF_INIT(FIELD_BYTES),
                    .mark = BUF_INIT(FIELD_BYTES)};

    while (c.rest.n) {
        char first = c.rest.p[0];

        if (first == '\n' || first == '\r' || first == '#') {
            c.wants_names = true;
            skip_line(&c);
        } else if (c.wants_names) {
            take_names(&c);
        } else {
            take_row(&c);
        }
    }
    buf_fini(&c.field);
    buf_fini(&c.series);
    buf_fini(&c.cell);
    buf_fini(&c.mark);
}
