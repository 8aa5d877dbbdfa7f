#pragma once
/*
 * What tests of streams share: client and server on one loop over loopback. Its clock is ours: when
 * no socket has anything to say, time jumps, so timeouts take no time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/mem.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "loop/test_io.h"
#include "net/dial.h"
#include "net/listener.h"
#include "net/stream.h"

static struct loop_time_virtual clock_v;
static struct loop *loop;
static struct dialer dialer;
static struct dial_report report;

/* ---- running a test on a coroutine ---- */

static inline void run_main(void *arg)
{
    (*(void (**)(void))arg)();
    loop_stop(loop);
}

static inline void run(void (*body)(void))
{
    loop_time_virtual_init(&clock_v, NS_PER_S);
    assert_int_equal(
        loop_new(&(struct loop_options){.io = test_io(), .time = &clock_v.time}, &loop), 0);
    dialer = (struct dialer){.loop = loop};
    assert_int_equal(coro_spawn(loop, CORO_STACK_LARGE, run_main, &body, NULL), 0);
    assert_int_equal(loop_run(loop), 0);
    loop_free(loop);
}

static inline struct net_addr loopback(uint16_t port)
{
    return (struct net_addr){.family = AF_INET, .port = port, .ip = {127, 0, 0, 1}};
}

static inline struct listener *serve(listener_fn *fn, struct net_addr addr)
{
    struct listener_options o = {.addr = addr, .fn = fn};
    struct listener *ln;

    assert_int_equal(listener_open(loop, &o, &ln), 0);
    return ln;
}

static inline enum net_status dial_to(const char *host, uint16_t port, struct stream **ret_stream)
{
    struct dial_target t = {.host = str_of(host), .port = port};

    return dial(&dialer, &t, ret_stream, &report);
}

static inline struct stream *dial_listener(struct listener *ln)
{
    struct stream *s = NULL;

    assert_int_equal(dial_to("127.0.0.1", listener_addr(ln).port, &s), NET_OK);
    return s;
}

static inline void recv_exactly(struct stream *s, char *buf, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = stream_recv(s, buf + at, n - at, MONO_NEVER);

        assert_true(got > 0);
        at += (size_t)got;
    }
}
