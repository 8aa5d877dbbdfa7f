#pragma once
/*
 * Why a query gives nothing. Its parts are asked for by themselves: the metric alone, then with one
 * matcher after another, until the one is found that takes everything away.
 */
#include "dashboard/query_ask.h"

/* Appends a sentence without full stop. `answer` is the empty one. */
void query_why(struct query_servers *s, enum query_kind kind, struct str text,
               const struct query_span *span, const struct query_answer *answer, struct buf *out);
