#pragma once
/*
 * At most so many passages a second over all threads, one after the other without bursts (the
 * option `rps`).
 */
struct loop;
struct rate_gate;

struct rate_gate *rate_gate_new(double per_second);
void rate_gate_free(struct rate_gate *g); /* accepts NULL */

/* Suspends until it is the caller's turn. Returns 0 or -ECANCELED. */
int rate_gate_pass(struct rate_gate *g, struct loop *l);
