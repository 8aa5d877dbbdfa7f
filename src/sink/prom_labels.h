#pragma once
/*
 * Names and labels as Prometheus takes them. Our own come from users' scripts and from vocabularies
 * with dots in them: they are mended here rather than refused by a receiver, which would refuse all
 * points beside them too.
 */
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "metric/tagset.h"

/*
 * The labels of one series: sorted by name, names unique and of [a-zA-Z_][a-zA-Z0-9_]*, values
 * UTF-8 and not empty. Zeroed memory is empty.
 */
struct prom_labels {
    struct tag *items;
    size_t n, cap;
    struct arena arena; /* of what had to be mended */
};

void prom_labels_fini(struct prom_labels *l);

/* Forgets what was there. */
void prom_labels_reset(struct prom_labels *l);

/*
 * Adds a label. Bytes that do not belong into a name become _, as does the first of two leading
 * ones, which are reserved; bytes that are not UTF-8 become U+FFFD. An empty value is no label.
 * What needs no mending is borrowed.
 */
void prom_labels_add(struct prom_labels *l, struct str name, struct str value);

/* After the last one: sorts. Names that became equal are one label with both values, `a;b`. */
void prom_labels_end(struct prom_labels *l);

/* All of it for a list of tags; a tag named `reserved` (NULL: none) becomes exported_NAME. */
void prom_labels_set(struct prom_labels *l, const struct tag *tags, size_t n, const char *reserved);

/* The name of a metric, [a-zA-Z_:][a-zA-Z0-9_:]*; mended in `arena`. */
struct str prom_metric_name(struct arena *arena, struct str name);

/* Text as UTF-8; mended in `arena`. */
struct str prom_utf8(struct arena *arena, struct str text);
