#pragma once
/*
 * Serves HTTP. One thread does nothing but connections, any number of them; requests that have come
 * whole are answered on threads of their own, which may wait for the main loop or read a store.
 * Event streams need no thread at all: see web/web_stream.h.
 *
 * Who may call: see web/web_guard.h. An address other than loopback needs a token.
 */
#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "web/web_api.h"

struct web_server;

struct web_server_config {
    const char *address;      /* "HOST:PORT", "[v6]:PORT", ":PORT" (loopback); port 0: a free one */
    const char *token;        /* NULL or "": none */
    const char *option;       /* what named the address, for messages; NULL: "--address" */
    const char *token_option; /* what names the token; NULL: "--address-token" */

    /*
     * What is served may be read by whoever reaches the address, and nothing can be changed: any
     * address is allowed, and neither Host nor Origin is looked at.
     */
    bool is_public;

    /*
     * Whoever reaches the address may call and needs no token, but for pages of others in browsers.
     * For what tools without tokens speak; the user has been told to choose the address with care.
     */
    bool is_open;
    bool gets_change; /* as in struct web_guard */

    /* Where an address needs a token and none is given, one is made: see web_server_token(). */
    bool makes_token;

    /*
     * Paths beyond /api/ and /v1/ are files of the program, the same for everyone: they are given
     * without the token, so that a browser can load the page that then asks with it.
     */
    bool has_open_files;

    /*
     * Answers one request, on one of `n_threads` of the server's (0: 1). False when nobody is there
     * to answer any more: the client is told so.
     */
    bool (*answer)(void *arg, const struct web_request *req, struct web_answer *ret_answer);
    void *arg;
    int n_threads;
    int niceness; /* of these threads: what they do must not delay the load; 0: like all others */
};

/*
 * Listens and starts serving; blocks while the host's name is looked up. Returns 0 or a fault:
 * FAULT_EXIT(104) for an address that can't be, -errno when it cannot be listened at.
 */
MUST_USE int web_server_new(const struct web_server_config *config, struct web_server **ret_server);

/* Ends the thread, after `answer` has returned if it is under way; accepts NULL. */
void web_server_free(struct web_server *s);

/* Where it listens, "127.0.0.1:6565". */
const char *web_server_address(const struct web_server *s);

/* What callers have to show; "" when they need nothing. */
const char *web_server_token(const struct web_server *s);
