#pragma once
/*
 * Where a test may and may not connect to: blocked host names, `hosts` overrides, forbidden address
 * ranges. Built once while options are read, then never changed; any thread may read it.
 *
 * Order for one connection: blocked name, hosts override, literal address, DNS, forbidden range.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct net_addr;
struct net_policy;

struct net_policy *net_policy_new(void);
void net_policy_free(struct net_policy *p); /* accepts NULL */

/* The three kinds of rules, as the options spell them. Return 0 or a fault with the bad text. */

/* "name" or "*.name" (any number of labels before .name); case does not matter. */
MUST_USE int net_policy_block(struct net_policy *p, struct str pattern);

/* key "host", "host:port" or "*.host[:port]"; value "ip" or "ip:port". */
MUST_USE int net_policy_host(struct net_policy *p, struct str key, struct str value);

/* "10.0.0.0/8" or an address. */
MUST_USE int net_policy_forbid(struct net_policy *p, struct str cidr);

/* Questions; p may be NULL (no rules). */
bool net_policy_blocks(const struct net_policy *p, struct str host);

/*
 * The override for host:port, if any: exact name with port, exact name, then the longest wildcard.
 * *ret_addr has the override's port, or `port` when the override names none.
 */
bool net_policy_override(const struct net_policy *p, struct str host, uint16_t port,
                         struct net_addr *ret_addr);

bool net_policy_forbids(const struct net_policy *p, const struct net_addr *a);
