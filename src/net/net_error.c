/* Words for network failures. The table in the header holds the ones that never vary. */
#include "net/net_error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const struct {
    enum net_status status;
    const char *name;
    const char *text;
} statuses[] = {{NET_OK, "NET_OK", ""},
#define NET_STATUS_ROW(name, code, text) {name, #name, text},
                NET_STATUS_TABLE(NET_STATUS_ROW)
#undef NET_STATUS_ROW
};

enum net_status net_error_set(struct net_error *e, enum net_status status)
{
    if (!e)
        return status;
    e->status = status;
    e->text[0] = '\0';
    for (size_t i = 0; i < countof(statuses); i++) {
        if (statuses[i].status == status)
            snprintf(e->text, sizeof(e->text), "%s", statuses[i].text);
    }
    return status;
}

enum net_status net_error_setf(struct net_error *e, enum net_status status, const char *fmt, ...)
{
    va_list args;

    if (!e)
        return status;
    e->status = status;
    va_start(args, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, args);
    va_end(args);
    return status;
}

/* The system's words begin with a capital, k6's do not ("no route to host"). */
static enum net_status unknown_errno(struct net_error *e, const char *op, int err)
{
    const char *words = strerrordesc_np(err);

    if (!words)
        words = "Unknown error";

    bool acronym = words[0] && words[1] >= 'A' && words[1] <= 'Z';

    return net_error_setf(e, strcmp(op, "dial") == 0 ? NET_DIAL_ERRNO : NET_ERRNO,
                          "%s: unknown errno %d error with msg `%c%s`", op, err,
                          acronym ? words[0] : ascii_lower(words[0]), words[0] ? words + 1 : "");
}

static enum net_status dial_errno(struct net_error *e, int err)
{
    switch (err) {
    case ECONNREFUSED:
        return net_error_set(e, NET_REFUSED);
    case ETIMEDOUT:
        return net_error_set(e, NET_DIAL_TIMEOUT);
    case EMFILE:
    case ENFILE:
        return net_error_setf(e, NET_DIAL,
                              "dial: too many open files: raise the limit (ulimit -n)");
    case EADDRNOTAVAIL:
        return net_error_setf(e, NET_DIAL,
                              "dial: cannot assign requested address: local ports are used up or "
                              "the local address is not of this host");
    default:
        return unknown_errno(e, "dial", err);
    }
}

enum net_status net_error_errno(struct net_error *e, const char *op, int err)
{
    if (strcmp(op, "dial") == 0)
        return dial_errno(e, err);
    switch (err) {
    case ECONNRESET:
        return net_error_setf(e, NET_RESET, "%s: connection reset by peer", op);
    case EPIPE:
        return net_error_set(e, NET_BROKEN_PIPE);
    case ETIMEDOUT:
        return net_error_setf(e, NET_TCP, "%s: connection timed out", op);
    default:
        return unknown_errno(e, op, err);
    }
}

const char *net_status_name(enum net_status s)
{
    for (size_t i = 0; i < countof(statuses); i++) {
        if (statuses[i].status == s)
            return statuses[i].name;
    }
    return "?";
}
