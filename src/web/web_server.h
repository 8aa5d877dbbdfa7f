#pragma once
/*
 * Serves the REST API on a thread of its own. The thread does nothing but HTTP: each request is
 * handed to whoever created the server, and the answer is awaited.
 *
 * Who may call, unless it is public: a request must come for a loopback name (its Host header, and
 * its Origin if it has one), so that no web page reaches us by way of a browser; with a token it
 * must carry that instead
 * ("Authorization: Bearer TOKEN"). An address other than loopback needs a token.
 */
#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "web/web_api.h"

struct web_server;

struct web_server_config {
    const char *address; /* "HOST:PORT", "[v6]:PORT", ":PORT" (loopback); port 0: a free one */
    const char *token;   /* NULL or "": none */
    const char *option;  /* what named the address, for messages; NULL: "--address" */

    /*
     * What is served may be read by whoever reaches the address, and nothing can be changed: any
     * address is allowed, and neither Host nor Origin is looked at.
     */
    bool is_public;

    /*
     * Answers one request. On the server's thread, one at a time. False when nobody is there to
     * answer any more: the client is told so.
     */
    bool (*answer)(void *arg, const struct web_request *req, struct web_answer *ret_answer);
    void *arg;
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

/* ---- for tests ---- */

/* Whether a Host header, or what follows the scheme of an Origin, names this machine itself. */
bool web_is_loopback_name(struct str host_port);

/* Whether an Origin header is that of a page that this machine itself serves. */
bool web_is_loopback_origin(struct str origin);
