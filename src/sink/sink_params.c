/*
 * What a sink is told, by its table: defaults, then the configuration file, the environment, and
 * what stands behind the `?`, each over the one before.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/duration.h"
#include "base/mem.h"
#include "base/opt.h"
#include "sink/sinks.h"

enum {
    SECRET_FILE_BYTES = 64 << 10,
};

/* ---- the query ---- */

static int decode(struct arena *arena, struct str text, const char **ret)
{
    char *out = arena_alloc(arena, text.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '%') {
            out[n++] = text.p[i];
            continue;
        }
        int high = i + 2 < text.n ? ascii_hex(text.p[i + 1]) : -1;
        int low = i + 2 < text.n ? ascii_hex(text.p[i + 2]) : -1;

        if (high < 0 || low < 0 || (high == 0 && low == 0)) {
            return fault(FAULT_EXIT(104), "\"%.*s\" has a %% that begins no byte (%%25 is a %%)",
                         STR_ARG(text));
        }
        out[n++] = (char)(high << 4 | low);
        i += 2;
    }
    out[n] = '\0';
    *ret = out;
    return 0;
}

int sink_query_parse(struct arena *arena, struct str query, struct sink_pairs *ret_pairs)
{
    size_t n = 1;
    struct str part;

    for (size_t i = 0; i < query.n; i++)
        n += query.p[i] == '&';
    *ret_pairs = (struct sink_pairs){.items = arena_new_n(arena, struct sink_pair, n)};
    while (str_split(&query, '&', &part)) {
        struct sink_pair *pair = &ret_pairs->items[ret_pairs->n];
        size_t at = str_find(part, '=');

        if (!part.n)
            continue;
        TRY(decode(arena, str_from(part.p, at), &pair->name));
        pair->value = "true";
        if (at < part.n)
            TRY(decode(arena, str_from_index(part, at + 1), &pair->value));
        ret_pairs->n++;
    }
    return 0;
}

/* ---- one value ---- */

static int read_file(const char *path, struct arena *arena, const char **ret)
{
    scoped(freep) char *text = xmalloc(SECRET_FILE_BYTES);
    FILE *f = fopen(path, "re");

    if (!f)
        return fault(FAULT_EXIT(104), "%s cannot be read: %m", path);
    size_t n = fread(text, 1, SECRET_FILE_BYTES, f);

    fclose(f);
    *ret = arena_str(arena, str_trim(str_from(text, n))).p;
    return 0;
}

/* A secret may name where it is, so that it need not stand in a command line. */
static int find_secret(const struct sink_sources *from, const char *text, struct arena *arena,
                       const char **ret)
{
    struct str s = str_of(text);

    *ret = text;
    if (str_starts(s, STR("file:")))
        return read_file(text + 5, arena, ret);
    if (!str_starts(s, STR("env:")))
        return 0;
    *ret = from->env ? from->env(from->arg, text + 4) : NULL;
    if (!*ret)
        return fault(FAULT_EXIT(104), "the variable %s is not set", text + 4);
    return 0;
}

static bool is_allowed(const char *values, struct str text)
{
    struct str rest = str_of(values);
    struct str one;

    while (str_split(&rest, '|', &one)) {
        if (str_eq(one, text))
            return true;
    }
    return false;
}

static int set_bool(const char *text, bool *ret)
{
    bool yes = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;

    if (!yes && strcmp(text, "false") != 0 && strcmp(text, "0") != 0)
        return fault(FAULT_EXIT(104), "\"%s\" is neither true nor false", text);
    *ret = yes;
    return 0;
}

static int set(const struct sink_param *row, const struct sink_sources *from, const char *text,
               struct arena *arena, void *options)
{
    void *at = (char *)options + row->offset;

    if (row->values && !is_allowed(row->values, str_of(text)))
        return fault(FAULT_EXIT(104), "\"%s\" is none of %s", text, row->values);
    switch (row->type) {
    case SINK_STRING:
        *(const char **)at = text;
        return 0;
    case SINK_SECRET:
        return find_secret(from, text, arena, at);
    case SINK_INT:
        return str_i64(str_of(text), at)
                   ? 0
                   : fault(FAULT_EXIT(104), "\"%s\" is no whole number", text);
    case SINK_BOOL:
        return set_bool(text, at);
    case SINK_SPAN:
        return duration_parse(str_of(text), at) == 0
                   ? 0
                   : fault(FAULT_EXIT(104), "\"%s\" is no time such as 5s", text);
    case SINK_PAIRS:
        break; /* collected from the query */
    }
    return 0;
}

/* ---- the table ---- */

const struct sink_param *sink_param_find(const struct sink_class *class, struct str key)
{
    size_t dot = str_find(key, '.');

    for (size_t i = 0; i < class->n_params; i++) {
        const struct sink_param *row = &class->params[i];

        if (str_is(key, row->key) && row->type != SINK_PAIRS)
            return row;
        if (row->type == SINK_PAIRS && dot < key.n && str_is(str_from(key.p, dot), row->key))
            return row;
    }
    return NULL;
}

static const char *text_of(const struct sink_class *class, const struct sink_param *row,
                           const struct sink_sources *from)
{
    const char *text = row->dflt;
    const char *more = from->setting ? from->setting(from->arg, class->name, row->key) : NULL;

    text = more ? more : text;
    more = row->env && from->env ? from->env(from->arg, row->env) : NULL;
    text = more && more[0] ? more : text;
    for (size_t i = 0; i < from->query->n; i++) {
        if (strcmp(from->query->items[i].name, row->key) == 0)
            text = from->query->items[i].value;
    }
    return text;
}

static void collect_pairs(const struct sink_param *row, const struct sink_sources *from,
                          struct arena *arena, void *options)
{
    struct sink_pairs *pairs = (struct sink_pairs *)((char *)options + row->offset);
    size_t n_key = strlen(row->key);

    *pairs = (struct sink_pairs){.items = arena_new_n(arena, struct sink_pair, from->query->n + 1)};
    for (size_t i = 0; i < from->query->n; i++) {
        const struct sink_pair *p = &from->query->items[i];

        if (strncmp(p->name, row->key, n_key) == 0 && p->name[n_key] == '.')
            pairs->items[pairs->n++] = (struct sink_pair){p->name + n_key + 1, p->value};
    }
}

/* Adds which setting it was to the words of the fault. */
static int wrong(const struct sink_class *class, const struct sink_param *row)
{
    scoped(freep) char *why = xstrdup(fault_text());

    return fault(FAULT_EXIT(104), "output %s: %s: %s", class->name, row->key, why);
}

static int unknown(const struct sink_class *class, const char *key)
{
    const char *near = class->n_params ? opt_nearest(key, &class->params[0].key, class->n_params,
                                                     sizeof(class->params[0]))
                                       : NULL;

    return fault(FAULT_EXIT(104), "output %s: it has no setting \"%s\"%s%s%s", class->name, key,
                 near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

int sink_params_read(const struct sink_class *class, const struct sink_sources *from,
                     struct arena *arena, void *options)
{
    for (size_t i = 0; i < from->query->n; i++) {
        if (!sink_param_find(class, str_of(from->query->items[i].name)))
            return unknown(class, from->query->items[i].name);
    }
    for (size_t i = 0; i < class->n_params; i++) {
        const struct sink_param *row = &class->params[i];
        const char *text = text_of(class, row, from);

        if (row->type == SINK_PAIRS) {
            collect_pairs(row, from, arena, options);
        } else if (text && set(row, from, text, arena, options)) {
            return wrong(class, row);
        }
    }
    return 0;
}

/* ---- what may be shown ---- */

static bool is_secret(const struct sink_class *class, const char *key)
{
    const struct sink_param *row = sink_param_find(class, str_of(key));

    return !row || row->type == SINK_SECRET || row->type == SINK_PAIRS;
}

static void put_encoded(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '&' || *text == '%' || *text == '=') {
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
        } else {
            buf_putc(out, *text);
        }
    }
}

/* A URL without the user and password before its @. */
static void put_arg(struct buf *out, const char *arg)
{
    const char *scheme = strstr(arg, "://");
    const char *host = scheme ? scheme + 3 : arg;
    size_t n_authority = strcspn(host, "/");
    const char *at = NULL;

    for (size_t i = 0; i < n_authority; i++)
        at = host[i] == '@' ? host + i : at;
    if (!at) {
        buf_puts(out, arg);
        return;
    }
    buf_put(out, arg, (size_t)(host - arg));
    buf_puts(out, at + 1);
}

const char *sink_public_spec(const struct sink_class *class, const char *arg,
                             const struct sink_pairs *query, struct arena *arena)
{
    struct buf out = {0};
    char mark = '?';

    buf_puts(&out, class->name);
    if (arg) {
        buf_putc(&out, '=');
        put_arg(&out, arg);
    }
    for (size_t i = 0; i < query->n; i++) {
        if (is_secret(class, query->items[i].name))
            continue;
        buf_putc(&out, mark);
        put_encoded(&out, query->items[i].name);
        buf_putc(&out, '=');
        put_encoded(&out, query->items[i].value);
        mark = '&';
    }
    const char *spec = arena_str(arena, buf_str(&out)).p;

    buf_fini(&out);
    return spec;
}
