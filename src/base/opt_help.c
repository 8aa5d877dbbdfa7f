/* The text of --help: usage, description, options by group in two columns, examples. */
#include "base/mem.h"
#include "base/opt.h"
#include "base/str.h"

enum {
    COLUMNS_DEFAULT = 80,
    COLUMNS_MIN = 40,
    LEFT_MAX = 30, /* widest left column; a longer option stands on a line of its own */
};

static const char *const default_value_names[] = {
    [OPT_STRING] = "TEXT", [OPT_INT] = "N",      [OPT_NUMBER] = "X",
    [OPT_LIST] = "TEXT",   [OPT_CALL] = "VALUE",
};

static bool takes_value(const struct opt_row *row)
{
    return row->type != OPT_FLAG && !(row->type == OPT_CALL && row->is_flag);
}

static void put_spaces(struct buf *out, size_t n)
{
    while (n--)
        buf_putc(out, ' ');
}

/*
 * Appends `text`, wrapped at spaces to the columns from `indent` on. The first line continues the
 * line that is there, which has reached that column.
 */
static void put_wrapped(struct buf *out, struct str text, size_t indent, size_t columns)
{
    size_t at = indent;
    struct str word;

    while (str_split(&text, ' ', &word)) {
        if (at > indent && at + 1 + word.n > columns) {
            buf_putc(out, '\n');
            put_spaces(out, indent);
            at = indent;
        } else if (at > indent) {
            buf_putc(out, ' ');
            at++;
        }
        buf_putstr(out, word);
        at += word.n;
    }
    buf_putc(out, '\n');
}

static void put_paragraphs(struct buf *out, const char *about, size_t columns)
{
    struct str rest = str_of(about), line;

    while (str_split(&rest, '\n', &line))
        put_wrapped(out, line, 0, columns);
}

/* "-u, --vus N" */
static void put_left(struct buf *out, const struct opt_row *row)
{
    const char *value = row->value_name ? row->value_name : default_value_names[row->type];

    if (row->short_name) {
        buf_printf(out, "  -%c, --%s", row->short_name, row->name);
    } else {
        buf_printf(out, "      --%s", row->name);
    }
    if (!takes_value(row))
        return;
    buf_printf(out, row->implied ? "[=%s]" : " %s", value);
}

static size_t left_width(const struct opt_table *t)
{
    size_t widest = sizeof("  -h, --help") - 1;

    for (size_t i = 0; i < t->n_rows; i++) {
        scoped(buf_fini) struct buf left = {0};

        if (t->rows[i].help)
            put_left(&left, &t->rows[i]);
        if (left.len > widest && left.len <= LEFT_MAX)
            widest = left.len;
    }
    return widest + 2;
}

static void put_right(struct buf *out, const struct opt_row *row, size_t indent, size_t columns)
{
    scoped(buf_fini) struct buf text = {0};

    buf_puts(&text, row->help);
    if (row->values) {
        for (const char *const *v = row->values; *v; v++)
            buf_printf(&text, "%s%s", v == row->values ? ": " : ", ", *v);
    }
    if (row->env)
        buf_printf(&text, " [%s]", row->env);
    put_wrapped(out, buf_str(&text), indent, columns);
}

static void put_row(struct buf *out, const struct opt_row *row, size_t indent, size_t columns)
{
    size_t start = out->len;

    put_left(out, row);
    size_t used = out->len - start;

    if (used + 2 > indent) {
        buf_putc(out, '\n');
        used = 0;
    }
    put_spaces(out, indent - used);
    put_right(out, row, indent, columns);
}

static const char *group_of(const struct opt_row *row)
{
    return row->group ? row->group : "Options";
}

/* Whether row i is the first visible one of its group. */
static bool opens_group(const struct opt_table *t, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (t->rows[j].help && str_is(str_of(group_of(&t->rows[j])), group_of(&t->rows[i])))
            return false;
    }
    return t->rows[i].help != NULL;
}

static void put_group(struct buf *out, const struct opt_table *t, size_t first, size_t columns)
{
    const char *group = group_of(&t->rows[first]);
    size_t indent = left_width(t);

    buf_printf(out, "\n%s:\n", group);
    for (size_t i = first; i < t->n_rows; i++) {
        if (t->rows[i].help && str_is(str_of(group), group_of(&t->rows[i])))
            put_row(out, &t->rows[i], indent, columns);
    }
}

static bool has_row(const struct opt_table *t, const char *name)
{
    for (size_t i = 0; i < t->n_rows; i++) {
        if (str_is(str_of(name), t->rows[i].name))
            return true;
    }
    return false;
}

static void put_help_row(struct buf *out, const struct opt_table *t, size_t columns)
{
    static const struct opt_row help = {
        .name = "help", .short_name = 'h', .type = OPT_FLAG, .help = "show this text"};

    if (has_row(t, "help"))
        return;
    buf_putc(out, '\n');
    put_row(out, &help, left_width(t), columns);
}

static void put_examples(struct buf *out, const struct opt_table *t, size_t columns)
{
    if (t->n_examples)
        buf_puts(out, "\nExamples:\n");
    for (size_t i = 0; i < t->n_examples; i++) {
        buf_printf(out, "  %s\n      ", t->examples[i].command);
        put_wrapped(out, str_of(t->examples[i].text), 6, columns);
    }
}

void opt_help(const struct opt_table *t, size_t columns, struct buf *out)
{
    if (!columns)
        columns = COLUMNS_DEFAULT;
    if (columns < COLUMNS_MIN)
        columns = COLUMNS_MIN;
    buf_printf(out, "Usage: %s [OPTION...]%s%s\n\n", t->name, t->operands ? " " : "",
               t->operands ? t->operands : "");
    put_wrapped(out, str_of(t->summary), 0, columns);
    if (t->about) {
        buf_putc(out, '\n');
        put_paragraphs(out, t->about, columns);
    }
    for (size_t i = 0; i < t->n_rows; i++) {
        if (opens_group(t, i))
            put_group(out, t, i, columns);
    }
    put_help_row(out, t, columns);
    put_examples(out, t, columns);
}
