#pragma once
/*
 * Thresholds and their verdicts as JSON, as the run document and the store have them: an array of
 *
 *   {"metric": "http_req_duration", "source": "p(95)<500", "state": "passed", "stat": "p(95)",
 *    "op": "<", "limit": 500, "value": 412.5, "abort_on_fail": false}
 *
 * and where they are there "window_s", "after_s", "delay_abort_s", "min_samples", "samples",
 * "too_few", "worst_from_s", "worst_to_s", and "text" with what else there is to say in words.
 */
#include "base/json_out.h"
#include "metric/snapshot.h"
#include "metric/threshold.h"

void threshold_json_put(const struct thresholds *ts, struct json_out *j);

/*
 * Makes them again over a snapshot of the same run, which outlives them; verdicts are those of the
 * text. What cannot be read, or is of a metric that the snapshot has not, is left out.
 */
struct thresholds *threshold_json_read(struct str json, struct snapshot *snapshot);
