#pragma once
/*
 * Who and what a run is, for sinks and vocabularies: its id and name, the company, project and
 * timeline it belongs to. From the configuration's "leapwork" object, the environment over it, and
 * what the program knows itself.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "plan/options.h"
#include "vocab/vocab.h"

struct run_about {
    struct arena arena;
    struct vocab_run run; /* strings in the arena or of the caller's */
};

struct run_about_source {
    const char *json;   /* the "leapwork" object; NULL: none */
    const char *run_id; /* the caller's */
    const char *script; /* as it was named on the command line */
    wall_ns started;
    const char *(*env)(void *arg, const char *name);
    void *arg;
};

/* Returns 0 or FAULT_EXIT(104). run_about_fini() is due whatever it returned. */
MUST_USE int run_about_read(struct run_about *about, const struct run_about_source *from);
void run_about_fini(struct run_about *about);

/*
 * The outputs of a run: those that were asked for, with a bare "leapwork" for every enabled
 * connection, and then one for each enabled connection that none of them names. A file of
 * connections that cannot be read, or a connection that lacks something, is told to `warn` and left
 * out, because nobody asked for it in this run. Strings live in `arena`. `inline_list` is what the
 * configuration has of connections; NULL: nothing.
 */
struct run_publication {
    const struct plan_strings *asked;
    const char *inline_list;
    bool automatic; /* false: only what was asked for */
    const char *(*env)(void *arg, const char *name);
    void (*warn)(void *arg, const char *text);
    void *arg;
};

void run_publication_outputs(const struct run_publication *from, struct arena *arena,
                             struct plan_strings *ret_specs);

/* Adds to a list that grows in `arena`. */
void output_list_add(struct plan_strings *list, struct arena *arena, const char *spec);
