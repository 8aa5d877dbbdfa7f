#pragma once
/*
 * The labels of a point while they are put together: an own list, and room for words that are made
 * up on the way. Zeroed memory is an empty set. Strings that are put in are borrowed until the set
 * is reset.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "metric/tagset.h"

struct label_set {
    struct tag *items;
    size_t n, cap;
    struct arena words;
};

void label_set_fini(struct label_set *set);
void label_set_reset(struct label_set *set);

bool label_has(const struct label_set *set, struct str key);

/* Adds one, unless its value is empty or its key is there already. */
void label_put(struct label_set *set, const char *key, struct str value);

/* The same for an empty value. */
void label_put_empty(struct label_set *set, const char *key);

/* Adds the tag called `tag`, if the tag set has it, as `label`. */
void label_put_tag(struct label_set *set, const char *label, const struct tagset *tags,
                   const char *tag);

/*
 * Adds all tags that are not empty, under names that Prometheus takes: what is none of
 * [a-zA-Z0-9_] becomes '_', and names that mean something there (le, quantile, __x) or begin with a
 * digit get "tag_" in front. Two that become the same are told apart by _2, _3 and so on.
 */
void label_put_all(struct label_set *set, const struct tagset *tags);

/* By key, as points want them. */
void label_sort(struct label_set *set);

/* Order of two lists of labels: by values in the order of keys. */
int label_cmp(const struct tag *a, size_t n_a, const struct tag *b, size_t n_b);

/* The value of a label; n 0 when there is none. */
struct str label_value(const struct tag *labels, size_t n, const char *key);
