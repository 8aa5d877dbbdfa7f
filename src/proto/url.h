#pragma once
/*
 * URLs, parsed and serialised by the WHATWG rules for the schemes http, https, ws and wss; any
 * other scheme is refused. Immutable and counted: a copy is a reference. All views point into one
 * block that the URL owns, and everything a client asks for per request was made ready by the
 * parser. Belongs to one thread at a time, because the count is not atomic.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum {
    URL_MAX_BYTES = 1 << 20, /* longer input is refused */
};

enum url_host_kind {
    URL_HOST_NAME,
    URL_HOST_IPV4,
    URL_HOST_IPV6,
};

struct url {
    uint32_t n_refs;
    uint16_t port;     /* the default one of the scheme when none was given */
    bool is_tls;       /* https, wss */
    bool is_websocket; /* ws, wss */
    bool has_userinfo; /* there was an '@' with anything before it */
    bool has_password; /* there was a ':' in it */
    bool has_query;    /* there was a '?', though the query may be empty */
    bool has_fragment; /* the same of '#' */
    enum url_host_kind host_kind;
    struct str original;  /* as it was given; for redirects, what the resolved URL reads */
    struct str display;   /* `original` with credentials as `****:****` or `****` */
    struct str href;      /* serialised: credentials, query and fragment included */
    struct str scheme;    /* "http" */
    struct str username;  /* percent-decoded */
    struct str password;  /* percent-decoded */
    struct str host;      /* lower case, punycode, IPv6 without brackets; SNI and resolver */
    struct str authority; /* "host", "host:8080", "[::1]:8080": the Host header */
    struct str host_port; /* the same, always with the port: the key of a connection pool */
    struct str origin;    /* "http://host:8080", no default port */
    struct str target;    /* "/path?query": the request target in origin-form */
    struct str path;      /* "/path" */
    struct str query;     /* without '?' */
    struct str fragment;  /* without '#' */
    struct str absolute;  /* href without credentials and fragment: absolute-form for proxies */
};

/*
 * Parses `text`; relative references are resolved against `base`, which may be NULL. The caller
 * owns a reference to *ret_url. Returns 0, or a fault whose fault_text() is what k6 says: -EINVAL
 * for a bad URL (`invalid URL: parse "…": …`, error code 1020), -EPROTONOSUPPORT for one that
 * cannot be requested (`unsupported protocol scheme "…"`, `http: no Host in request URL`, 1000).
 *
 * What the WHATWG's parser repairs and k6 refuses is refused: control characters, broken %-escapes
 * in path, host and fragment, a scheme without "//".
 */
MUST_USE int url_parse(struct str text, const struct url *base, struct url **ret_url);

/*
 * Where a redirect from `from` to `location` leads: resolves it and, as browsers and k6 do, keeps
 * the fragment of `from` when the location has none. Returns as url_parse().
 */
MUST_USE int url_redirect(const struct url *from, struct str location, struct url **ret_url);

/* Adds a reference and gives it back. The count is not part of what const protects. */
struct url *url_ref(const struct url *u);

/* Drops a reference; accepts NULL. */
void url_unref(struct url *u);

/* For scoped(url_unrefp). */
void url_unrefp(struct url **u);

/* Same scheme, host and port. */
bool url_same_origin(const struct url *a, const struct url *b);

/*
 * Whether credentials given for `from` may go to `to`: same host, or `to` is a subdomain of it.
 * The rule of net/http for sensitive headers across redirects.
 */
bool url_may_forward_credentials(const struct url *from, const struct url *to);
