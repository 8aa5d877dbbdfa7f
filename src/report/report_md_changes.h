#pragma once
/* What got better or worse against a baseline, as a part of report/report_md.h. */
#include "base/buf.h"

struct comparison;

/* Appends the verdict, the figures that changed, and what limits the comparison. */
void report_md_changes_put(const struct comparison *c, struct buf *out);
