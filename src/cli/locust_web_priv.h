#pragma once
/* What the files of Locust's web API share: the server, and what its threads ask. */
#include <pthread.h>

#include "base/arena.h"
#include "cli/locust_exceptions.h"
#include "cli/locust_web.h"
#include "cli/locust_workers.h"
#include "locust/locust_view.h"
#include "loop/loop.h"
#include "web/web_api.h"
#include "web/web_locust.h"
#include "web/web_locust_about.h"

enum {
    LOCUST_SETTINGS_BYTES_MAX = 64 << 10, /* a command line has to hold them */
};

enum locust_desk {
    LOCUST_DESK_IDLE,
    LOCUST_DESK_ASKED,    /* POST /swarm came; the main thread has not seen it */
    LOCUST_DESK_STARTING, /* it has */
    LOCUST_DESK_RUNNING,  /* a run is there; its loop answers */
    LOCUST_DESK_ENDING,   /* its users are gone, and it writes what it has to; the same */
};

struct locust_web {
    struct locust_web_config config;
    struct web_server *server;
    char *url;
    char *base_path; /* "" or "/x" */
    struct log_tail *logs;
    struct main_call *old_call; /* of a run that is over, until its loop has gone */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* something below has */

    /*
     * The test. While a run is there it belongs to the run's loop, else to whoever holds the lock.
     */
    struct locust_web_run run; /* without a run nothing but `locust`, when has_locust */
    bool has_locust;           /* it is ours to free */
    struct locust_state_told {
        enum locust_state state;
        wall_ns started;
    } last;                              /* of the run that was */
    struct locust_exceptions exceptions; /* the same */
    struct locust_workers workers;
    struct timer run_time; /* of a second /swarm: stops the run */
    struct arena about_arena;
    struct web_locust_about about;
    struct metric_registry *registry; /* of `snapshot`, which is empty, and so is `empty` */
    struct snapshot *snapshot;
    struct locust_view *empty;
    struct buf
        settings;    /* of POST /user, for tests to come: fields of a form, each after a comma */
    bool is_emptied; /* /stats/reset came after the run was over */

    /* Under the lock. */
    struct {
        enum locust_desk stage;
        struct main_call *call; /* the run's; NULL: there is none */
        unsigned n_asking;      /* threads that wait for an answer of it */
        uint64_t n_begun, n_failed;
        char *fields;  /* of the form, while LOCUST_DESK_ASKED */
        char *failure; /* of the last start that failed */
        bool is_quit;
        char *store; /* of the last run, NULL: none */
        long long key;
    } shared;
};

/* ---- locust_web.c ---- */

/* A question about the test; its asker embeds it. */
struct locust_question {
    /* On the run's main loop, or, without a run, under the lock. */
    void (*fn)(struct locust_web *w, struct locust_question *q);
};

/* Asks it, and waits for its answer. On a thread of the server. */
void locust_web_ask(struct locust_web *w, struct locust_question *q);

/*
 * Makes a run by these fields of a form, unless one is there. Waits until it has begun. Returns 0,
 * or -EINVAL with a text for the client.
 */
MUST_USE int locust_web_start(struct locust_web *w, const char *fields, bool *ret_is_running);

/* Waits until the run that was stopped has no users any more, or for a minute. */
void locust_web_wait_for_end(struct locust_web *w);

/* ---- locust_now.c: what is known of the test; where `run` may be touched ---- */

/* The test as it is, borrowed from `w`. */
void locust_web_look(struct locust_web *w, struct web_locust_now *ret_now);

/* Keeps what a run that ends has to leave behind, but for `run.locust`. */
void locust_web_remember(struct locust_web *w);

/* Frees what the last run has left. */
void locust_web_forget(struct locust_web *w);

/* What the test's script says of itself. */
void locust_web_read_about(struct locust_web *w, const struct loadtest *t);

/* ---- locust_answers.c ---- */

/* struct web_server_config.answer; `arg` is a struct locust_web. */
bool locust_web_reply(void *arg, const struct web_request *req, struct web_answer *ret_answer);
