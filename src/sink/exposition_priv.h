#pragma once
/* One scrape being written, for the files of each format. */
#include <stdbool.h>

#include "base/table.h"
#include "sink/exposition.h"
#include "sink/prom_labels.h"

/* What a family is written as; the index of a row of names in each format. */
enum exposition_kind {
    EXPOSITION_COUNTER,
    EXPOSITION_GAUGE,
    EXPOSITION_HISTOGRAM,
    EXPOSITION_UNKNOWN, /* a counter whose name does not end in _total, to OpenMetrics */
};

struct exposition_set {
    uint64_t *slots; /* 0 is free; n_slots, a power of two */
    size_t n_slots, n;
};

struct exposition {
    struct exposition_options options;
    struct buf *out;
    size_t start; /* of ours in `out` */
    struct exposition_count count;

    /* The family at hand. */
    bool has_family, skip_family, has_metadata;
    struct buf raw_name; /* as the points have it */
    enum point_kind raw_kind;
    struct buf name, unit, help; /* mended; without _total for OpenMetrics */
    enum exposition_kind kind;
    const struct exposition_bounds *bounds;
    char le[EXPOSITION_BOUNDS_MAX][EXPOSITION_LE_BYTES];
    struct buf family_message; /* protobuf: its points so far */

    struct table taken;         /* names of samples of all families */
    struct exposition_set seen; /* label sets of the family, hashed */
    struct prom_labels labels;  /* of the point at hand */
    struct arena arena;
};

/* exposition_text.c: the family's comment lines, and a point's samples. */
void exposition_text_family(struct exposition *x);
void exposition_text_point(struct exposition *x, const struct point *p);

/* exposition_protobuf.c: a point into family_message, and the message when it is complete. */
void exposition_protobuf_point(struct exposition *x, const struct point *p);
void exposition_protobuf_family(struct exposition *x);
