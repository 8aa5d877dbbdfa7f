#pragma once
/* Grafana's HTTP API, as far as dashboards, folders, data sources and annotations need it. All
 * calls are made on a coroutine (cli/http_ask.h). */
#include <jansson.h>

#include "base/buf.h"
#include "base/opt.h"

struct grafana {
    const char *url, *token_file; /* options */
    char *base;                   /* the address without a slash; owned */
    struct buf auth;              /* value of the header, or empty */
};

/* clang-format off */
#define GRAFANA_ROWS(at)                                                                           \
    {.name = "grafana", .type = OPT_STRING, .value_name = "URL", .env = "BRUNT_GRAFANA_URL",       \
     .offset = (at) + offsetof(struct grafana, url),                                               \
     .help = "Grafana's address, with the path it is served below (default http://localhost:3000)"}, \
    {.name = "token-file", .type = OPT_STRING, .value_name = "FILE", .hint = OPT_HINT_FILE,        \
     .offset = (at) + offsetof(struct grafana, token_file),                                        \
     .help = "a file whose first line is a service account's token, or user:password; without it " \
             "BRUNT_GRAFANA_TOKEN has it"}
/* clang-format on */

/* Reads address and secret. Returns 0 or FAULT_EXIT(104). grafana_fini() is due whatever it
 * returned. */
MUST_USE int grafana_open(struct grafana *g);
void grafana_fini(struct grafana *g);

struct grafana_answer {
    int status;
    json_t *body;      /* NULL: no JSON */
    char message[400]; /* Grafana's, or ""; never with what would steer a terminal */
    char kind[40];     /* "status" of a 412: "version-mismatch" */
};

void grafana_answer_fini(struct grafana_answer *a);

/*
 * Calls. `body` (NULL: none) is borrowed. Returns 0 for any status but 401, which is a fault
 * -EACCES in words; -EIO when there is no answer.
 */
MUST_USE int grafana_call(struct grafana *g, const char *method, const char *path,
                          const json_t *body, struct grafana_answer *ret_answer);

/* A fault for an answer that is none of those expected: "WHAT: status 500: words"; 403 says which
 * rights it takes. */
int grafana_fault(const struct grafana_answer *a, const char *what);
