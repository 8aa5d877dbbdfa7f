#pragma once
/*
 * Which proxy, if any, a connection goes through: HTTP_PROXY, HTTPS_PROXY and NO_PROXY by the rules
 * that Go programs follow. Parsed once, then never changed; any thread may read it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct proxy_config;

enum proxy_kind {
    PROXY_HTTP,   /* CONNECT for https; for http the client sends absolute-form request lines */
    PROXY_SOCKS5, /* socks5:// resolves names here, socks5h:// lets the proxy do it */
};

struct proxy {
    enum proxy_kind kind;
    bool remote_dns; /* PROXY_SOCKS5 */
    struct str host;
    uint16_t port;
    struct str user; /* decoded; n 0: none */
    struct str password;
    struct str authorization; /* value of Proxy-Authorization ("Basic ..."); n 0: none */
};

/*
 * From the environment (upper- and lower-case names; HTTP_PROXY is ignored under CGI). *ret_config
 * is NULL when there are no proxies. Returns 0 or a fault for a bad URL.
 */
MUST_USE int proxy_config_from_env(struct proxy_config **ret_config);

/* From texts, any of which may be NULL or "". */
MUST_USE int proxy_config_new(const char *http_proxy, const char *https_proxy, const char *no_proxy,
                              struct proxy_config **ret_config);
void proxy_config_free(struct proxy_config *c); /* accepts NULL */

enum proxy_scheme {
    PROXY_FOR_HTTP, /* and ws */
    PROXY_FOR_HTTPS,
};

/* The proxy for host:port, or NULL for a direct connection; borrowed from c, which may be NULL. */
const struct proxy *proxy_for(const struct proxy_config *c, enum proxy_scheme scheme,
                              struct str host, uint16_t port);
