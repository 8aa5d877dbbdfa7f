#pragma once
/*
 * A run as JUnit XML, as CI systems read it (docs/reports.md): a suite of thresholds, one of checks
 * for each scenario, and one of the run itself, with how it ended and what its generator says.
 * Well-formed XML 1.0 in UTF-8 for any bytes in names.
 */
#include "base/buf.h"

struct report;

void report_junit_put(const struct report *r, struct buf *out);
