/*
 * A source is a table of values read when the program starts; all their values are secret from then
 * on, used or not.
 */
#include "cli/secrets.h"

#include <errno.h>

#include "base/mem.h"
#include "base/redact.h"
#include "base/table.h"
#include "cli/cli.h"
#include "script/script.h"

struct source {
    char *name;
    struct table values; /* key → heap string */
};

struct secrets {
    struct source *sources;
    size_t n_sources, cap_sources;
    size_t default_at;
    bool has_default;
};

static void add_value(struct source *s, struct redact *redact, struct str key, struct str value)
{
    redact_secret(redact, value);
    free(table_set(&s->values, key, xstrndup(value.n ? value.p : "", value.n)));
}

/* Lines of key=value; empty ones and those that begin with # are passed over. */
static int read_file(struct source *s, struct redact *redact, struct str path)
{
    scoped(freep) char *name = xstrndup(path.n ? path.p : "", path.n);
    struct buf data = BUF_INIT(16 << 20);
    int r = cli_read_file(name, &data);
    struct str rest = buf_str(&data), line;
    size_t n_line = 0;

    while (r == 0 && str_split(&rest, '\n', &line)) {
        line = str_trim(line);
        n_line++;
        size_t at = str_find(line, '=');

        if (!line.n || line.p[0] == '#')
            continue;
        if (at == line.n)
            r = fault(-EINVAL, "%s:%zu: a secret is written as key=value", name, n_line);
        else
            add_value(s, redact, str_trim(str_from(line.p, at)),
                      str_trim(str_from_index(line, at + 1)));
    }
    buf_fini(&data);
    TRY(r);
    return 0;
}

/* What a specification says beside the values. */
struct spec {
    struct str type;
    struct str path;
    struct str name;
    bool is_default;
};

/* Takes one option of a specification. False when it is a value of the mock source. */
static bool take_option(struct spec *spec, struct str part)
{
    if (str_is(part, "default"))
        return spec->is_default = true;
    if (str_starts(part, STR("name="))) {
        spec->name = str_from_index(part, 5);
        return true;
    }
    if (str_is(spec->type, "mock"))
        return false;
    spec->path = str_starts(part, STR("filename=")) ? str_from_index(part, 9) : part;
    return true;
}

static int add_source(struct secrets *all, const struct spec *spec)
{
    for (size_t i = 0; i < all->n_sources; i++)
        if (str_is(spec->name, all->sources[i].name))
            return fault(-EINVAL,
                         "secret source '%.*s' is given twice; use name= to tell them apart",
                         STR_ARG(spec->name));
    if (spec->is_default && all->has_default)
        return fault(-EINVAL, "there are two default secret sources");
    struct source *s = &vec_push(all->sources, all->n_sources, all->cap_sources);

    s->name = xstrndup(spec->name.p, spec->name.n);
    if (spec->is_default) {
        all->has_default = true;
        all->default_at = all->n_sources - 1;
    }
    return 0;
}

static int parse_spec(struct spec *spec, struct str text)
{
    size_t at = str_find(text, '=');

    *spec = (struct spec){.type = str_from(text.p, at)};
    spec->name = spec->type;
    if (str_is(spec->type, "file") || str_is(spec->type, "mock"))
        return 0;
    if (str_is(spec->type, "url"))
        return fault(-ENOTSUP, "the secret source 'url' is not there yet; use file=PATH");
    return fault(-EINVAL, "unknown secret source '%.*s'; there are file and mock",
                 STR_ARG(spec->type));
}

static int open_one(struct secrets *all, struct str text, struct redact *redact)
{
    struct spec spec;
    struct str rest, part;
    struct source values = {0};

    TRY(parse_spec(&spec, text));
    rest = str_from_index(text, spec.type.n + 1);
    while (str_split(&rest, ',', &part)) {
        size_t at = str_find(part, '=');

        if (!take_option(&spec, part) && at < part.n)
            add_value(&values, redact, str_from(part.p, at), str_from_index(part, at + 1));
    }
    int r = add_source(all, &spec);

    if (r < 0) {
        table_fini(&values.values);
        TRY(r);
    }
    struct source *s = &all->sources[all->n_sources - 1];

    s->values = values.values;
    if (str_is(spec.type, "file"))
        TRY(read_file(s, redact, spec.path));
    return 0;
}

int secrets_open(const char *const *specs, size_t n_specs, struct redact *redact,
                 struct secrets **ret_secrets)
{
    struct secrets *all = n_specs ? xnew(struct secrets) : NULL;

    for (size_t i = 0; i < n_specs; i++) {
        int r = open_one(all, str_of(specs[i]), redact);

        if (r < 0) {
            secrets_free(all);
            TRY(r);
        }
    }
    if (all && all->n_sources == 1)
        all->has_default = true;
    *ret_secrets = all;
    return 0;
}

void secrets_free(struct secrets *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_sources; i++) {
        struct table_entry *e;

        table_each(e, &s->sources[i].values) {
            explicit_bzero(e->value, strlen(e->value));
            free(e->value);
        }
        table_fini(&s->sources[i].values);
        free(s->sources[i].name);
    }
    free(s->sources);
    free(s);
}

static const struct source *find(const struct secrets *s, struct str name)
{
    if (!name.n)
        return s->has_default ? &s->sources[s->default_at] : NULL;
    for (size_t i = 0; i < s->n_sources; i++)
        if (str_is(name, s->sources[i].name))
            return &s->sources[i];
    return NULL;
}

int secrets_get(void *arg, struct str source, struct str key, struct buf *ret_value)
{
    const struct secrets *all = arg;

    if (!all) {
        buf_puts(ret_value, "no secret sources are configured");
        return SCRIPT_E_REFUSED;
    }
    const struct source *s = find(all, source);

    if (!s && !source.n) {
        buf_puts(ret_value, "no default secret source is configured");
        return SCRIPT_E_REFUSED;
    }
    if (!s) {
        buf_printf(ret_value, "no secret source with name \"%.*s\" is configured", STR_ARG(source));
        return SCRIPT_E_REFUSED;
    }
    const char *value = table_get(&s->values, key);

    buf_puts(ret_value, value ? value : "no value");
    return value ? 0 : SCRIPT_E_REFUSED;
}
