#pragma once
/* What a locustfile's own command line asks of the program, read from script.front_json. */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

enum {
    LOCUST_FRONT_QUANTILES_MAX = 64,
};

/* Texts are the arena's; NULL where nothing was said. */
struct locust_front {
    const char *csv; /* what the names of the files begin with */
    bool csv_full_history;
    const char *html;      /* a file */
    bool json;             /* at the end, on standard output */
    const char *json_file; /* the same into a file, without its ".json" */
    bool headless;         /* or --autostart: begin at once */
    bool print_stats;
    bool only_summary;
    bool reset_stats;
    bool has_error_code; /* --exit-code-on-error was given */
    int error_code;
    int processes;                                /* 0: not given */
    double quantiles[LOCUST_FRONT_QUANTILES_MAX]; /* of files and tables */
    size_t n_quantiles;
};

/* Returns 0, or a fault of text that the script's package did not make so. */
MUST_USE int locust_front_read(const char *json, struct arena *arena, struct locust_front *ret);
