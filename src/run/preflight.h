#pragma once
/*
 * Whether this machine can hold a test, looked at before it starts: files that may be open, local
 * ports, and the processor time that a container is granted.
 */
#include <stdint.h>

#include "base/buf.h"

struct plan;

/* What a test needs and a machine has; 0: unknown, nothing is said of it. */
struct preflight_facts {
    uint64_t max_vus;
    uint64_t connections_each; /* that a user may have open at once: `batch` and its like */
    bool reuses_connections;
    uint64_t descriptor_limit;
    uint64_t local_ports;
    double cpu_quota; /* processors that the control group may use */
    unsigned n_loops; /* that will run */
};

/*
 * Appends a warning for each thing that will not do, one a line: what is short, then what to do.
 * Pure.
 */
void preflight_judge(const struct preflight_facts *facts, struct buf *out);

/* Looks: raises the limit on open files as far as it goes, and asks for the rest. */
void preflight_look(const struct plan *plan, unsigned n_loops, struct preflight_facts *ret_facts);

/*
 * Processors that a control group may use, from its files: "max 100000" or "150000 100000" of
 * cpu.max (v2). 0 when it is unlimited or no such text.
 */
double preflight_parse_quota(const char *cpu_max);
