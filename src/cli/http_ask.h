#pragma once
/* Requests of commands that are no test: to the servers that dashboards look at, and to Grafana. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

enum {
    HTTP_ASK_HEADERS = 4,
};

/* Empty texts are left out. */
struct http_ask {
    const char *method;
    struct str url; /* all of it */
    struct str authorization, accept, content_type;
    struct str body;
    bool has_body;
    span_ns timeout; /* 0: 30 s */
};

/*
 * Carries it out on the running coroutine; appends the answer's body, whose buffer has its limit.
 * Returns 0 whatever the status, or a fault: -EINVAL for an URL that is none, -EIO when there was
 * no answer, -EFBIG when it is too large.
 */
MUST_USE int http_ask(const struct http_ask *ask, struct buf *ret_body, int *ret_status);

/* Runs `fn` on a coroutine of a loop of its own, until it returns. Returns what it did, with the
 * words of its fault. */
MUST_USE int http_ask_run(int (*fn)(void *arg), void *arg);

/*
 * Appends the value of an Authorization header for a secret: "user:password" is Basic, a value with
 * a scheme ("Bearer x") is taken as it is, anything else is a token of `scheme`.
 */
void http_ask_authorization(struct str secret, const char *scheme, struct buf *out);

/* Reads a secret: the first line of a file, or the environment's variable when `file` is NULL.
 * Returns 0, with nothing appended when there is none, or a fault. */
MUST_USE int http_ask_secret(const char *file, const char *variable, struct buf *out);

/* An address without the slashes at its end; a fault FAULT_EXIT(104) that names `option` when it
 * is none, or has a password in it. */
MUST_USE int http_ask_check_url(const char *option, struct str url);
