#pragma once
/* A run of the history, as a command was told it: from --store and what the user wrote. */
#include <stdint.h>

#include "base/err.h"

struct store;

struct stored_run {
    struct store *store;
    int64_t key;
};

/*
 * Opens the history for reading (NULL: the default one) and finds the run. stored_run_close() is
 * due whatever it returned. Returns 0 or a fault that says what there is instead.
 */
MUST_USE int stored_run_open(const char *path, const char *text, struct stored_run *ret_run);
void stored_run_close(struct stored_run *run);
