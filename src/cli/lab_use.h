#pragma once
/* What the actions of `brunt lab` share: the folder, its lock, its state, the choice of services.
 */
#include "base/opt.h"
#include "lab/lab.h"
#include "lab/lab_state.h"

struct lab_use {
    /* by options */
    const char *dir;
    struct opt_list names; /* -s */

    struct lab lab;
    struct lab_state state;
    bool has_state; /* something was started */
    bool chosen[LAB_SERVICE_COUNT];
    bool chosen_by_name;
    int lock; /* -1: not held */
};

/* Rows of an option table whose object begins with, or has at that offset, a struct lab_use. */
#define LAB_DIR_ROW(base)                                                                     \
    {                                                                                         \
        .name = "dir", .type = OPT_STRING, .offset = (base) + offsetof(struct lab_use, dir),  \
        .env = "BRUNT_LAB", .value_name = "DIR", .hint = OPT_HINT_DIR,                        \
        .help = "the lab's folder (default ~/.local/share/brunt/lab, or below XDG_DATA_HOME)" \
    }
#define LAB_SERVICE_ROW(base)                                                        \
    {                                                                                \
        .name = "service", .short_name = 's', .type = OPT_LIST,                      \
        .offset = (base) + offsetof(struct lab_use, names), .value_name = "SERVICE", \
        .help = "only this one: prometheus, influxdb, graphite, grafana or "         \
                "target; several with commas or several times (default: all)"        \
    }

enum lab_lock {
    LAB_LOOK,   /* others may change it meanwhile */
    LAB_CHANGE, /* until lab_use_close() nobody else does */
};

/*
 * Finds the folder, reads the state and what -s chose. With LAB_CHANGE a folder that is there is
 * locked. Returns 0 or a fault; lab_use_close() is due either way.
 */
MUST_USE int lab_use_open(struct lab_use *use, enum lab_lock how);

void lab_use_close(struct lab_use *use);

/* Locks the folder, which is there now, and reads its state again. Returns 0 or a fault. */
MUST_USE int lab_use_lock(struct lab_use *use);

/* "nothing runs" as a fault, with what to do. */
int lab_use_none(const struct lab_use *use);

/* Saves the state. Returns 0 or a fault. */
MUST_USE int lab_use_save(struct lab_use *use);

/* Parses and runs an action: opt_parse, help, run(object). Returns an exit code or a fault. */
int lab_action(const struct opt_table *table, void *object, struct lab_use *use, int argc,
               char **argv, int (*run)(void *object));
