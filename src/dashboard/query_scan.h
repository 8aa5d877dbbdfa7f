#pragma once
/*
 * Finds the parts of a query that can be asked for by themselves, in four languages. Nothing is
 * understood beyond that: what cannot be made out is passed over. Views are into the text.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum {
    SCAN_MATCHERS_MAX = 24,
    SCAN_STEPS_MAX = 40,
};

/* Where the string, comment or bracket that begins at text[i] ends (behind it), or i + 1. */
size_t scan_skip(struct str text, size_t i);

bool scan_is_word(char c);

/* The next part before `sep` that is in no string and no bracket; false at the end. */
bool scan_split(struct str *rest, char sep, struct str *ret_part);

/* ---- PromQL ---- */

struct scan_selector {
    struct str text;  /* name{matchers} */
    struct str name;  /* may be empty */
    struct str range; /* "5m" of [5m], or empty */
    struct str matchers[SCAN_MATCHERS_MAX];
    size_t n_matchers;
};

/* The next vector selector from *at on; *at moves behind it. */
bool scan_promql(struct str text, size_t *at, struct scan_selector *ret);

/* ---- InfluxQL ---- */

struct scan_select {
    struct str columns;
    struct str from;                          /* as written */
    struct str name;                          /* the measurement without quotes; empty: a pattern */
    struct str conditions[SCAN_MATCHERS_MAX]; /* joined by AND */
    size_t n_conditions;
};

/* The innermost SELECT. False: there is none. */
bool scan_influxql(struct str text, struct scan_select *ret);

/* ---- Flux ---- */

struct scan_chain {
    struct str steps[SCAN_STEPS_MAX]; /* "from(...)", "range(...)", ... without "|>" */
    size_t n_steps;
    size_t start, end; /* in the text */
};

/* The next chain that begins with from(), from *at on. */
bool scan_flux(struct str text, size_t *at, struct scan_chain *ret);

/* ---- Graphite ---- */

struct scan_series {
    struct str path;                    /* "a.b.*", or empty */
    struct str tags[SCAN_MATCHERS_MAX]; /* "name=x", of seriesByTag() */
    size_t n_tags;
};

/* The next series from *at on. */
bool scan_graphite(struct str text, size_t *at, struct scan_series *ret);
