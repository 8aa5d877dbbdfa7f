#pragma once
/*
 * Who may call. A browser must not become the way to us for pages of strangers, so a request has to
 * come for a name of this machine (against DNS rebinding) and from a page of it; where a token is
 * set, it has to be there. What changes something is looked at more closely.
 */
#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct web_answer;

/* Headers of a request; empty: not sent. */
struct web_caller {
    struct str method;
    struct str path;
    struct str host, origin, authorization;
    struct str fetch_site;   /* Sec-Fetch-Site */
    struct str content_type; /* looked at under /api/ */
    bool has_body;
};

enum web_policy {
    WEB_POLICY_LOCAL,  /* Host and Origin are of this machine, or the token is there */
    WEB_POLICY_PUBLIC, /* for whoever reaches the address; for what cannot change anything */
    WEB_POLICY_OPEN,   /* the same, and it can: but a browser's page has to be our own */
};

struct web_guard {
    enum web_policy policy;
    const char *token;   /* NULL or "": none */
    const char *option;  /* that sets it, for messages: "--address-token" */
    bool has_open_files; /* paths beyond /api/ and /v1/ are no secret: they need no token */
    bool gets_change;    /* GET may change something, but for a page, whose path ends in a slash */
};

/* Makes the answer to one who may not call; false when he may. */
bool web_guard_refuses(const struct web_guard *g, const struct web_caller *c,
                       struct web_answer *ret_answer);

/* Whether a method only reads. */
bool web_is_reading(struct str method);

/* Whether a Host header, or what follows the scheme of an Origin, names this machine itself. */
bool web_is_loopback_name(struct str host_port);

/* Whether an Origin header is that of a page that this machine itself serves. */
bool web_is_loopback_origin(struct str origin);

/* The host in "HOST:PORT" and "[v6]:PORT". */
struct str web_host_of(struct str host_port);
