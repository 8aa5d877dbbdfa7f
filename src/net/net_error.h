#pragma once
/*
 * What can go wrong on the network. These are outcomes, things the target or the network did, and
 * so neither faults nor assertions: every failing call of this folder fills a `struct net_error`.
 * The numbers are k6's error codes, so the mapping is the identity; texts are k6's too.
 */
#include "base/err.h"

/* name, code, text ("" = the text is made where the error arises) */
#define NET_STATUS_TABLE(X)                                   \
    X(NET_CANCELLED, 1, "request cancelled")                  \
    X(NET_OTHER, 1000, "")                                    \
    X(NET_TLS_ALERT, 1010, "")                                \
    X(NET_TIMEOUT, 1050, "request timeout")                   \
    X(NET_DNS, 1100, "")                                      \
    X(NET_NO_HOST, 1101, "lookup: no such host")              \
    X(NET_BLACKLISTED, 1110, "ip is blacklisted")             \
    X(NET_BLOCKED, 1111, "hostname is blocked")               \
    X(NET_TCP, 1200, "")                                      \
    X(NET_BROKEN_PIPE, 1201, "write: broken pipe")            \
    X(NET_ERRNO, 1202, "")                                    \
    X(NET_DIAL, 1210, "")                                     \
    X(NET_DIAL_TIMEOUT, 1211, "dial: i/o timeout")            \
    X(NET_REFUSED, 1212, "dial: connection refused")          \
    X(NET_DIAL_ERRNO, 1213, "")                               \
    X(NET_RESET, 1220, "")                                    \
    X(NET_TLS_RECORD, 1301, "")                               \
    X(NET_UNKNOWN_AUTHORITY, 1310, "x509: unknown authority") \
    X(NET_WRONG_HOST, 1311, "x509: certificate doesn't match hostname")

enum net_status {
    NET_OK = 0,
#define NET_STATUS_ENUM(name, code, text) name = (code),
    NET_STATUS_TABLE(NET_STATUS_ENUM)
#undef NET_STATUS_ENUM
};

struct net_error {
    enum net_status status;
    char text[204]; /* for the user, as k6's `error`; cut when longer */
};

/* Fills e with the standing text of `status`, and returns `status`. `e` may be NULL. */
enum net_status net_error_set(struct net_error *e, enum net_status status) COLD;

/* The same with a text of its own. */
enum net_status net_error_setf(struct net_error *e, enum net_status status, const char *fmt, ...)
    COLD PRINTF_LIKE(3, 4);

/* A failed system call on a connection: `op` is "dial", "read" or "write". */
enum net_status net_error_errno(struct net_error *e, const char *op, int err) COLD;

/* "NET_REFUSED" and the like, for tests and traces. */
const char *net_status_name(enum net_status s);
