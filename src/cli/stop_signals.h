#pragma once
/*
 * SIGINT and SIGTERM for a run: a thread of its own waits for them, so that they are heard whatever
 * the loops do. The first asks the run to stop, the second ends the program at once with 105.
 */
#include "base/err.h"

struct stop_signals;

/* Called on the thread of the signals with the signal's name ("interrupt", "terminated"). */
typedef void(stop_signal_fn)(void *arg, const char *name);

/*
 * Blocks both signals in the calling thread and in those it starts later; call it before any other
 * thread exists. Returns 0 or a fault.
 */
MUST_USE int stop_signals_start(struct stop_signals **ret_signals);

/* Who is told from now on; NULL: nobody, the next signal ends the program. */
void stop_signals_tell(struct stop_signals *s, stop_signal_fn *fn, void *arg);

void stop_signals_stop(struct stop_signals *s); /* accepts NULL */
