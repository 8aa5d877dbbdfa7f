#pragma once
/*
 * A share of a run in a process of its own, as the run's worker (run/remote.h): starts it, speaks
 * with it over a pair of sockets, notices when it is gone, and leaves no process behind.
 */
#include "run/remote.h"

struct log;
struct share_process;

struct share_process_config {
    struct loop *loop;
    struct log *log;         /* what it writes to standard error becomes lines of this */
    const char *program;     /* "/proc/self/exe" */
    const char *const *argv; /* NULL-ended; argv[0] is its name. Read when it is started */
    unsigned index, count;
};

/* The descriptor that it finds its socket at, and the variable that says "INDEX/COUNT". */
enum {
    SHARE_PROCESS_FD = 3,
};
#define SHARE_PROCESS_ENV "BRUNT_SHARE"

/* Does not start it: run_execute() does. The caller frees it after the run. */
struct share_process *share_process_new(const struct share_process_config *config);
struct run_remote *share_process_remote(struct share_process *p);

/* Its process id, while it is there; 0: it is not. */
int share_process_pid(const struct share_process *p);

/* Waits a moment for its end, then ends it. Accepts NULL. */
void share_process_free(struct share_process *p);
