#pragma once
/*
 * A run as Markdown, short enough for a comment on a pull request: how it ended, the headline
 * figures beside those of a baseline, thresholds, failed checks, the slowest endpoints, errors.
 * Names of others are shown as they are and never become markup.
 */
#include "base/buf.h"

struct report;

/* `baseline` may be NULL; otherwise the figures are set beside its. */
void report_md_put(const struct report *r, const struct report *baseline, struct buf *out);
