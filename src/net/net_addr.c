/* Parsing and comparing addresses. IPv4 keeps its own four-byte form throughout. */
#include "net/net_addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static size_t ip_bytes(const struct net_addr *a)
{
    return a->family == AF_INET ? 4 : 16;
}

/* "%eth0" or "%2" behind a link-local address. */
static bool parse_scope(struct str text, uint32_t *ret_scope)
{
    char name[IF_NAMESIZE] = "";
    uint64_t n;

    if (str_u64(text, &n) && n <= UINT32_MAX) {
        *ret_scope = (uint32_t)n;
        return true;
    }
    if (text.n == 0 || text.n >= sizeof(name))
        return false;
    memcpy(name, text.p, text.n);
    *ret_scope = if_nametoindex(name);
    return *ret_scope != 0;
}

bool net_addr_parse(struct str text, struct net_addr *ret_addr)
{
    char buf[INET6_ADDRSTRLEN];
    struct net_addr a = {0};

    if (text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
        text = str_from(text.p + 1, text.n - 2);

    size_t percent = str_find(text, '%');

    if (percent < text.n && !parse_scope(str_from_index(text, percent + 1), &a.scope))
        return false;
    if (percent == 0 || percent >= sizeof(buf))
        return false;
    memcpy(buf, text.p, percent);
    buf[percent] = '\0';
    if (a.scope == 0 && inet_pton(AF_INET, buf, a.ip) == 1) {
        a.family = AF_INET;
    } else if (inet_pton(AF_INET6, buf, a.ip) == 1) {
        a.family = AF_INET6;
    } else {
        return false;
    }
    *ret_addr = a;
    return true;
}

static bool parse_port(struct str text, uint16_t *ret_port)
{
    uint64_t n;

    if (!str_u64(text, &n) || n > UINT16_MAX)
        return false;
    *ret_port = (uint16_t)n;
    return true;
}

bool net_split_host_port(struct str text, struct str *ret_host, uint16_t *ret_port)
{
    struct str host = text;
    struct str port = {0};
    uint16_t n_port = 0;

    if (text.n > 0 && text.p[0] == '[') {
        size_t close = str_find(text, ']');

        if (close == text.n)
            return false;
        host = str_from(text.p + 1, close - 1);
        port = str_from_index(text, close + 1);
    } else {
        size_t colon = str_find(text, ':');

        /* More than one colon and no brackets: an IPv6 address alone. */
        if (str_find(str_from_index(text, colon + 1), ':') == text.n - colon - 1 ||
            colon == text.n) {
            host = str_from(text.p, colon);
            port = str_from_index(text, colon);
        }
    }
    if (port.n > 0 && (port.p[0] != ':' || !parse_port(str_from_index(port, 1), &n_port)))
        return false;
    if (host.n == 0)
        return false;
    *ret_host = host;
    *ret_port = n_port;
    return true;
}

bool net_cidr_parse(struct str text, struct net_cidr *ret_cidr)
{
    size_t slash = str_find(text, '/');
    struct net_cidr c;
    uint64_t bits;

    if (!net_addr_parse(str_from(text.p, slash), &c.addr))
        return false;
    if (slash == text.n) {
        bits = ip_bytes(&c.addr) * 8;
    } else if (!str_u64(str_from_index(text, slash + 1), &bits) || bits > ip_bytes(&c.addr) * 8) {
        return false;
    }
    c.bits = (uint8_t)bits;
    *ret_cidr = c;
    return true;
}

struct net_addr net_addr_unmap(struct net_addr a)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (a.family != AF_INET6 || memcmp(a.ip, mapped, sizeof(mapped)) != 0)
        return a;

    struct net_addr v4 = {.family = AF_INET, .port = a.port};

    memcpy(v4.ip, a.ip + sizeof(mapped), 4);
    return v4;
}

bool net_cidr_has(const struct net_cidr *c, const struct net_addr *a)
{
    struct net_addr x = net_addr_unmap(*a);
    size_t whole = c->bits / 8;
    unsigned rest = c->bits % 8;

    if (x.family != c->addr.family || memcmp(x.ip, c->addr.ip, whole) != 0)
        return false;
    return rest == 0 || ((x.ip[whole] ^ c->addr.ip[whole]) >> (8 - rest)) == 0;
}

bool net_addr_same_ip(const struct net_addr *a, const struct net_addr *b)
{
    struct net_addr x = net_addr_unmap(*a);
    struct net_addr y = net_addr_unmap(*b);

    return x.family == y.family && memcmp(x.ip, y.ip, sizeof(x.ip)) == 0;
}

bool net_addr_is_loopback(const struct net_addr *a)
{
    struct net_addr x = net_addr_unmap(*a);

    if (x.family == AF_INET)
        return x.ip[0] == 127;
    return x.family == AF_INET6 && memcmp(x.ip, &in6addr_loopback, sizeof(x.ip)) == 0;
}

const char *net_addr_format(const struct net_addr *a, char text[NET_ADDR_TEXT_BYTES])
{
    text[0] = '\0';
    if (a->family == AF_INET || a->family == AF_INET6)
        ignored(inet_ntop(a->family, a->ip, text, NET_ADDR_TEXT_BYTES) == NULL);
    return text;
}

const char *net_endpoint_format(const struct net_addr *a, char text[NET_ENDPOINT_TEXT_BYTES])
{
    char ip[NET_ADDR_TEXT_BYTES];

    snprintf(text, NET_ENDPOINT_TEXT_BYTES, a->family == AF_INET6 ? "[%s]:%u" : "%s:%u",
             net_addr_format(a, ip), a->port);
    return text;
}

socklen_t net_addr_to_sockaddr(const struct net_addr *a, union net_sockaddr *ret_sa)
{
    memset(ret_sa, 0, sizeof(*ret_sa));
    if (a->family == AF_INET) {
        ret_sa->in.sin_family = AF_INET;
        ret_sa->in.sin_port = htons(a->port);
        memcpy(&ret_sa->in.sin_addr, a->ip, 4);
        return sizeof(ret_sa->in);
    }
    ret_sa->in6.sin6_family = AF_INET6;
    ret_sa->in6.sin6_port = htons(a->port);
    ret_sa->in6.sin6_scope_id = a->scope;
    memcpy(&ret_sa->in6.sin6_addr, a->ip, 16);
    return sizeof(ret_sa->in6);
}

struct net_addr net_addr_from_sockaddr(const struct sockaddr *sa)
{
    struct net_addr a = {0};

    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, sa, sizeof(in));
        a.family = AF_INET;
        a.port = ntohs(in.sin_port);
        memcpy(a.ip, &in.sin_addr, 4);
    } else if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, sa, sizeof(in6));
        a.family = AF_INET6;
        a.port = ntohs(in6.sin6_port);
        a.scope = in6.sin6_scope_id;
        memcpy(a.ip, &in6.sin6_addr, 16);
    }
    return a;
}
