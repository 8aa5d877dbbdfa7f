#pragma once
/*
 * StatsD as bytes: lines `name:value|type|@rate`, with tags in one of the ways that servers read
 * them, and how many lines go into one datagram. Lines end with a newline, so that a batch of them
 * is a stream as it stands, and a packet but for its last byte. Pure functions.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "metric/tagset.h"
#include "metric/value.h"
#include "sink/batch.h"
#include "sink/endpoint.h"

/* How labels are written. */
enum statsd_tags {
    STATSD_TAGS_NONE,      /* left out */
    STATSD_TAGS_DOGSTATSD, /* name:1|c|#key:value,key:value */
    STATSD_TAGS_GRAPHITE,  /* name;key=value;key=value:1|c */
    STATSD_TAGS_INFLUX,    /* name,key=value,key=value:1|c, as Telegraf reads it */
};

/* "none|dogstatsd|graphite|influx"; false when it is none of these. */
bool statsd_tags_parse(struct str word, enum statsd_tags *ret_tags);

enum {
    STATSD_NAME_MAX = 200, /* bytes of a name; what is longer is cut */
};

struct statsd_line {
    struct str name, suffix; /* "brunt.http_req_duration", ".p95" */
    const char *type;        /* "c", "g", "ms", "h", "d" */
    double value;            /* finite */
    double rate;             /* of the samples that are sent, in (0, 1]; 0: all */
    const struct tag *labels;
    size_t n_labels;
};

/*
 * Appends a line, or two for a gauge below zero where the server needs a 0 first. Names and tags
 * are cleaned of what the server would not take or would read as something else.
 */
void statsd_put(struct buf *out, enum statsd_tags tags, const struct statsd_line *line);

/*
 * Where a packet ends that begins with point `from`: the number of the first point that no longer
 * fits into `max` bytes. One that is longer than that is alone in a packet.
 */
size_t statsd_packet(const struct batch_view *points, size_t from, size_t max);

/* The bytes of points [from, to), without the last newline. */
struct str statsd_packet_bytes(const struct batch_view *points, size_t from, size_t to);

/* ---- what a histogram becomes ---- */

struct statsd_stat {
    struct stat_name stat;
    char suffix[16]; /* ".p95", ".p999", ".avg" */
};

enum {
    STATSD_STATS_MAX = 16
};

struct statsd_stats {
    struct statsd_stat items[STATSD_STATS_MAX];
    size_t n;
};

/* Reads "avg,med,p(95)". Returns 0 or FAULT_EXIT(104). */
MUST_USE int statsd_stats_parse(struct str text, struct statsd_stats *ret_stats);

/* ---- where to ---- */

enum statsd_transport {
    STATSD_UDP,
    STATSD_TCP,
    STATSD_UNIX, /* datagrams */
};

enum {
    STATSD_PORT = 8125
};

struct statsd_address {
    enum statsd_transport transport;
    struct endpoint endpoint; /* of UDP and TCP */
    struct str path;          /* STATSD_UNIX: of the socket */
};

/*
 * Reads "host", "host:port", "udp://host:port", "tcp://host:port", "unix:///path"; `path` is
 * a view into `text`. Returns 0 or FAULT_EXIT(104).
 */
MUST_USE int statsd_address_parse(struct str text, struct statsd_address *ret_address);
