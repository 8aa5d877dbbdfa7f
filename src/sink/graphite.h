#pragma once
/*
 * Points in the three forms in which Graphite takes them: lines, pickles, and the JSON of Grafana
 * Cloud. Pure. Nothing illegal is ever written: carbon would store a series with a bad tag, and
 * graphite-web then refuses to index it and its neighbours; Grafana Cloud refuses a batch whole.
 *
 *   names   [A-Za-z0-9_.:-], others become '_'; no dots at the ends, none doubled, no '~' in front
 *   keys    [A-Za-z0-9_], others become '_'; "name" is reserved and becomes "name_"; no key begins
 *           and ends with two underscores
 *   values  valid UTF-8 (other bytes become '_'), no ';', no control characters, no '~' in front;
 *           empty ones are left out with their key
 *   values for carbon also have no kind of white space, which it splits lines at, and no '"', which
 *           it may take for another notation; at most 191 bytes (columns of graphite-web)
 *   values for Grafana Cloud have at most 2048 bytes
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "metric/tagset.h"

enum graphite_form {
    GRAPHITE_LINE,   /* "name;k=v 1 1700000000\n" */
    GRAPHITE_PICKLE, /* one (path, (time, value)), without the list around it */
    GRAPHITE_JSON,   /* one object, without the array around it */
};

enum graphite_tags {
    GRAPHITE_TAGS,  /* ";k=v" */
    GRAPHITE_PATHS, /* ".k.v": for those who have no tags; dots in values become '_' */
};

struct graphite_style {
    enum graphite_form form;
    enum graphite_tags tags;
    struct str prefix; /* before names, with a dot between; n 0: none */
    uint32_t interval; /* JSON: seconds from one point to the next, not 0 */
};

struct graphite_point {
    struct str name;
    struct str suffix; /* "p95", becomes the last part of the name; n 0: none */
    const struct tag *tags;
    size_t n_tags;
    double value;
    int64_t time; /* Unix seconds */
};

/* Appends it. False, and nothing is appended: the value is not finite, or nothing is left of the
 * name. */
bool graphite_put(const struct graphite_style *style, const struct graphite_point *p,
                  struct buf *out);

/* The hygiene alone. Append; a name or value of which nothing is left appends nothing. */
void graphite_put_name(struct buf *out, struct str name);
void graphite_put_key(struct buf *out, struct str key);
void graphite_put_value(struct buf *out, struct str value, enum graphite_form form);

enum {
    GRAPHITE_PICKLE_POINTS = 500, /* in one message: what carbon's own relay sends */
    GRAPHITE_JSON_POINTS = 500,   /* in one request to Grafana Cloud */
};

/* A message of pickled points: its length, the list, and the end. `points` is their bytes. */
void graphite_frame_pickle(struct buf *out, struct str points);
