/* Lists of labels, and the names that tags have as labels. */
#include "metric/label_set.h"

#include <assert.h>

#include "base/mem.h"

void label_set_fini(struct label_set *set)
{
    free(set->items);
    arena_fini(&set->words);
    *set = (struct label_set){0};
}

void label_set_reset(struct label_set *set)
{
    set->n = 0;
    arena_reset(&set->words);
}

bool label_has(const struct label_set *set, struct str key)
{
    for (size_t i = 0; i < set->n; i++) {
        if (str_eq(set->items[i].key, key))
            return true;
    }
    return false;
}

static void put(struct label_set *set, struct str key, struct str value)
{
    if (!label_has(set, key))
        vec_push(set->items, set->n, set->cap) = (struct tag){key, value};
}

void label_put(struct label_set *set, const char *key, struct str value)
{
    if (value.n)
        put(set, str_of(key), value);
}

void label_put_empty(struct label_set *set, const char *key)
{
    put(set, str_of(key), STR(""));
}

void label_put_tag(struct label_set *set, const char *label, const struct tagset *tags,
                   const char *tag)
{
    struct str value;

    if (tagset_get(tags, str_of(tag), &value))
        label_put(set, label, value);
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ascii_digit(c) || c == '_';
}

static bool is_reserved(struct str key)
{
    return key.n == 0 || ascii_digit(key.p[0]) || str_starts(key, STR("__")) || str_is(key, "le") ||
           str_is(key, "quantile");
}

static bool is_clean(struct str key)
{
    for (size_t i = 0; i < key.n; i++) {
        if (!is_word(key.p[i]))
            return false;
    }
    return !is_reserved(key);
}

/* The name of a tag as a label; words are the set's. */
static struct str clean(struct label_set *set, struct str key)
{
    if (is_clean(key))
        return key;
    char *p = arena_alloc(&set->words, key.n + 1);
    struct str copy = str_from(p, key.n);

    for (size_t i = 0; i < key.n; i++)
        p[i] = (char)(is_word(key.p[i]) ? key.p[i] : '_');
    if (is_reserved(copy))
        return str_of(arena_printf(&set->words, "tag_%.*s", STR_ARG(copy)));
    return copy;
}

/* The same with a number behind it that makes it the only one of its name. */
static struct str number(struct label_set *set, struct str key, const struct tagset *tags)
{
    struct str name = key;

    for (unsigned i = 2; label_has(set, name) || tagset_get(tags, name, NULL); i++)
        name = str_of(arena_printf(&set->words, "%.*s_%u", STR_ARG(key), i));
    return name;
}

void label_put_all(struct label_set *set, const struct tagset *tags)
{
    for (uint32_t i = 0; i < tags->n; i++) {
        const struct tag *t = &tags->tags[i];
        struct str key;

        if (t->value.n == 0)
            continue;
        key = clean(set, t->key);
        if (key.p != t->key.p)
            key = number(set, key, tags);
        put(set, key, t->value);
    }
}

static int cmp_key(const void *a, const void *b)
{
    return str_cmp(((const struct tag *)a)->key, ((const struct tag *)b)->key);
}

void label_sort(struct label_set *set)
{
    if (set->n > 1)
        qsort(set->items, set->n, sizeof(*set->items), cmp_key);
}

int label_cmp(const struct tag *a, size_t n_a, const struct tag *b, size_t n_b)
{
    for (size_t i = 0; i < n_a && i < n_b; i++) {
        int r = str_cmp(a[i].key, b[i].key);

        /* A label that the other has not is as if it were empty there. */
        r = r ? -r : str_cmp(a[i].value, b[i].value);
        if (r)
            return r;
    }
    return (n_a > n_b) - (n_a < n_b);
}

struct str label_value(const struct tag *labels, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++) {
        if (str_is(labels[i].key, key))
            return labels[i].value;
    }
    return STR("");
}
