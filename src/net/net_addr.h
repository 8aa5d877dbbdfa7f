#pragma once
/* IP addresses and address ranges as plain values. A zeroed address is "none". */
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/str.h"

enum {
    NET_ADDR_TEXT_BYTES = 46,     /* an address alone */
    NET_ENDPOINT_TEXT_BYTES = 54, /* "[address]:port" */
};

struct net_addr {
    uint16_t family; /* AF_INET, AF_INET6; 0: none */
    uint16_t port;   /* host order; 0: any */
    uint32_t scope;  /* of a link-local IPv6 address */
    uint8_t ip[16];  /* network order; IPv4 uses the first four */
};

/* An address and the number of leading bits that count. */
struct net_cidr {
    struct net_addr addr;
    uint8_t bits;
};

/* A sockaddr of either family. */
union net_sockaddr {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_storage storage;
};

/* "127.0.0.1", "::1", "[::1]", "fe80::1%2"; port 0. False when it is none of these. */
bool net_addr_parse(struct str text, struct net_addr *ret_addr);

/* "host:port", "[v6]:port", "host"; a missing port is 0, a bare IPv6 address has none. */
bool net_split_host_port(struct str text, struct str *ret_host, uint16_t *ret_port);

/* "10.0.0.0/8", "::1/128"; a bare address is a range of one. */
bool net_cidr_parse(struct str text, struct net_cidr *ret_cidr);
bool net_cidr_has(const struct net_cidr *c, const struct net_addr *a);

/* Same IP, whatever the port; an IPv4-mapped IPv6 address equals its IPv4 form. */
bool net_addr_same_ip(const struct net_addr *a, const struct net_addr *b);
bool net_addr_is_loopback(const struct net_addr *a);

/* An IPv4-mapped IPv6 address as IPv4, others unchanged. */
struct net_addr net_addr_unmap(struct net_addr a);

/* The address without port, NUL-terminated. Returns text. */
const char *net_addr_format(const struct net_addr *a, char text[NET_ADDR_TEXT_BYTES]);
const char *net_endpoint_format(const struct net_addr *a, char text[NET_ENDPOINT_TEXT_BYTES]);

socklen_t net_addr_to_sockaddr(const struct net_addr *a, union net_sockaddr *ret_sa);
struct net_addr net_addr_from_sockaddr(const struct sockaddr *sa);

/*
 * `--local-ips`: addresses "ip", ranges "ip-ip" and CIDRs, separated by commas; a CIDR of IPv4
 * leaves out its network and broadcast addresses, as k6 does. Address number i (modulo the total)
 * is computed, not listed, so that an IPv6 range costs nothing.
 */
struct net_pool;
MUST_USE int net_pool_parse(struct str text, struct net_pool **ret_pool); /* 0 or a fault */
void net_pool_free(struct net_pool *p);                                   /* accepts NULL */
struct net_addr net_pool_get(const struct net_pool *p, uint64_t i);
