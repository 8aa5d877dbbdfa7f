#pragma once
/*
 * What a master tells, as measurements of a snapshot: for outputs that read metrics, and for the
 * history of runs. Requests, failures and users go to our own metrics (http_reqs, http_req_failed,
 * vus), for these Locust tells exactly. It tells no single response time and no distribution, only
 * quantiles since its start; so http_req_duration has nothing, and everything that Locust does tell
 * stands in gauges and counters of its names, locust_...
 */
#include "bridge/locust_points.h"
#include "metric/snapshot.h"

/*
 * Adds one source to the current tick of the snapshot. `registry` is the snapshot's; `now` is the
 * tick's time. The rows of `source->stats` have what was added (locust_tally_put).
 */
void locust_record(struct snapshot *snapshot, struct metric_registry *registry,
                   const struct locust_source *source, struct str namespace, mono_ns now);
