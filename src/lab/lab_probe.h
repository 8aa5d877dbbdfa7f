#pragma once
/* Short questions to servers on this machine, over loopback, with the time they may take. */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"

struct buf;

/* Whether a server could listen on that port of 127.0.0.1 now. */
bool lab_port_is_free(uint16_t port);

/* A port that is free now, other than those in `taken`; 0: none was found. */
uint16_t lab_port_pick(const uint16_t *taken, size_t n_taken);

/* Whether somebody accepts connections there. */
bool lab_probe_tcp(uint16_t port, span_ns timeout);

struct lab_request {
    uint16_t port;
    const char *path;
    const char *body; /* NULL: GET, otherwise POST */
    const char *type; /* of the body */
    span_ns timeout;
};

/*
 * The status of the answer, or 0 when there was none in time. Its body, as far as it came and up to
 * 64 KiB, goes into *ret_body unless that is NULL.
 */
int lab_probe_http(const struct lab_request *request, struct buf *ret_body);
