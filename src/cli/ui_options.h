#pragma once
/* What --ui, --open, -o web-dashboard and the variables of k6's web dashboard ask for. */
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

struct loadtest_own;
struct plan_strings;

/* Whether an output asks for the page: "web-dashboard", "web-dashboard=port=5665&open=true". */
bool ui_options_is_output(const char *spec);

struct ui_options {
    bool serves;
    bool opens;          /* in a browser */
    const char *address; /* NULL: the usual one */
    const char *option;  /* that named it */
    const char
        *export_file; /* a report to write at the end (K6_WEB_DASHBOARD_EXPORT); NULL: none */
};

/* A variable of the environment; NULL: there is none of that name. */
typedef const char *(ui_env_fn)(void *arg, const char *name);

/*
 * Options win over outputs (`outs`: as -o gives them), and these over variables. Strings are the
 * options', the environment's or the arena's. Returns 0 or FAULT_EXIT(104) for a port that cannot
 * be.
 */
MUST_USE int ui_options_read(const struct loadtest_own *own, const struct plan_strings *outs,
                             ui_env_fn *env, void *arg, struct arena *arena,
                             struct ui_options *ret_options);
