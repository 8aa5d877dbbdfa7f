#pragma once
/*
 * A running test as a row of the store: what it is called, and how it stands. Texts have the shapes
 * of the run document. Secrets are blacked out. On the main loop.
 */
#include "base/arena.h"
#include "store/store.h"

struct loadtest;
struct run;
struct run_sinks;

/* What does not change while it runs: id, script, options, tags, labels, environment. */
void run_row_fixed(const struct loadtest *t, struct arena *arena, struct store_run *row);

/*
 * The script's hash, unless the row has it: the first one of a process costs a millisecond, as
 * OpenSSL looks for its algorithms. Any thread.
 */
void run_row_hash(const struct loadtest *t, struct arena *arena, struct store_run *row);

/* How it stands: times, thresholds, scenarios, the generator's verdict, outputs. Not the headline.
 */
void run_row_moving(const struct loadtest *t, struct run *run, const struct run_sinks *sinks,
                    struct arena *arena, struct store_run *row);

/* How a run ended. */
struct run_ending {
    int exit_code;
    const char *reason; /* the fault that ended it, in words; NULL: none did */
};

void run_row_end(const struct loadtest *t, struct run *run, const struct run_ending *ending,
                 struct arena *arena, struct store_run *row);

/* The text with secrets blacked out, in the arena. */
struct str run_row_masked(const struct loadtest *t, struct arena *arena, struct str text);
