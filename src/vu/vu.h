#pragma once
/*
 * A virtual user: one script instance and one client, run by one coroutine at a time. It gives the
 * script its services and takes from it the samples of iterations.
 *
 * Users live on a `struct vu_loop`, one per loop; all calls come from the loop's thread unless they
 * say otherwise. What a user cannot know (the run around it) it asks through `struct vu_run_ops`.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "loop/coro.h"
#include "script/script.h"

struct buf;
struct client_policy;
struct coro;
struct list;
struct loop;
struct plan;
struct plan_scenario;
struct recorder;
struct redact;
struct tag_pool;
struct tagset;
struct vu;
struct vu_loop;

/* Upward calls; any loop's thread. `arg` is the one of struct vu_loop_config. */
struct vu_run_ops {
    /* One line, with a field beside the message unless `field` is empty. */
    void (*log)(void *arg, const struct vu *vu, enum script_log_level level,
                enum script_log_source source, struct str message, struct str field,
                struct str value);

    /* k6/secrets; as in script.h. */
    int (*secret)(void *arg, struct str source, struct str key, struct buf *ret_value);

    /* An uncaught exception, as in script.h; logged as the phase demands. */
    uint64_t (*exception)(void *arg, const struct vu *vu, const struct script_exception *e);

    /* Fills all but what the user knows itself. `vu` tells scenario and iteration. */
    void (*exec_info)(void *arg, struct vu *vu, struct script_exec_info *ret_info);

    void (*abort)(void *arg, struct vu *vu, struct str message);
    void (*fail)(void *arg, struct vu *vu, struct str message);
    void (*end)(void *arg, struct vu *vu, struct str message);
};

struct vu_loop_config {
    struct loop *loop;
    struct script *script;
    const struct plan *plan;            /* NULL while the script is first loaded */
    const struct client_policy *policy; /* vu/vu_policy.h */
    struct recorder *recorder;
    struct tag_pool *tags;
    const struct vu_run_ops *ops;
    void *arg;
    unsigned capture;       /* exchanges kept of each endpoint and error; 0: none */
    size_t capture_body;    /* bytes of a body that are kept */
    struct redact *secrets; /* what must not be in them; NULL: nothing is known */
};

/* Opens the script and the client side on this loop. Returns 0 or a fault. */
MUST_USE int vu_loop_new(const struct vu_loop_config *config, struct vu_loop **ret_loop);

/* After its last user; accepts NULL. */
void vu_loop_free(struct vu_loop *vl);

/* HTTP round trips so far on this loop, and those that failed; any thread. */
uint64_t vu_loop_n_requests(const struct vu_loop *vl);
uint64_t vu_loop_n_in_flight(const struct vu_loop *vl);
uint64_t vu_loop_n_failed(const struct vu_loop *vl);

/*
 * Moves the exchanges kept since the last time to `to` (metric/exchange.h), and tells how many
 * failures so far had no room.
 */
uint64_t vu_loop_take_exchanges(struct vu_loop *vl, struct list *to);

/* What the script has cost on this loop; any thread. */
void vu_loop_script_stats(const struct vu_loop *vl, struct script_stats *ret_stats);

/*
 * A user with this id (from 1; 0 for setup, teardown and handleSummary), its init code run. On a
 * coroutine. Returns 0, or a fault whose text has been given to ops->exception already when it came
 * from the script (FAULT_EXIT(107), FAULT_EXIT(108)).
 */
MUST_USE int vu_new(struct vu_loop *vl, uint64_t id, struct vu **ret_vu);

/* Accepts NULL. */
void vu_free(struct vu *vu);

uint64_t vu_id(const struct vu *vu);

/* The scenario the user is activated for, or NULL. */
const struct plan_scenario *vu_scenario(const struct vu *vu);

/* The tags of its samples. */
const struct tagset *vu_tags(const struct vu *vu);

/* Iterations started in the current scenario by this user, the running one included. */
uint64_t vu_scenario_iterations(const struct vu *vu);

/*
 * A number of the running iteration that is unique in its scenario, given by the run before the
 * iteration or at its first question; -1: not yet. The run reads and writes it; -1 again after the
 * iteration.
 */
int64_t *vu_ticket(struct vu *vu);

/* A host for loading the script before any user exists (script_ops.load). */
struct script_host *vu_init_host(const struct vu_run_ops *ops, void *arg, struct tag_pool *tags);
void vu_init_host_free(struct script_host *host);

/* Prepares the user for a scenario: tags, environment, export, iteration counters. */
void vu_activate(struct vu *vu, const struct plan_scenario *scenario, int export_index,
                 const char *setup_data);

/* The user leaves its scenario: the script's hooks for it run. On the user's coroutine. */
void vu_leave(struct vu *vu);

/* The stack that coroutines need which run users of this script. */
enum coro_stack vu_stack(const struct script *script);

enum vu_result {
    VU_COMPLETE,    /* the function returned, or threw: both count */
    VU_INTERRUPTED, /* no samples */
};

/*
 * One iteration, with its samples. On the user's coroutine. `due` is the instant at which it should
 * start, whether or not it could (0: now, a closed model): response times count from it.
 * `hard_end` is when script code that never suspends is stopped (0: never). Yields at least once.
 */
enum vu_result vu_iterate(struct vu *vu, mono_ns due, mono_ns hard_end);

/*
 * Iterations one after the other, of a closed model, for as long as `next` wants another; it is
 * called at the end of each. Where an iteration is nothing but a request (script_ops.fixed_request)
 * it is called without the coroutine, on the loop's stack, and must not suspend there. A user that
 * is interrupted may end, whatever is said.
 */
typedef bool vu_next_fn(void *arg, enum vu_result result);
void vu_iterate_while(struct vu *vu, mono_ns hard_end, vu_next_fn *next, void *arg);

/*
 * Interrupts the running iteration, if there is one, as soon as it can be: cancels what it waits
 * for and stops its code. On the loop's thread.
 */
void vu_interrupt(struct vu *vu);

/* Ends the sleep of a user that does nothing but wait for its next task; else no effect. */
void vu_release(struct vu *vu);

/* Stops script code that is running, at once; for a loop that does not turn. Any thread. */
void vu_stop_code(struct vu *vu);

/* setup(), teardown() and handleSummary() of user 0; as in script.h, samples tagged by group. */
MUST_USE int vu_setup(struct vu *vu, mono_ns deadline, char **ret_json);
MUST_USE int vu_teardown(struct vu *vu, const char *setup_data, mono_ns deadline);
MUST_USE int vu_summary(struct vu *vu, const char *data_json, mono_ns deadline,
                        struct script_summary_file **ret_files, size_t *ret_n);
