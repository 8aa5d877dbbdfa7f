/*
 * The inputs of an export are listed under __inputs; their names occur in any string below. Newer
 * exports leave the list out of files that have a variable of type datasource instead, which needs
 * nothing here.
 */
#include "dashboard/push_form.h"

#include <errno.h>

#include "base/mem.h"
#include "base/table.h"

struct form {
    push_input_fn *input;
    void *arg;
    struct table values; /* input's name to text, owned */
};

static struct str text_at(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);

    return json_is_string(v) ? str_from(json_string_value(v), json_string_length(v))
                             : (struct str){0};
}

/* ---- inputs ---- */

static int take_input(struct form *f, const json_t *input)
{
    scoped(buf_fini) struct buf uid = {0};
    struct str name = text_at(input, "name");

    if (!name.n || table_get(&f->values, name))
        return 0;
    if (str_is(text_at(input, "type"), "constant") && text_at(input, "value").n)
        buf_putstr(&uid, text_at(input, "value"));
    else
        TRY(f->input(f->arg, name, text_at(input, "pluginId"), &uid));
    ignored(table_set(&f->values, name, buf_take(&uid, NULL)));
    return 0;
}

/* "${NAME}" with its value, wherever it stands in the text. Returns whether there was one. */
static bool replace(const struct form *f, struct str text, struct buf *out)
{
    bool any = false;

    while (text.n) {
        size_t at = str_find_str(text, STR("${"));
        struct str rest = str_from_index(text, at + 2);
        size_t end = str_find(rest, '}');
        const char *value =
            at < text.n && end < rest.n ? table_get(&f->values, str_from(rest.p, end)) : NULL;

        buf_putstr(out, str_from(text.p, at));
        if (at == text.n)
            break;
        if (value)
            buf_puts(out, value);
        else
            buf_puts(out, "${");
        any = any || value;
        text = value ? str_from_index(rest, end + 1) : rest;
    }
    return any;
}

static json_t *replaced(const struct form *f, const json_t *v)
{
    scoped(buf_fini) struct buf out = {0};
    struct str text = str_from(json_string_value(v), json_string_length(v));

    return replace(f, text, &out) ? json_stringn(out.data ? out.data : "", out.len) : NULL;
}

static int fill(const struct form *f, json_t *v, int depth);

static int fill_object(const struct form *f, json_t *o, int depth)
{
    const char *key;
    json_t *v;
    void *next;

    json_object_foreach_safe(o, next, key, v)
    {
        json_t *text = json_is_string(v) ? replaced(f, v) : NULL;

        if (text)
            json_object_set_new(o, key, text);
        else
            TRY(fill(f, v, depth));
    }
    return 0;
}

static int fill(const struct form *f, json_t *v, int depth)
{
    if (depth > PUSH_DEPTH)
        return fault(-EINVAL, "it is nested deeper than %d", PUSH_DEPTH);
    if (json_is_object(v))
        return fill_object(f, v, depth + 1);
    for (size_t i = 0; i < json_array_size(v); i++) {
        json_t *text =
            json_is_string(json_array_get(v, i)) ? replaced(f, json_array_get(v, i)) : NULL;

        if (text)
            json_array_set_new(v, i, text);
        else
            TRY(fill(f, json_array_get(v, i), depth + 1));
    }
    return 0;
}

static int fill_inputs(struct form *f, json_t *dashboard)
{
    size_t i;
    const json_t *input;

    json_array_foreach(json_object_get(dashboard, "__inputs"), i, input) TRY(take_input(f, input));
    json_object_del(dashboard, "__inputs");
    json_object_del(dashboard, "__requires");
    return f->values.n_live ? fill(f, dashboard, 0) : 0;
}

/* ---- the rest ---- */

static int check(const json_t *d)
{
    struct str uid = text_at(d, "uid");

    if (!json_is_array(json_object_get(d, "panels")) && !json_is_array(json_object_get(d, "rows")))
        return fault(-EINVAL, "it is no Grafana dashboard: it has neither 'panels' nor 'rows'");
    if (!text_at(d, "title").n)
        return fault(-EINVAL, "it has no title, and Grafana takes none without");
    if (uid.n > PUSH_UID_BYTES)
        return fault(-EINVAL, "its uid has %zu characters; Grafana takes at most %d", uid.n,
                     PUSH_UID_BYTES);
    for (size_t i = 0; i < uid.n; i++) {
        char c = ascii_lower(uid.p[i]);

        if (!ascii_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '_')
            return fault(-EINVAL,
                         "its uid '%.*s' has a character that Grafana refuses: letters, "
                         "digits, - and _ are taken",
                         STR_ARG(uid));
    }
    return 0;
}

static json_t *unwrap(json_t *root)
{
    json_t *inner = json_object_get(root, "dashboard");

    if (!json_is_object(inner) || json_is_array(json_object_get(root, "panels")))
        return root;
    json_incref(inner);
    json_decref(root);
    return inner;
}

static int finish(struct form *f, json_t *dashboard)
{
    TRY(check(dashboard));
    TRY(fill_inputs(f, dashboard));
    json_object_set_new(dashboard, "id", json_null());
    return 0;
}

int push_form(struct str text, push_input_fn *input, void *arg, json_t **ret_dashboard)
{
    struct form f = {.input = input, .arg = arg};
    json_error_t error;
    json_t *root = json_loadb(text.p ? text.p : "", text.n, 0, &error);
    struct table_entry *e;

    if (!root)
        return fault(-EINVAL, "it is no JSON: line %d: %s", error.line, error.text);
    root = unwrap(root);
    int r = finish(&f, root);

    if (f.values.n_entries) {
        table_each(e, &f.values)
            free(e->value);
    }
    table_fini(&f.values);
    if (r) {
        json_decref(root);
        return r;
    }
    *ret_dashboard = root;
    return 0;
}
