#pragma once
/* What `brunt spool send` does with one spool. */
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "sink/spool.h"

struct spool_send {
    const char *dir;
    const char *out;  /* the -o text to send with; NULL: the spool's own */
    span_ns patience; /* without any point delivered; then it gives up */
    bool quiet;       /* no progress line */
};

/*
 * Blocks SIGINT and SIGTERM in this thread and those it starts: spool_send() looks for them between
 * deliveries. Before the first spool_send().
 */
void spool_send_prepare(void);

/*
 * Delivers what the spool holds and says how it went. Returns 0 when nothing is left; or a fault:
 * FAULT_EXIT(105) after a signal, -EAGAIN when points are still on disk, -EIO when some were lost.
 */
MUST_USE int spool_send(const struct spool_send *how, const struct spool_entry *entry);
