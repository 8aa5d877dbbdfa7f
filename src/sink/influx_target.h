#pragma once
/*
 * Where InfluxDB is and how to speak to it: what the user said, as URLs and headers.
 *
 *   influxdb      http://user:password@host:8086/prefix/DATABASE, or udp://host:port; version 2
 * when a token or a bucket is given xk6-influxdb  http://host:8086[/BUCKET], always version 2
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "sink/endpoint.h"
#include "sink/influx_answer.h"

/* What a user can say, filled in by the sink's table. NULL or "": not said. */
struct influx_options {
    const char *addr; /* when the sink has no argument */
    const char *db;
    const char *username, *password;
    const char *bucket, *org, *token;
    const char *version; /* "auto", "1", "2" */
    const char *samples; /* "all", "aggregate" */
    const char *precision;
    const char *consistency;
    const char *retention;
    const char *tags_as_fields;
    const char *proxy;
    int64_t concurrent_writes;
    int64_t payload_size; /* bytes of a datagram */
    span_ns push_interval;
    bool insecure;
    bool gzip;
};

/* Zeroed memory is an empty one. Strings are owned, NULL when not needed. */
struct influx_target {
    enum influx_version version;
    bool is_udp;
    struct endpoint endpoint; /* UDP */
    char *write_url;
    char *query_url;     /* version 1: where databases are created */
    char *create;        /* the body of that request; NULL: nothing to create */
    char *authorization; /* value of the header */
    span_ns unit;        /* of times, in words the precision */
};

enum influx_dialect {
    INFLUX_DIALECT_K6,  /* of k6's own output */
    INFLUX_DIALECT_XK6, /* of its extension for version 2 */
};

/*
 * Makes a target of what was said; `arg` is what followed the `=`, or NULL. With `exact` the
 * server is told the unit of the times, otherwise they are in nanoseconds. Returns 0 or
 * FAULT_EXIT(104).
 */
MUST_USE int influx_target_init(struct influx_target *t, const struct influx_options *options,
                                enum influx_dialect dialect, const char *arg, bool exact);
void influx_target_fini(struct influx_target *t);
