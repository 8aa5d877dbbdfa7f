/* Turns the options' spelling into what connections are made with. */
#include "client/client_policy.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "client/client_priv.h"

/* What the folder below found wrong is a wrong option of the user's. */
static int bad_option(int r, const char *option)
{
    return r == 0 ? 0 : fault(FAULT_EXIT(104), "%s: %s", option, fault_text());
}

static int set_rules(struct client_policy *p, const struct client_settings *s)
{
    struct net_policy *rules = net_policy_new();

    p->net = rules;
    for (size_t i = 0; i < s->n_block_hostnames; i++)
        TRY(bad_option(net_policy_block(rules, str_of(s->block_hostnames[i])), "blockHostnames"));
    for (size_t i = 0; i < s->n_blacklist_ips; i++)
        TRY(bad_option(net_policy_forbid(rules, str_of(s->blacklist_ips[i])), "blacklistIPs"));
    for (size_t i = 0; i < s->n_hosts; i++) {
        TRY(bad_option(net_policy_host(rules, str_of(s->hosts[i].name), str_of(s->hosts[i].value)),
                       "hosts"));
    }
    if (s->local_ips && s->local_ips[0])
        TRY(bad_option(net_pool_parse(str_of(s->local_ips), &p->locals), "localIPs"));
    return 0;
}

static int set_dns(struct client_policy *p, const struct client_settings *s)
{
    p->dns = (struct resolver_options){.ttl = s->dns_ttl, .seed = (uint64_t)clock_wall()};
    if (s->dns_select && !resolver_select_parse(str_of(s->dns_select), &p->dns.select))
        return fault(FAULT_EXIT(104), "dns: unknown select '%s'", s->dns_select);
    if (s->dns_policy && !resolver_policy_parse(str_of(s->dns_policy), &p->dns.policy))
        return fault(FAULT_EXIT(104), "dns: unknown policy '%s'", s->dns_policy);
    return 0;
}

static int version_of(const char *word, enum tls_version *ret_version)
{
    if (word && !tls_version_parse(str_of(word), ret_version))
        return fault(FAULT_EXIT(104), "tlsVersion: '%s' is none of tls1.0 to tls1.3", word);
    return 0;
}

static struct str *views(const char *const *texts, size_t n)
{
    struct str *v = xnew_n(struct str, n);

    for (size_t i = 0; i < n; i++)
        v[i] = str_of(texts[i]);
    return v;
}

static void fill_identity(struct tls_identity *to, const struct client_identity *from)
{
    *to = (struct tls_identity){.cert = str_of(from->cert),
                                .key = str_of(from->key),
                                .password = str_of(from->password),
                                .domains = views(from->domains, from->n_domains),
                                .n_domains = from->n_domains};
}

static int set_tls(struct client_policy *p, const struct client_settings *s)
{
    scoped(freep) struct str *ciphers = views(s->tls_ciphers, s->n_tls_ciphers);
    scoped(freep) struct tls_identity *identities = xnew_n(struct tls_identity, s->n_identities);
    struct tls_options options = {.insecure = s->tls_insecure,
                                  .ciphers = ciphers,
                                  .n_ciphers = s->n_tls_ciphers,
                                  .identities = identities,
                                  .n_identities = s->n_identities,
                                  .keylog_path = getenv("SSLKEYLOGFILE")};

    TRY(version_of(s->tls_min, &options.min_version));
    TRY(version_of(s->tls_max, &options.max_version));
    for (size_t i = 0; i < s->n_identities; i++)
        fill_identity(&identities[i], &s->identities[i]);
    int r = tls_config_new(&options, &p->tls);

    for (size_t i = 0; i < s->n_identities; i++)
        free((void *)(uintptr_t)identities[i].domains);
    return bad_option(r, "TLS options");
}

static void set_limits(struct client_policy *p, const struct client_settings *s)
{
    p->user_agent_text = xstrdup(s->user_agent ? s->user_agent : "");
    p->user_agent = str_of(p->user_agent_text);
    p->system_tags = s->system_tags;
    p->max_idle = s->max_idle > 0 ? (uint32_t)s->max_idle : 20;
    p->max_idle_per_host = s->max_idle_per_host > 0 ? (uint32_t)s->max_idle_per_host : 6;
    p->trim_above = p->max_idle < p->max_idle_per_host ? p->max_idle : p->max_idle_per_host;
    p->reuse = s->no_connection_reuse ? CLIENT_NEW_EACH : CLIENT_REUSE;
    if (s->rps > 0)
        p->gate = rate_gate_new(s->rps);
}

static int set_groups(struct client_policy *p, const struct client_settings *s)
{
    if (!s->group_urls && !s->n_url_patterns)
        return 0;
    p->groups = url_groups_new();
    if (s->group_urls)
        url_groups_collapse(p->groups);
    for (size_t i = 0; i < s->n_url_patterns; i++)
        TRY(url_groups_add(p->groups, s->url_patterns[i]));
    return 0;
}

static int build(struct client_policy *p, const struct client_settings *s)
{
    set_limits(p, s);
    TRY(set_rules(p, s));
    TRY(set_dns(p, s));
    TRY(bad_option(proxy_config_from_env(&p->proxies), "proxy"));
    TRY(set_tls(p, s));
    TRY(set_groups(p, s));
    return 0;
}

int client_policy_new(const struct client_settings *settings, struct client_policy **ret_policy)
{
    struct client_policy *p = xnew(struct client_policy);
    int r = build(p, settings);

    if (r < 0) {
        client_policy_free(p);
        TRY(r);
    }
    *ret_policy = p;
    return 0;
}

void client_policy_free(struct client_policy *p)
{
    if (!p)
        return;
    net_policy_free(p->net);
    net_pool_free(p->locals);
    proxy_config_free(p->proxies);
    tls_config_unref(p->tls);
    rate_gate_free(p->gate);
    url_groups_free(p->groups);
    free(p->user_agent_text);
    free(p);
}
