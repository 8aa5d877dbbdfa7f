#include "sink/prom_labels.h"

#include "base/mem.h"

enum name_kind {
    NAME_OF_METRIC,
    NAME_OF_LABEL,
};

void prom_labels_fini(struct prom_labels *l)
{
    free(l->items);
    arena_fini(&l->arena);
    *l = (struct prom_labels){0};
}

void prom_labels_reset(struct prom_labels *l)
{
    l->n = 0;
    arena_reset(&l->arena);
}

static bool fits(char c, size_t at, enum name_kind kind)
{
    char lower = ascii_lower(c);

    return (lower >= 'a' && lower <= 'z') || c == '_' || (at > 0 && ascii_digit(c)) ||
           (c == ':' && kind == NAME_OF_METRIC);
}

static bool name_is_good(struct str name, enum name_kind kind)
{
    for (size_t i = 0; i < name.n; i++) {
        if (!fits(name.p[i], i, kind))
            return false;
    }
    return name.n > 0;
}

static struct str mend_name(struct arena *arena, struct str name, enum name_kind kind)
{
    if (name_is_good(name, kind))
        return name;
    char *out = arena_alloc(arena, name.n + 2);
    size_t n = 0;

    if (name.n == 0 || ascii_digit(name.p[0]))
        out[n++] = '_';
    for (size_t i = 0; i < name.n; i++, n++)
        out[n] = (char)(fits(name.p[i], n, kind) ? name.p[i] : '_');
    return str_from(out, n);
}

struct str prom_metric_name(struct arena *arena, struct str name)
{
    return mend_name(arena, name, NAME_OF_METRIC);
}

static struct str label_name(struct arena *arena, struct str name)
{
    struct str mended = mend_name(arena, name, NAME_OF_LABEL);

    while (str_starts(mended, STR("__")))
        mended = str_from_index(mended, 1);
    return mended;
}

/* Where the first byte is that does not belong to UTF-8; text.n: nowhere. */
static size_t find_bad(struct str text, size_t from)
{
    const unsigned char *p = (const unsigned char *)text.p;
    size_t n;

    while (from < text.n && (n = utf8_length(p + from, text.n - from)) > 0)
        from += n;
    return from;
}

struct str prom_utf8(struct arena *arena, struct str text)
{
    static const char replacement[3] = "\xef\xbf\xbd";
    size_t at = find_bad(text, 0);

    if (at == text.n)
        return text;
    char *out = arena_alloc(arena, text.n * 3);
    size_t n = 0, done = 0;

    for (; at < text.n; at = find_bad(text, done)) {
        memcpy(out + n, text.p + done, at - done);
        n += at - done;
        memcpy(out + n, replacement, sizeof(replacement));
        n += sizeof(replacement);
        done = at + 1;
    }
    memcpy(out + n, text.p + done, text.n - done);
    return str_from(out, n + text.n - done);
}

void prom_labels_add(struct prom_labels *l, struct str name, struct str value)
{
    if (value.n == 0)
        return;
    vec_push(l->items, l->n, l->cap) = (struct tag){
        .key = label_name(&l->arena, name),
        .value = prom_utf8(&l->arena, value),
    };
}

/* By insertion: they are few, and were in order before mending. */
static void sort(struct tag *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct tag moving = items[i];
        size_t at = i;

        for (; at > 0 && str_cmp(items[at - 1].key, moving.key) > 0; at--)
            items[at] = items[at - 1];
        items[at] = moving;
    }
}

static struct str join(struct arena *arena, struct str a, struct str b)
{
    char *out = arena_alloc(arena, a.n + b.n + 1);

    memcpy(out, a.p, a.n);
    out[a.n] = ';';
    memcpy(out + a.n + 1, b.p, b.n);
    return str_from(out, a.n + b.n + 1);
}

void prom_labels_end(struct prom_labels *l)
{
    struct tag *items = l->items;
    size_t n = 0;

    sort(items, l->n);
    for (size_t i = 0; i < l->n; i++) {
        if (n && str_eq(items[n - 1].key, items[i].key)) {
            items[n - 1].value = join(&l->arena, items[n - 1].value, items[i].value);
        } else {
            items[n++] = items[i];
        }
    }
    l->n = n;
}

void prom_labels_set(struct prom_labels *l, const struct tag *tags, size_t n, const char *reserved)
{
    prom_labels_reset(l);
    for (size_t i = 0; i < n; i++) {
        struct str name = tags[i].key;

        if (reserved && str_is(name, reserved))
            name = str_of(arena_printf(&l->arena, "exported_%s", reserved));
        prom_labels_add(l, name, tags[i].value);
    }
    prom_labels_end(l);
}
