#pragma once
/*
 * InfluxDB's line protocol: `measurement,tag=value field=1 1700000000000000000`. Pure: appends to a
 * buffer, and never anything that a server of version 1 or 2 would refuse or read otherwise.
 *
 *   comma, space and (not in measurements) equals are escaped by a backslash
 *   control characters become spaces: the protocol has no way to write them
 *   a backslash that would escape what follows, at the end or before one of those, becomes a slash
 *   empty keys and tags of empty value are left out
 *   NaN and the infinities are not written
 *   reserved keys ("time", "_field", "_measurement") get an underscore behind them
 *
 * A line is begun, gets its tags, then its fields, and is ended; the part up to the fields is what
 * a server tells series apart by.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

enum {
    LINE_VALUE_BYTES = 4096, /* of one tag's value; cut between characters */
    LINE_SERIES_BYTES =
        60000, /* measurement and tags: further tags are left out; servers: 65,535 */
};

struct line {
    struct buf *out;
    size_t start;    /* of the line in `out` */
    size_t n_fields; /* so far */
};

/* Begins a line with its measurement, which is not empty. */
struct line line_begin(struct buf *out, struct str measurement);

/* Tags sorted by key are the cheapest for servers. Before the first field. */
void line_tag(struct line *l, struct str key, struct str value);

/* Fields of several types; all but the first behind a comma. */
void line_f64(struct line *l, struct str key, double value);
void line_i64(struct line *l, struct str key, int64_t value);
void line_bool(struct line *l, struct str key, bool value);
void line_string(struct line *l, struct str key, struct str value);

/*
 * Ends the line with its time in the request's precision. False when it got no field: then it is
 * taken back, because such a line is an error.
 */
bool line_end(struct line *l, int64_t time);

/* "n", "u", "ms", "s", "m", "h" and their like ("ns", "us", "1ms"); false for another word. */
bool line_precision(struct str word, span_ns *ret_unit);

/* The word for a unit in requests of version 1 ("u") and 2 ("us"); NULL: version 2 has none. */
const char *line_precision_v1(span_ns unit);
const char *line_precision_v2(span_ns unit);
