#pragma once
/* Where a server listens: an address as users write it, looked up, and the socket there. */
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

enum {
    WEB_ADDRESS_BYTES = INET6_ADDRSTRLEN + 16,
};

struct web_place {
    const char *address; /* as it was written; borrowed, as is the next */
    const char *option;  /* that named it, for messages */
    struct sockaddr_storage at;
    socklen_t n;
};

/*
 * Looks up "HOST:PORT", "[v6]:PORT" or ":PORT" (loopback); blocks meanwhile. Returns 0 or
 * FAULT_EXIT(104).
 */
MUST_USE int web_place_find(const char *address, const char *option, struct web_place *ret_place);

/* Whether only this machine reaches it. */
bool web_place_is_loopback(const struct web_place *p);

/* A socket that listens there; the caller closes it. Returns 0 or -errno with a text. */
MUST_USE int web_place_listen(const struct web_place *p, int backlog, int *ret_fd);

/* Where a socket listens, "127.0.0.1:6565". */
void web_socket_name(int fd, char ret_name[WEB_ADDRESS_BYTES]);
