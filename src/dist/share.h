#pragma once
/*
 * A share of a run, in the process that runs it: says over a socket what it measures, and does what
 * it is told. The other end is dist/share_process.h. On the main loop.
 *
 *   share_new(loop, fd, index, count, &share);
 *   share_configure(share, &config);     and run_new(&config, &run)
 *   share_execute(share, run);           until nothing is wanted any more
 */
#include "run/run.h"

struct share;

/*
 * `fd` is the socket, the share's from here on; it is share `index` of `count` of equal size.
 * Returns 0 or a fault.
 */
MUST_USE int share_new(struct loop *loop, int fd, unsigned index, unsigned count,
                       struct share **ret_share);

/* Makes it the configuration of a share, whose callbacks are the share's. */
void share_configure(struct share *s, struct run_config *config);

/*
 * Runs it, on a coroutine of the main loop; returns when its end has been told, or when the other
 * process is gone: then its load has been stopped.
 */
void share_execute(struct share *s, struct run *run);

/* Says that there will be no run: `code` is a fault's, and its text. */
void share_refuse(struct share *s, int code, const char *text);

void share_free(struct share *s); /* accepts NULL; after run_free() */
