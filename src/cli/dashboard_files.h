#pragma once
/* The files that a command line of FILE|DIR... means. */
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct dashboard_file {
    char *path;
    bool from_folder; /* found there, not named by the user */
};

struct dashboard_files {
    struct dashboard_file *list;
    size_t n, cap;
};

/*
 * Adds a file, "-", or what below a folder ends in .json, sorted by name; names that begin with a
 * point are passed over. Returns 0 or a fault.
 */
MUST_USE int dashboard_files_add(struct dashboard_files *f, const char *path);

void dashboard_files_fini(struct dashboard_files *f);
