/*
 * What the loop costs per operation: switching coroutines, creating them, arming timers, and a
 * request and answer over loopback TCP. Prints nanoseconds; build with optimisation.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "net/dial.h"
#include "net/listener.h"
#include "net/stream.h"

enum {
    N_SWITCHES = 5000000,
    N_SPAWNS = 1000000,
    N_TIMERS = 20000000,
    N_REQUESTS = 200000,
    N_PAIRS = 50, /* connections at once */
};

static struct loop *loop;

/* Processor time of this program: a shared machine does not falsify it. */
static mono_ns cpu_now(void)
{
    return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}

static void print(const char *what, mono_ns start, int64_t n)
{
    printf("%-40s %8.1f ns\n", what, (double)(cpu_now() - start) / (double)n);
}

/* ---- switching ---- */

static void park_for_ever(void *arg)
{
    struct coro **self = arg;

    *self = coro_self();
    while (coro_park() == 0)
        ;
}

static void bench_switch(void)
{
    struct coro *c;

    if (coro_spawn(loop, CORO_STACK_SMALL, park_for_ever, &c, NULL) < 0 ||
        loop_turn(loop, loop_now(loop)) < 0)
        return;

    mono_ns start = cpu_now();

    for (int i = 0; i < N_SWITCHES; i++)
        coro_resume_now(c, 0);
    print("resume and park (two switches)", start, N_SWITCHES);
    coro_resume_now(c, 1);
}

/* ---- creating ---- */

static void do_nothing(void *arg UNUSED)
{
}

static void bench_spawn(void)
{
    mono_ns start = cpu_now();

    for (int i = 0; i < N_SPAWNS; i += 1000) {
        for (int j = 0; j < 1000; j++)
            ignored(coro_spawn(loop, CORO_STACK_SMALL, do_nothing, NULL, NULL));
        ignored(loop_turn(loop, loop_now(loop)));
    }
    print("create, run and end a coroutine", start, N_SPAWNS);
}

/* ---- timers ---- */

static void timer_ignored(struct loop *l UNUSED, struct timer *t UNUSED)
{
}

static void bench_timers(void)
{
    struct timer t = {0};
    mono_ns now = loop_now(loop);
    mono_ns start = cpu_now();

    for (int i = 0; i < N_TIMERS; i++) {
        timer_set(loop, &t, now + 60 * NS_PER_S + i, timer_ignored);
        timer_disarm(&t);
    }
    print("arm and disarm a request's timer", start, N_TIMERS);
    start = cpu_now();
    for (int i = 0; i < N_TIMERS; i++) {
        timer_set(loop, &t, now + (span_ns)(i % 4096) * NS_PER_MS, timer_ignored);
        timer_clear(&t);
    }
    print("place and remove a timer", start, N_TIMERS);
}

/* ---- requests ---- */

static void serve(struct stream *s, void *arg UNUSED)
{
    char buf[256];

    while (stream_recv(s, buf, sizeof(buf), MONO_NEVER) > 0) {
        if (stream_send(s, "answer", 6) < 0)
            break;
    }
    stream_close(s, STREAM_CLOSE);
}

static void ask(void *arg)
{
    const struct listener *ln = arg;
    struct dialer d = {.loop = loop};
    struct dial_target t = {.host = STR("127.0.0.1"), .port = listener_addr(ln).port};
    struct dial_report report;
    struct stream *s;
    char buf[256];

    if (dial(&d, &t, &s, &report) != NET_OK)
        return;
    for (int i = 0; i < N_REQUESTS / N_PAIRS; i++) {
        if (stream_send(s, "question", 8) < 0 ||
            stream_recv(s, buf, sizeof(buf), loop_now(loop) + 60 * NS_PER_S) <= 0)
            break;
    }
    stream_close(s, STREAM_CLOSE);
}

static void bench_requests(void *arg UNUSED)
{
    struct listener_options o = {.addr = {.family = AF_INET, .ip = {127, 0, 0, 1}}, .fn = serve};
    struct listener *ln;
    struct coro_waitgroup g;
    mono_ns start = cpu_now();

    if (listener_open(loop, &o, &ln) < 0)
        return;
    coro_waitgroup_init(&g, loop);
    for (int i = 0; i < N_PAIRS; i++)
        ignored(coro_waitgroup_spawn(&g, CORO_STACK_SMALL, ask, ln));
    ignored(coro_waitgroup_wait(&g));
    print("request and answer, both ends on one loop", start, N_REQUESTS);
    listener_close(ln);
    loop_stop(loop);
}

int main(void)
{
    if (loop_new(NULL, &loop) < 0)
        return 1;
    bench_switch();
    bench_spawn();
    bench_timers();
    if (coro_spawn(loop, CORO_STACK_MEDIUM, bench_requests, NULL, NULL) < 0 || loop_run(loop) < 0)
        return 1;
    loop_free(loop);
    return 0;
}
