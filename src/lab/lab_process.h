#pragma once
/* Processes that outlive the command that started them. */
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"
#include "lab/lab_state.h"

/* Which start of the machine this is; "" where the kernel does not say. */
void lab_boot_id(char ret_boot[LAB_BOOT_BYTES]);

/*
 * The start time in the text of /proc/PID/stat; false when the text is none, or that of a process
 * that has ended and waits to be collected.
 */
bool lab_stat_started(struct str stat, uint64_t *ret_started);

/* Whether that very process runs. */
bool lab_process_alive(const struct lab_process *p);

struct lab_spawn {
    const char *dir;   /* where it runs */
    const char *log;   /* appended to; takes both outputs */
    char *const *argv; /* NULL-ended; argv[0] is the path */
    char *const *env;  /* NULL-ended "NAME=value", added to ours */

    /* Called before the program begins: what it does not keep is lost when we are killed. */
    int (*started)(void *arg, const struct lab_process *p);
    void *arg;
};

/*
 * Starts a program as the leader of its own session, without a terminal: Ctrl-C and hang-ups do not
 * reach it. It begins when `started` has returned 0, and never if that fails or this process ends.
 * Returns 0, or a fault: it cannot be executed, `started` failed.
 */
MUST_USE int lab_spawn(const struct lab_spawn *spawn, struct lab_process *ret_process);

/* Asks it and what it started to end; nothing when it does not run. */
void lab_process_ask(const struct lab_process *p);

/* Waits until it has ended, and ends it by force at that time. Nothing when it does not run. */
void lab_process_end(const struct lab_process *p, mono_ns deadline);
