#pragma once
/*
 * The values of a dashboard's variables: those that were asked for, those it was saved with, or
 * what Grafana takes when it is opened for the first time. Variables of type query are resolved by
 * asking the server, after those that their queries use.
 */
#include "dashboard/query_ask.h"
#include "dashboard/query_fill.h"

/* A value that was asked for; the same name may come several times. */
struct query_given {
    struct str name, value; /* value "All" or "$__all": all of them */
};

struct query_resolved {
    const struct query_variable *variable;
    struct query_value value;
    bool is_all;
    struct str why; /* there is no value, and this is why; empty: there is one */
};

/*
 * Resolves all, in the order of the dashboard, into the arena. `context` has the time range; its
 * values are set to the result, which lives as long as the arena. Never fails: a variable that
 * cannot be resolved is empty and says so.
 */
void query_lookup(const struct queries *q, struct query_servers *servers,
                  const struct query_given *given, size_t n_given, struct arena *arena,
                  struct query_context *context, struct query_resolved **ret_resolved);
