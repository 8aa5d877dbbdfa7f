/*
 * Names are kept in lower case in tables: exact names in one, wildcards by their suffix (".name")
 * in another, so a question looks up the name and then each of its suffixes, longest first.
 */
#include "net/net_policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/table.h"
#include "net/net_addr.h"

enum {
    HOST_MAX_BYTES = 255, /* RFC 1035; a longer name matches nothing */
    KEY_BYTES = HOST_MAX_BYTES + sizeof(":65535"),
};

/* Names and suffixes that share a value each. */
struct name_set {
    struct table exact;
    struct table suffixes;
};

struct net_policy {
    struct name_set blocked;   /* values: any non-NULL pointer */
    struct name_set overrides; /* values: struct net_addr, owned */
    struct net_cidr *forbidden;
    size_t n_forbidden;
    size_t cap_forbidden;
};

struct net_policy *net_policy_new(void)
{
    return xnew(struct net_policy);
}

static void free_values(struct table *t)
{
    struct table_entry *e;

    table_each(e, t)
        free(e->value);
    table_fini(t);
}

void net_policy_free(struct net_policy *p)
{
    if (!p)
        return;
    table_fini(&p->blocked.exact);
    table_fini(&p->blocked.suffixes);
    free_values(&p->overrides.exact);
    free_values(&p->overrides.suffixes);
    free(p->forbidden);
    free(p);
}

/* Lower case, without the dot that ends a fully qualified name. */
static struct str normal(struct str name, char buf[KEY_BYTES])
{
    if (name.n > 0 && name.p[name.n - 1] == '.')
        name.n--;
    if (name.n >= KEY_BYTES)
        return (struct str){.p = buf, .n = 0};
    for (size_t i = 0; i < name.n; i++)
        buf[i] = ascii_lower(name.p[i]);
    return str_from(buf, name.n);
}

/* A star may only stand first; what follows it is the suffix. */
static int name_set_add(struct name_set *s, struct str pattern, void *value, void **ret_old)
{
    char buf[KEY_BYTES];
    struct str key = normal(pattern, buf);
    struct str rest = key.n > 0 && key.p[0] == '*' ? str_from_index(key, 1) : key;

    if (key.n == 0 || str_find(rest, '*') < rest.n) {
        return fault(-EINVAL, "'%.*s' is not a host name with an optional leading '*'",
                     STR_ARG(pattern));
    }
    *ret_old = table_set(rest.n < key.n ? &s->suffixes : &s->exact, rest, value);
    return 0;
}

static void *name_set_suffix(const struct name_set *s, struct str name)
{
    if (s->suffixes.n_live == 0)
        return NULL;
    for (size_t i = 0; i <= name.n; i++) {
        void *value = table_get(&s->suffixes, str_from_index(name, i));

        if (value)
            return value;
    }
    return NULL;
}

int net_policy_block(struct net_policy *p, struct str pattern)
{
    void *old = NULL;

    TRY(name_set_add(&p->blocked, str_trim(pattern), p, &old));
    return 0;
}

bool net_policy_blocks(const struct net_policy *p, struct str host)
{
    char buf[KEY_BYTES];

    if (!p || (p->blocked.exact.n_live == 0 && p->blocked.suffixes.n_live == 0))
        return false;

    struct str name = normal(host, buf);

    return table_get(&p->blocked.exact, name) || name_set_suffix(&p->blocked, name);
}

int net_policy_host(struct net_policy *p, struct str key, struct str value)
{
    struct str ip;
    uint16_t port;
    struct net_addr a;
    void *old = NULL;

    if (!net_split_host_port(str_trim(value), &ip, &port) || !net_addr_parse(ip, &a)) {
        return fault(-EINVAL, "'%.*s' is not an IP address with an optional port (hosts '%.*s')",
                     STR_ARG(value), STR_ARG(key));
    }
    a.port = port;

    struct net_addr *owned = xmemdup(&a, sizeof(a));
    int r = name_set_add(&p->overrides, str_trim(key), owned, &old);

    if (r < 0)
        old = owned;
    free(old);
    return r;
}

bool net_policy_override(const struct net_policy *p, struct str host, uint16_t port,
                         struct net_addr *ret_addr)
{
    char buf[KEY_BYTES];

    if (!p || (p->overrides.exact.n_live == 0 && p->overrides.suffixes.n_live == 0))
        return false;

    struct str name = normal(host, buf);

    if (name.n == 0 || name.n > HOST_MAX_BYTES)
        return false;

    /* The port is written behind the name in the same buffer. */
    int n = snprintf(buf + name.n, KEY_BYTES - name.n, ":%u", port);
    struct str with_port = str_from(buf, name.n + (size_t)n);
    const struct net_addr *a = table_get(&p->overrides.exact, with_port);

    if (!a)
        a = table_get(&p->overrides.exact, name);
    if (!a)
        a = name_set_suffix(&p->overrides, with_port);
    if (!a)
        a = name_set_suffix(&p->overrides, name);
    if (!a)
        return false;
    *ret_addr = *a;
    if (ret_addr->port == 0)
        ret_addr->port = port;
    return true;
}

int net_policy_forbid(struct net_policy *p, struct str cidr)
{
    struct net_cidr c;

    cidr = str_trim(cidr);
    if (!net_cidr_parse(cidr, &c))
        return fault(-EINVAL, "'%.*s' is not an IP address or a CIDR", STR_ARG(cidr));
    vec_push(p->forbidden, p->n_forbidden, p->cap_forbidden) = c;
    return 0;
}

bool net_policy_forbids(const struct net_policy *p, const struct net_addr *a)
{
    if (!p)
        return false;
    for (size_t i = 0; i < p->n_forbidden; i++) {
        if (net_cidr_has(&p->forbidden[i], a))
            return true;
    }
    return false;
}
