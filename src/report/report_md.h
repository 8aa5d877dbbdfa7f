#pragma once
/*
 * A run as Markdown, short enough for a comment on a pull request: how it ended, the headline
 * figures beside those of a baseline, thresholds, failed checks, the slowest endpoints, errors.
 * Names of others are shown as they are and never become markup.
 */
#include "base/buf.h"

struct comparison;
struct report;

/* What to compare with; either may be NULL. */
struct report_md_baseline {
    const struct report *report;         /* whose figures are set beside */
    const struct comparison *comparison; /* with it: says what is more than chance */
};

void report_md_put(const struct report *r, const struct report_md_baseline *baseline,
                   struct buf *out);
