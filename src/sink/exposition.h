#pragma once
/*
 * What Prometheus reads when it scrapes: the text format 0.0.4, OpenMetrics 1.0, and the protobuf
 * format, the only one that carries native histograms.
 *
 *   struct exposition *x = exposition_new(&options, out);
 *   exposition_point(x, p) for each point, families in a row
 *   exposition_free(x) after exposition_end(x)
 *
 * No sample is given twice and no two families have samples of one name, whatever comes in: what
 * would break that is left out and counted.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "vocab/point.h"

enum exposition_format {
    EXPOSITION_TEXT,
    EXPOSITION_OPENMETRICS,
    EXPOSITION_PROTOBUF,
};

/*
 * The format that an Accept header asks for: the one with the highest q, the first of equals.
 * EXPOSITION_TEXT when it names none of ours. Any bytes may be given.
 */
enum exposition_format exposition_negotiate(struct str accept);

/* Its Content-Type; static. */
const char *exposition_type(enum exposition_format format);

enum {
    EXPOSITION_BOUNDS_MAX = 64,
};

/* Upper bounds of classic buckets, ascending, without +Inf. */
struct exposition_bounds {
    double upper[EXPOSITION_BOUNDS_MAX];
    size_t n;
};

/* Those of families of seconds, unless others are asked for: 1 ms to 1 min. */
extern const struct exposition_bounds exposition_seconds;

/*
 * Reads "0.1,0.25,1". Returns 0, or FAULT_EXIT(104) unless they are finite, ascending and not too
 * many.
 */
MUST_USE int exposition_bounds_parse(struct str list, struct exposition_bounds *ret_bounds);

/* Those of a family of that unit, where families of seconds have `seconds`. */
const struct exposition_bounds *exposition_bounds_of(struct str unit,
                                                     const struct exposition_bounds *seconds);

/*
 * How many samples are at most at each bound, a sample times `factor` being in the bounds' unit.
 * Our buckets are 0.27 % wide: the samples of the one that a bound cuts through are not counted.
 */
void exposition_cumulate(const struct exposition_bounds *bounds, const struct hist *h,
                         double factor, uint64_t ret_counts[EXPOSITION_BOUNDS_MAX]);

enum {
    EXPOSITION_LE_BYTES = 32,
};

/* A bound as the value of `le`: the fewest digits, in the manner of %g; OpenMetrics wants a point
 * or an exponent in it. */
void exposition_le(double bound, enum exposition_format format, char ret_text[EXPOSITION_LE_BYTES]);

struct exposition_options {
    enum exposition_format format;
    const struct exposition_bounds *seconds; /* for families of seconds */
    int schema;                              /* of native histograms, sink/native_hist.h */
    size_t max_bytes;                        /* of the whole; 0: 128 MiB */
};

struct exposition;

/* Appends to `out`, which must have room for max_bytes. */
struct exposition *exposition_new(const struct exposition_options *options, struct buf *out);
void exposition_free(struct exposition *x); /* accepts NULL */

/* A point_fn: `arg` is the struct exposition. */
void exposition_point(void *arg, const struct point *p);

/* After the last point. */
void exposition_end(struct exposition *x);

/* What was written, and what was left out. */
struct exposition_count {
    uint64_t points;
    uint64_t clashes;   /* points whose name or labels were taken */
    uint64_t too_large; /* points beyond max_bytes */
};

struct exposition_count exposition_counts(const struct exposition *x);
