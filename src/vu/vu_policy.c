/* The two spellings of the same settings: the plan's and the client's. */
#include "vu/vu_policy.h"

#include "base/mem.h"
#include "client/client_policy.h"
#include "plan/options.h"

static const char *const dns_select[] = {
    [PLAN_DNS_FIRST] = "first",
    [PLAN_DNS_RANDOM] = "random",
    [PLAN_DNS_ROUND_ROBIN] = "roundRobin",
};

static const char *const dns_policy[] = {
    [PLAN_DNS_PREFER_IPV4] = "preferIPv4",
    [PLAN_DNS_PREFER_IPV6] = "preferIPv6",
    [PLAN_DNS_ONLY_IPV4] = "onlyIPv4",
    [PLAN_DNS_ONLY_IPV6] = "onlyIPv6",
    [PLAN_DNS_ANY] = "any",
};

static const char *tls_name(enum plan_tls_version v)
{
    switch (v) {
    case PLAN_TLS_1_0:
        return "tls1.0";
    case PLAN_TLS_1_1:
        return "tls1.1";
    case PLAN_TLS_1_2:
        return "tls1.2";
    case PLAN_TLS_1_3:
        return "tls1.3";
    case PLAN_TLS_ANY:
        break;
    }
    return NULL;
}

static struct client_identity identity_of(const struct plan_tls_auth *a)
{
    return (struct client_identity){.cert = a->cert,
                                    .key = a->key,
                                    .password = a->password,
                                    .domains = a->domains.items,
                                    .n_domains = a->domains.n};
}

static void fill(struct client_settings *s, const struct plan_options *o)
{
    *s = (struct client_settings){
        .user_agent = o->user_agent,
        .block_hostnames = o->block_hostnames.items,
        .n_block_hostnames = o->block_hostnames.n,
        .blacklist_ips = o->blacklist_ips.items,
        .n_blacklist_ips = o->blacklist_ips.n,
        .n_hosts = o->hosts.n,
        .local_ips = o->local_ips,
        .dns_ttl = o->dns.ttl,
        .dns_select = dns_select[o->dns.select],
        .dns_policy = dns_policy[o->dns.policy],
        .tls_insecure = o->insecure_skip_tls_verify,
        .tls_min = tls_name(o->tls_version.min),
        .tls_max = tls_name(o->tls_version.max),
        .tls_ciphers = o->tls_cipher_suites.items,
        .n_tls_ciphers = o->tls_cipher_suites.n,
        .n_identities = o->tls_auth.n,
        .rps = (double)o->rps,
        .system_tags = o->system_tags,
        .max_idle = o->batch,
        .max_idle_per_host = o->batch_per_host,
        .no_connection_reuse = o->no_connection_reuse,
        .group_urls = o->group_urls,
        .url_patterns = o->group_url.items,
        .n_url_patterns = o->group_url.n,
    };
}

int vu_policy_new(const struct plan_options *o, struct client_policy **ret_policy)
{
    struct client_settings s;
    scoped(freep) struct client_pair *hosts = xnew_n(struct client_pair, o->hosts.n);
    scoped(freep) struct client_identity *ids = xnew_n(struct client_identity, o->tls_auth.n);

    fill(&s, o);
    for (size_t i = 0; i < o->hosts.n; i++)
        hosts[i] = (struct client_pair){o->hosts.items[i].name, o->hosts.items[i].value};
    for (size_t i = 0; i < o->tls_auth.n; i++)
        ids[i] = identity_of(&o->tls_auth.items[i]);
    s.hosts = hosts;
    s.identities = ids;
    return client_policy_new(&s, ret_policy);
}

void vu_policy_free(struct client_policy *p)
{
    client_policy_free(p);
}
