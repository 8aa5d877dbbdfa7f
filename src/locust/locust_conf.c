#include "locust/locust_conf.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Up to a comment, which needs a blank before it, without blanks and quotes around. */
static struct str clean(struct str value)
{
    for (size_t i = 1; i < value.n; i++) {
        if ((value.p[i] == '#' || value.p[i] == ';') && is_blank(value.p[i - 1])) {
            value.n = i;
            break;
        }
    }
    value = str_trim(value);
    if (value.n >= 2 && (value.p[0] == '"' || value.p[0] == '\'') &&
        value.p[value.n - 1] == value.p[0])
        return str_from(value.p + 1, value.n - 2);
    return value;
}

static bool read_line(struct str line, struct str key, struct str *ret_value)
{
    size_t n = 0;

    line = str_trim(line);
    while (n < line.n && line.p[n] != '=' && line.p[n] != ':' && !is_blank(line.p[n]))
        n++;
    if (!str_eq(str_from(line.p, n), key))
        return false;
    struct str value = str_trim(str_from_index(line, n));

    if (value.n && (value.p[0] == '=' || value.p[0] == ':'))
        value = str_from_index(value, 1);
    *ret_value = clean(value);
    return true;
}

bool locust_conf_get(struct str text, enum locust_conf_form form, struct str key,
                     struct str *ret_value)
{
    bool is_inside = form == LOCUST_CONF_PLAIN;
    bool found = false;
    struct str line;

    while (text.n && str_split(&text, '\n', &line)) {
        struct str trimmed = str_trim(line);

        if (form == LOCUST_CONF_TOML && trimmed.n && trimmed.p[0] == '[')
            is_inside = str_eq(trimmed, STR("[tool.locust]"));
        else if (is_inside && read_line(line, key, ret_value))
            found = true;
    }
    return found;
}
