#pragma once
/* One function for each language, in a file of its own: appends a reason, or nothing. */
#include "dashboard/query_why.h"

struct why {
    struct query_servers *servers;
    const struct query_span *span;
    const struct query_answer *answer;
    struct buf *out;
};

void why_prometheus(struct why *w, struct str text);
void why_influxql(struct why *w, struct str text);
void why_flux(struct why *w, struct str text);
void why_graphite(struct why *w, struct str text);

enum {
    WHY_VALUES = 5, /* of a list that are named */
    WHY_VALUE_BYTES = 80,
    WHY_TEXT_BYTES = 160, /* of a query's part */
    WHY_PARTS_MAX = 40,   /* of one query that are asked for */
};

/* Collects what a list begins with, for a sentence. */
struct why_list {
    struct buf names; /* "a, b, c" */
    size_t n;         /* all of them */
    struct str look;  /* one that is looked for */
    bool found;
    struct str prefix; /* those that begin so are named first; or empty */
};

void why_list_add(void *arg, struct str value);
void why_list_fini(struct why_list *l);

/* Appends "a, b, c and 4 more". */
void why_list_put(const struct why_list *l, struct buf *out);

/* Appends a part of a query on one line, cut. */
void why_put(struct buf *out, struct str part);
