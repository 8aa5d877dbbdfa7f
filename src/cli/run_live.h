#pragma once
/*
 * What a run shows while it runs: the banner, then bars that redraw themselves on a terminal, or a
 * line a second where there is none.
 */
struct loadtest;
struct loop;
struct run;
struct run_live;
struct stop_signals;

/* Prints the banner (not with --quiet). */
struct run_live *run_live_new(const struct loadtest *t, struct loop *loop);
void run_live_free(struct run_live *live); /* accepts NULL */

void run_live_start(struct run_live *live, struct run *run);

/* Draws the last moment for good. */
void run_live_stop(struct run_live *live);

/* struct run_config.on_tick; `arg` is a struct run_live. */
void run_live_tick(void *arg, struct run *run);

/* Suspends until the first signal. */
void run_live_linger(struct run_live *live, struct stop_signals *signals);
