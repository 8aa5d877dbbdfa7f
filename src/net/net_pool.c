/*
 * Local addresses to send from: ranges, of which address number i is computed. Numbers are held in
 * 64 bits, so of a wider IPv6 range only the first 2^64 addresses are used.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "net/net_addr.h"

struct range {
    struct net_addr first;
    uint64_t n;
};

struct net_pool {
    struct range *ranges;
    size_t n_ranges;
    size_t cap;
    uint64_t n_total;
};

/* The last up to eight bytes of an address as a number. */
static uint64_t low_part(const struct net_addr *a)
{
    size_t end = a->family == AF_INET ? 4 : 16;
    uint64_t n = 0;

    for (size_t i = a->family == AF_INET ? 0 : 8; i < end; i++)
        n = n << 8 | a->ip[i];
    return n;
}

static struct net_addr plus(struct net_addr a, uint64_t add)
{
    size_t i = a.family == AF_INET ? 4 : 16;

    /* Carries run through all bytes: the sum of address and carry never exceeds 64 bits. */
    for (unsigned carry = 0; i-- > 0 && (add || carry);) {
        unsigned sum = a.ip[i] + (unsigned)(add & 0xff) + carry;

        a.ip[i] = (uint8_t)sum;
        carry = sum >> 8;
        add >>= 8;
    }
    return a;
}

/* An IPv4 network without its own and its broadcast address, where it has more than two. */
static struct range range_of_cidr(const struct net_cidr *c)
{
    unsigned host_bits = (c->addr.family == AF_INET ? 32 : 128) - c->bits;
    struct range r = {.first = c->addr};

    for (unsigned i = 0; i < host_bits; i++) {
        size_t byte = (c->addr.family == AF_INET ? 3 : 15) - i / 8;

        r.first.ip[byte] &= (uint8_t) ~(1U << i % 8);
    }
    r.n = host_bits >= 64 ? UINT64_MAX : (uint64_t)1 << host_bits;
    if (c->addr.family == AF_INET && host_bits > 1) {
        r.first = plus(r.first, 1);
        r.n -= 2;
    }
    return r;
}

static bool range_of_span(struct str first, struct str last, struct range *ret_range)
{
    struct net_addr a, b;
    size_t common = 8;

    if (!net_addr_parse(str_trim(first), &a) || !net_addr_parse(str_trim(last), &b) ||
        a.family != b.family)
        return false;
    if (a.family == AF_INET)
        common = 0;
    if (memcmp(a.ip, b.ip, common) != 0 || low_part(&b) < low_part(&a))
        return false;
    *ret_range = (struct range){.first = a, .n = low_part(&b) - low_part(&a) + 1};
    return ret_range->n != 0;
}

static bool range_parse(struct str text, struct range *ret_range)
{
    size_t dash = str_find(text, '-');
    struct net_cidr c;

    if (dash < text.n)
        return range_of_span(str_from(text.p, dash), str_from_index(text, dash + 1), ret_range);
    if (!net_cidr_parse(text, &c))
        return false;
    *ret_range = range_of_cidr(&c);
    return true;
}

static void net_pool_freep(struct net_pool **p)
{
    net_pool_free(*p);
}

int net_pool_parse(struct str text, struct net_pool **ret_pool)
{
    scoped(net_pool_freep) struct net_pool *p = xnew(struct net_pool);
    struct str part;

    while (str_split(&text, ',', &part)) {
        struct range r;

        part = str_trim(part);
        if (!range_parse(part, &r)) {
            return fault(-EINVAL, "'%.*s' is not an address, a range 'ip-ip' or a CIDR",
                         STR_ARG(part));
        }
        vec_push(p->ranges, p->n_ranges, p->cap) = r;
        if (__builtin_add_overflow(p->n_total, r.n, &p->n_total))
            p->n_total = UINT64_MAX;
    }
    if (p->n_total == 0)
        return fault(-EINVAL, "no local addresses given");
    *ret_pool = take(p);
    return 0;
}

void net_pool_free(struct net_pool *p)
{
    if (!p)
        return;
    free(p->ranges);
    free(p);
}

struct net_addr net_pool_get(const struct net_pool *p, uint64_t i)
{
    i %= p->n_total;
    for (size_t r = 0; r + 1 < p->n_ranges; r++) {
        if (i < p->ranges[r].n)
            return plus(p->ranges[r].first, i);
        i -= p->ranges[r].n;
    }
    return plus(p->ranges[p->n_ranges - 1].first, i);
}
