#pragma once
/* The servers that `brunt dashboard check` asks: from options to a struct query_servers. */
#include "base/opt.h"
#include "dashboard/query_ask.h"

/* One of each language. `url` is what was given; the rest is made by dashboard_servers_open(). */
struct dashboard_server {
    const char *url;
    char *base;      /* without query and slash; owned */
    struct buf auth; /* value of the header, or empty */
};

struct dashboard_servers {
    struct dashboard_server of[QUERY_N_KINDS];
    struct opt_list auth_files; /* "prometheus=FILE" */
    span_ns timeout;
    /* Made: */
    struct arena arena;
    struct query_servers servers;
};

/* The rows of options over a struct dashboard_servers at an offset, for a table of a command. */
/* clang-format off */
#define DASHBOARD_SERVER_ROWS(at)                                                                  \
    {.name = "prometheus", .type = OPT_STRING, .value_name = "URL", .env = "BRUNT_PROMETHEUS_URL", \
     .offset = (at) + offsetof(struct dashboard_servers, of[QUERY_PROMETHEUS].url), .group = "Servers", \
     .help = "the Prometheus, or what speaks its API, that panels are asked of"},                  \
    {.name = "influxdb", .type = OPT_STRING, .value_name = "URL[?db=NAME]", .env = "BRUNT_INFLUXDB_URL", \
     .offset = (at) + offsetof(struct dashboard_servers, of[QUERY_INFLUXQL].url), .group = "Servers", \
     .help = "InfluxDB 1, for InfluxQL; db is k6 when nothing is said, rp its retention policy"},  \
    {.name = "influxdb2", .type = OPT_STRING, .value_name = "URL?org=NAME&bucket=NAME", .env = "BRUNT_INFLUXDB2_URL", \
     .offset = (at) + offsetof(struct dashboard_servers, of[QUERY_FLUX].url), .group = "Servers",  \
     .help = "InfluxDB 2, for Flux"},                                                              \
    {.name = "graphite", .type = OPT_STRING, .value_name = "URL", .env = "BRUNT_GRAPHITE_URL",     \
     .offset = (at) + offsetof(struct dashboard_servers, of[QUERY_GRAPHITE].url), .group = "Servers", \
     .help = "graphite-web"},                                                                      \
    {.name = "auth-file", .type = OPT_LIST, .value_name = "SERVER=FILE", .group = "Servers",       \
     .offset = (at) + offsetof(struct dashboard_servers, auth_files),                              \
     .help = "a file whose first line is a token or user:password for prometheus, influxdb, influxdb2 or " \
             "graphite; without it BRUNT_PROMETHEUS_TOKEN, BRUNT_INFLUXDB_TOKEN, BRUNT_INFLUXDB2_TOKEN and " \
             "BRUNT_GRAPHITE_TOKEN have it"},                                                      \
    {.name = "timeout", .type = OPT_CALL, .call = cli_take_span, .value_name = "DURATION", .group = "Servers", \
     .offset = (at) + offsetof(struct dashboard_servers, timeout),                                 \
     .help = "how long one answer may take (default 30s)"}
/* clang-format on */

/* Reads addresses and secrets. Returns 0 or FAULT_EXIT(104). dashboard_servers_fini() is due
 * whatever it returned. */
MUST_USE int dashboard_servers_open(struct dashboard_servers *s);
void dashboard_servers_fini(struct dashboard_servers *s);
