#pragma once
/*
 * POST /swarm of Locust's web API: the form, checked, and its answer. What cannot be is told with
 * status 200 and "success": false, in Locust's words, because its clients look there.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct web_answer;

enum {
    WEB_SWARM_USERS_MAX = 1000000,
};

/* What is wanted. Strings are in the arena, each followed by a zero byte. */
struct web_swarm {
    bool has_users, has_rate; /* neither is needed with a shape */
    uint64_t users;
    double rate;         /* users a second, > 0 */
    struct str host;     /* without < and >; n 0: not given */
    uint64_t run_time;   /* seconds; 0: not given */
    struct str *classes; /* of users; n_classes 0: not given */
    size_t n_classes;
    struct str fields; /* all fields as JSON, [["NAME","VALUE"], ...], for the script's options */
};

enum web_swarm_needs {
    WEB_SWARM_NEEDS_USERS, /* their number and rate must be there */
    WEB_SWARM_HAS_SHAPE,   /* a LoadTestShape says them */
};

/* Reads the form. Returns 0, or -EINVAL with a text for the client. */
MUST_USE int web_swarm_read(struct arena *arena, struct str body, enum web_swarm_needs needs,
                            struct web_swarm *ret_swarm);

/* "20", "20s", "3m", "2h", "1h20m", "3h30m10s". Returns 0 or -EINVAL. */
MUST_USE int web_swarm_span(struct str text, uint64_t *ret_seconds);

/* What is answered beside the message. */
struct web_swarm_answer {
    const char *host;           /* of the test; NULL or "": null */
    const char *shape;          /* the class of a LoadTestShape that runs; NULL: none */
    bool has_picker;            /* classes were chosen among many, and are told: */
    const char *const *classes; /* all of them, n_classes, which run when none was chosen */
    size_t n_classes;
};

void web_swarm_answer(const struct web_swarm *swarm, const struct web_swarm_answer *about,
                      struct web_answer *a);

/* It was not done. */
void web_swarm_refuse(const char *why, const char *host, struct web_answer *a);
