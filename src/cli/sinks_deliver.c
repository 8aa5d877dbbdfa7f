/* On a terminal, what is left is shown once the wait is long enough to be noticed. */
#include "cli/sinks_deliver.h"

#include <unistd.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "sink/sinks.h"

#define LOOK_PERIOD (50 * NS_PER_MS)

static void show_left(const struct sinks_delivery *d, uint64_t left, bool is_over)
{
    struct buf out = {0};

    if (d->quiet || !cli_is_terminal(STDOUT_FILENO))
        return;
    buf_puts(&out, "\r\033[K");
    if (!is_over) {
        buf_printf(&out, "delivering: %llu points left (Ctrl-C leaves them on disk)",
                   (unsigned long long)left);
    }
    cli_write(STDOUT_FILENO, buf_str(&out));
    buf_fini(&out);
}

static void wait_until_drained(const struct sinks_delivery *d)
{
    mono_ns until = loop_clock(d->loop) + d->patience;
    uint64_t left;
    bool shown = false;

    while ((left = sinks_left(d->sinks)) && !*d->hurry && loop_clock(d->loop) < until) {
        /* Most are done before anybody could read that. */
        if (shown || until - loop_now(d->loop) < d->patience - 4 * LOOK_PERIOD) {
            show_left(d, left, false);
            shown = true;
        }
        ignored(coro_sleep_until(loop_now(d->loop) + (shown ? LOOK_PERIOD : LOOK_PERIOD / 10)));
    }
    if (shown)
        show_left(d, 0, true);
}

static int close_sinks(void *arg)
{
    sinks_close(arg);
    return 0;
}

void sinks_deliver(const struct sinks_delivery *d)
{
    sinks_drain(d->sinks);
    wait_until_drained(d);
    if (loop_offload(d->loop, close_sinks, d->sinks))
        sinks_close(d->sinks);
}
