#pragma once
/*
 * A test as the command line names it, up to its plan: options of all layers, logs, secrets, the
 * loaded script. What `run` and `inspect` have in common.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/opt.h"
#include "metric/metric.h"
#include "plan/plan.h"
#include "proto/http.h"
#include "script/script.h"
#include "vu/vu.h"

struct redact;
struct secrets;

/* Options that only we have, beside those of plan/options.def. */
struct loadtest_own {
    int64_t loops;
    int64_t workers; /* processes; 0: none */
    const char *lost_worker;
    bool full_contexts;
    const char *io; /* NULL: as the loop has it */
    bool precise;
    bool kernel_timestamps;
    bool fail_on_invalid;
    bool corrected;
    span_ns corrected_interval; /* 0: the median */
    bool offline;
    const char *rate; /* these four: NULL or 0 when not given */
    int64_t max_vus;
    const char *arrival, *when_busy;
    const char *method;
    struct opt_list headers;
    const char *body;
    const char *target; /* these three are for scripts in Python */
    const char *scenario;
    bool dry_run;
    int64_t helper_threads;   /* 0: the default */
    struct opt_list blocking; /* MODULE:NAME */
    const char *summary;      /* these two are for locustfiles; NULL: as the command has it */
    const char *compat;
    const char *address_token;
    const char *vocab;     /* NULL: each output its own */
    const char *spool_dir; /* NULL: the default; "off" */
    int64_t spool_max;     /* MiB */
    span_ns drain_timeout;
    const char *run_id;       /* NULL: made */
    const char *results_json; /* NULL: no such file */
    struct opt_list reports;  /* files, each with a name that says its form */
    bool save_baseline;
    bool no_publish;
    int64_t capture;      /* exchanges kept of each endpoint and error; 0: none */
    int64_t capture_body; /* bytes of a body */
    const char *har;      /* NULL: no such file */
    const char *store;    /* NULL: the default */
    bool no_store;
    int64_t store_runs; /* what retention keeps; 0: any */
    span_ns store_age;
    int64_t store_size;     /* MiB */
    struct opt_list labels; /* of the run */
    const char *ui;         /* NULL: no page; "true": at its usual place; else its address */
    const char *ui_token;
    bool open; /* the page in a browser */
};

struct loadtest {
    struct arena arena;
    struct plan_options cli; /* first layer read; opt_parse fills it */
    struct loadtest_own own;
    struct opt_args args;
    const char *operand; /* script file, "-" or URL */
    bool is_url;

    struct plan_options env;
    struct plan_options early; /* env under cli: what is needed before the script is read */
    struct redact *redact;
    struct log *log;
    struct log *console; /* --console-output, or NULL */
    struct secrets *secrets;

    struct metric_registry *registry;
    struct tag_pool *init_tags;
    struct script_host *init_host;
    struct http_request request; /* of a URL test */
    struct http_header *headers;
    struct status_set *expected;
    struct script *script;
    struct plan_options config, script_options;
    bool has_config;
    const char *const *exports; /* names of callable ones; n_exports */
    size_t n_exports;
    struct plan *plan;
};

/* Rows for opt_parse over a struct loadtest. Static; made at the first call. */
const struct opt_table *loadtest_table(const char *command);

/*
 * Reads the command line and the environment and opens logs and secrets. Returns 0, OPT_E_HELP or a
 * fault. loadtest_close() is due whatever it returned.
 */
MUST_USE int loadtest_open(struct loadtest *t, const struct opt_table *table, int argc,
                           char **argv);

/*
 * Another log to the place that the options name, which begins at `level` unless --verbose was
 * given. The caller frees it. Returns 0 or a fault.
 */
MUST_USE int loadtest_open_log(const struct loadtest *t, enum log_level level,
                               struct log **ret_log);

/*
 * Loads the script, consolidates the options and builds the plan; logs warnings. On a coroutine of
 * a loop. Returns 0 or a fault with its exit code.
 */
MUST_USE int loadtest_load(struct loadtest *t);

/*
 * Another plan of the loaded test: `json`, as a script's options, lies over all layers, and its
 * scenarios are the only ones. In `arena`. Returns 0 or a fault; warnings are left out.
 */
MUST_USE int loadtest_replan(const struct loadtest *t, struct arena *arena, const char *json,
                             struct plan **ret_plan);

void loadtest_close(struct loadtest *t);

/* The same as `k6 version`'s colour rule: a terminal, and nobody said no. */
bool loadtest_colors(const struct loadtest *t, int fd);
