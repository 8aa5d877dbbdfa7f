#pragma once
/*
 * What happens during a run, as events of its history: changes by the API, thresholds that fail or
 * hold again, the generator's verdict on itself. Each is told once, when it is seen. On the main
 * loop.
 */
#include "store/store.h"

struct loadtest;
struct run;
struct run_watch;

struct run_watch *run_watch_new(const struct loadtest *t, struct run *run);
void run_watch_free(struct run_watch *w); /* accepts NULL */

/* Calls `fn` for what is new; strings are for the call only. */
typedef void(run_watch_fn)(void *arg, const struct store_event *e);
void run_watch_look(struct run_watch *w, run_watch_fn *fn, void *arg);
