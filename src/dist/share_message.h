#pragma once
/*
 * What a run and its shares in other processes say to each other (dist/channel.h): kinds, and the
 * bytes of those that have some. Reading accepts any bytes; what is no such message is a condition.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "run/remote.h"

enum share_message {
    /* to the share */
    SHARE_START = 1, /* whether there is setup data, and it */
    SHARE_STOP,
    SHARE_TICK,    /* asks for news */
    SHARE_CONTROL, /* struct share_control */
    SHARE_QUIT,
    SHARE_OVER, /* users finish what they do */

    /* from it */
    SHARE_READY = 32, /* struct share_ready */
    SHARE_NEWS,       /* struct run_remote_news */
    SHARE_EVIDENCE,   /* exchanges, dist/share_exchange.h */
    SHARE_DONE,
    SHARE_ASKS_STOP, /* enum run_stop, text */
};

enum {
    SHARE_SCENARIOS_MAX = 10000,
    SHARE_E_BAD = 1, /* condition */
};

struct share_ready {
    int result; /* 0 or a fault's code */
    struct str text;
};

struct share_control {
    bool paused;
    struct run_remote_scale *scales; /* the arena's */
    size_t n;
};

void share_put_ready(struct buf *out, const struct share_ready *m);
void share_put_control(struct buf *out, bool paused, const struct run_remote_scale *scales,
                       size_t n);
void share_put_news(struct buf *out, const struct run_remote_news *m);

/* Texts point into the bytes, arrays are the arena's. Return 0 or SHARE_E_BAD. */
MUST_USE int share_get_ready(struct str bytes, struct share_ready *ret);
MUST_USE int share_get_control(struct str bytes, struct arena *arena, struct share_control *ret);
MUST_USE int share_get_news(struct str bytes, struct arena *arena, struct run_remote_news *ret);
