#pragma once
/*
 * Whether this machine can hold a test, looked at before it starts: files that may be open, local
 * ports, processors and the time on them that a container is granted, memory.
 */
#include <stdint.h>

#include "base/buf.h"

struct plan;

/* What a test needs and a machine has; 0: unknown, nothing is said of it. */
struct preflight_facts {
    uint64_t max_vus;
    uint64_t connections_each; /* that a user may have open at once: `batch` and its like */
    bool reuses_connections;
    double iterations_per_s; /* that are planned for, where arrival rates are; 0: nobody knows */
    uint64_t descriptor_limit;
    uint64_t local_ports;
    double cpu_quota;      /* processors that the control group may use */
    unsigned n_loops;      /* that will run */
    unsigned n_processors; /* that they may run on */
    uint64_t memory;       /* bytes that may still be used; UINT64_MAX: any number */
};

/*
 * Appends a warning for each thing that will not do, one a line: what is short, then what to do.
 * Pure.
 */
void preflight_judge(const struct preflight_facts *facts, struct buf *out);

/* Looks: raises the limit on open files as far as it goes, and asks for the rest. */
void preflight_look(const struct plan *plan, unsigned n_loops, struct preflight_facts *ret_facts);
