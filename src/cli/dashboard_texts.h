#pragma once
/* Dashboards as a command line names them: files, folders with *.json below them, "-", names of
 * ours. */
#include "base/buf.h"
#include "base/err.h"
#include "dashboard/board.h"

/*
 * Calls `fn` with the text of each, in the order of the operands and by name within a folder. What
 * is no path is one of our own boards, in each of `dialects` that it is for. `label` is the path,
 * or the name. Returns 0, what `fn` returned, or a fault.
 */
typedef int(dashboard_text_fn)(void *arg, const char *label, struct str text);
MUST_USE int dashboard_texts(const char *const *operands, size_t n, dialect_set dialects,
                             dashboard_text_fn *fn, void *arg);
