/* Line by line; a line that is no entry is skipped, as Compose does with most of them. */
#include "lab/lab_dotenv.h"

static bool is_name_byte(char c, bool first)
{
    return c == '_' || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
           (!first && ascii_digit(c));
}

static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (!is_name_byte(name.p[i], i == 0))
            return false;
    }
    return name.n > 0;
}

static bool put(struct lab_dotenv_entry *entry, int c)
{
    if (c == '\0' || entry->n_value + 1 >= sizeof(entry->value))
        return false;
    entry->value[entry->n_value++] = (char)c;
    return true;
}

/* The byte that a backslash and `c` stand for within double quotes. */
static int unescape(char c)
{
    return c == 'n' ? '\n' : c == 't' ? '\t' : c;
}

/* What follows the closing quote is a comment, or nobody's business. */
static bool read_quoted(struct str text, char quote, struct lab_dotenv_entry *entry)
{
    for (size_t i = 0; i < text.n && text.p[i] != quote; i++) {
        bool escaped = quote == '"' && text.p[i] == '\\' && i + 1 < text.n;

        if (!put(entry, escaped ? unescape(text.p[++i]) : text.p[i]))
            return false;
    }
    return true;
}

/* A # begins a comment where white space is before it. */
static bool read_bare(struct str text, struct lab_dotenv_entry *entry)
{
    size_t end = 0;

    while (end < text.n && !(text.p[end] == '#' && (end == 0 || ascii_space(text.p[end - 1]))))
        end++;
    struct str value = str_trim(str_from(text.p, end));

    for (size_t i = 0; i < value.n; i++) {
        if (!put(entry, value.p[i]))
            return false;
    }
    return true;
}

static bool read_line(struct str line, struct lab_dotenv_entry *entry)
{
    line = str_trim(line);
    if (str_starts(line, STR("export ")))
        line = str_trim(str_from_index(line, 7));
    size_t at = str_find(line, '=');

    entry->name = str_trim(str_from(line.p, at));
    entry->n_value = 0;
    if (at == line.n || !is_name(entry->name))
        return false;
    struct str text = str_trim(str_from_index(line, at + 1));
    bool quoted = text.n && (text.p[0] == '"' || text.p[0] == '\'');
    bool ok =
        quoted ? read_quoted(str_from_index(text, 1), text.p[0], entry) : read_bare(text, entry);

    entry->value[entry->n_value] = '\0';
    return ok;
}

bool lab_dotenv_next(struct str *rest, struct lab_dotenv_entry *ret_entry)
{
    struct str line;

    while (rest->n && str_split(rest, '\n', &line)) {
        if (read_line(line, ret_entry))
            return true;
    }
    return false;
}

bool lab_dotenv_find(struct str text, const char *name, struct lab_dotenv_entry *ret_entry)
{
    struct lab_dotenv_entry entry;
    bool found = false;

    while (lab_dotenv_next(&text, &entry)) {
        if (!str_is(entry.name, name))
            continue;
        *ret_entry = entry;
        found = true;
    }
    return found;
}
