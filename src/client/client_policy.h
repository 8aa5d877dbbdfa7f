#pragma once
/*
 * What is the same for all users of a run: where they may connect, how they resolve names, TLS,
 * limits. Built once from plain settings, then never changed; any thread may read it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

struct client_policy;

struct client_pair {
    const char *name;
    const char *value;
};

/* A certificate to show to servers; PEM texts. */
struct client_identity {
    const char *cert;
    const char *key;
    const char *password; /* NULL: none */
    const char *const *domains;
    size_t n_domains; /* 0: for any host */
};

/* As k6's options spell them. Everything is borrowed for the call; zeroed members mean none. */
struct client_settings {
    const char *user_agent; /* "": none is sent */
    const char *const *block_hostnames;
    size_t n_block_hostnames;
    const char *const *blacklist_ips; /* CIDR */
    size_t n_blacklist_ips;
    const struct client_pair *hosts;
    size_t n_hosts;
    const char *local_ips;  /* "ip", "ip-ip", CIDR, comma-separated */
    span_ns dns_ttl;        /* INT64_MAX: for ever; 0: ask every time */
    const char *dns_select; /* "random" ... */
    const char *dns_policy; /* "preferIPv4" ... */
    bool tls_insecure;
    const char *tls_min; /* "tls1.2"; NULL: the default */
    const char *tls_max;
    const char *const *tls_ciphers; /* IANA names */
    size_t n_tls_ciphers;
    const struct client_identity *identities;
    size_t n_identities;
    double rps;                /* over all users; 0: no limit */
    uint32_t system_tags;      /* metric/systag.h */
    int64_t max_idle;          /* idle connections of one user; 0: 20 */
    int64_t max_idle_per_host; /* 0: 6 */
    bool no_connection_reuse;
    bool group_urls;                 /* names of requests without identifiers, proto/url_group.h */
    const char *const *url_patterns; /* the same by patterns */
    size_t n_url_patterns;
};

/*
 * Proxies come from the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY), a TLS key log from
 * SSLKEYLOGFILE. Returns 0 or FAULT_EXIT(104) with the setting that is wrong.
 */
MUST_USE int client_policy_new(const struct client_settings *settings,
                               struct client_policy **ret_policy);

/* After the last client; accepts NULL. */
void client_policy_free(struct client_policy *p);
