#pragma once
/*
 * How people say where OTLP goes: the addresses and lists of the OpenTelemetry specification's
 * environment variables ("OTLP Exporter Configuration", "Resource SDK"), and k6's. Pure functions;
 * what they return lives in the arena.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "metric/tagset.h"

#define OTLP_ENDPOINT_DEFAULT "http://127.0.0.1:4318"

/* Each may be NULL or "". The first one that is not counts. */
struct otlp_endpoints {
    const char *base;    /* "http://host:4318": /v1/metrics is appended, unless it is there */
    const char *metrics; /* a whole URL */
    const char *host;    /* k6's: "host:4318", without scheme */
    const char *path;    /* k6's, behind `host`; empty: /v1/metrics */
    bool plain;          /* `host` speaks HTTP without TLS */
};

/* The URL that metrics are posted to. Returns 0 or FAULT_EXIT(104). */
MUST_USE int otlp_url(struct arena *arena, const struct otlp_endpoints *e, const char **ret_url);

/*
 * "key=value,key2=value2", percent-encoded; `what` names the list in messages. A key given twice
 * keeps the last value. Returns 0 or FAULT_EXIT(104).
 */
MUST_USE int otlp_list_parse(struct arena *arena, const char *what, struct str text,
                             struct tag **ret_items, size_t *ret_n);

/* Whether a header can be sent: a token, and a value on one line. */
bool otlp_header_fits(struct str name, struct str value);
