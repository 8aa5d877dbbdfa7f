#pragma once
/*
 * The outputs of a run (-o): opened before it, fed at its ticks, drained at its end, and accounted
 * for in the summary. All on the main loop.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

struct json_out;
struct loadtest;
struct loop;
struct recorder;
struct run;
struct run_loadpilot;
struct run_sinks;
struct stop_signals;

/*
 * Reads what -o, K6_OUT and the configuration file say. *ret_sinks is NULL when they name none.
 * Returns 0 or FAULT_EXIT(104).
 */
MUST_USE int run_sinks_new(const struct loadtest *t, struct loop *loop,
                           struct run_sinks **ret_sinks);

/* All further calls accept NULL, and do nothing then. */

/* Opens them, and serves the one that is asked; after run_new. Returns 0 or a fault. */
MUST_USE int run_sinks_open(struct run_sinks *s, struct run *run);

/* Whether one of them takes single samples. Accepts NULL. */
bool run_sinks_want_samples(const struct run_sinks *s);

/*
 * For run_config: on_recorder (on any loop's thread), on_sample and on_tick; the last with what the
 * run has of LoadPilot, or NULL.
 */
void run_sinks_recorder(void *arg, struct recorder *recorder, unsigned source);
void run_sinks_sample(struct run_sinks *s, struct run *run, mono_ns now);
void run_sinks_tick(struct run_sinks *s, struct run *run, const struct run_loadpilot *loadpilot);

/*
 * On a coroutine, after the run: waits until everything is delivered, the time for that is over, or
 * a signal comes; shows meanwhile what is left. Then the accounts are final.
 */
void run_sinks_finish(struct run_sinks *s, struct stop_signals *signals);

/* Appends the part of the summary for people, and for programs (an object by labels). */
void run_sinks_text(const struct run_sinks *s, bool colored, struct buf *out);
void run_sinks_json(const struct run_sinks *s, struct json_out *j);

/* The same for the run document: what became of the points, while it runs or after. */
void run_sinks_accounts(const struct run_sinks *s, struct json_out *j);

/* The run's exit code, or 115 when all was well but that an output is incomplete. */
int run_sinks_exit_code(const struct run_sinks *s, int exit_code);

/*
 * Stays until whoever scrapes has seen the end: one scrape after it, for as long as scrapes have
 * been apart. On a coroutine; a signal ends it.
 */
void run_sinks_linger(struct run_sinks *s, struct stop_signals *signals);

/* Stops serving and closes the sinks, before the run is freed. */
void run_sinks_close(struct run_sinks *s);

/* After the loop has gone. */
void run_sinks_free(struct run_sinks *s);
