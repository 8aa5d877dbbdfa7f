#pragma once
/*
 * What of a lab was started, so that another shell can ask and end it. A process is its id and the
 * time of its start, in ticks since the machine's: an id that went to somebody else is never ended.
 * The file is lines of words:
 *
 *     brunt-lab 1
 *     boot 3f0f6f0e-…             which start of the machine the times belong to
 *     backend native
 *     influxdb 1
 *     service prometheus          it was asked for
 *     port prometheus 9090
 *     process carbon 4711 123456
 */
#include "lab/lab.h"

struct buf;

enum {
    LAB_STATE_BYTES_MAX = 16 << 10,
    LAB_BOOT_BYTES = 64,
};

struct lab_process {
    int32_t pid;      /* 0: was not started */
    uint64_t started; /* /proc/PID/stat, field 22 */
};

struct lab_state {
    enum lab_backend backend;
    int influx_version;
    char boot[LAB_BOOT_BYTES]; /* NUL-terminated */
    uint16_t ports[LAB_PORT_COUNT];
    bool services[LAB_SERVICE_COUNT];
    struct lab_process processes[LAB_PROGRAM_COUNT];
};

void lab_state_put(const struct lab_state *state, struct buf *out);

/*
 * Lines that say nothing known are skipped, so that an older program can end what a newer one
 * started. Returns 0, or a fault when the text is no state of a lab.
 */
MUST_USE int lab_state_parse(struct str text, struct lab_state *ret_state);

enum {
    LAB_E_NONE = 1, /* condition: nothing was started from that folder */
};

/* Returns 0, LAB_E_NONE, or a fault. A state of an earlier start of the machine has no processes.
 */
MUST_USE int lab_state_load(const char *dir, struct lab_state *ret_state);

/* Returns 0 or a fault. */
MUST_USE int lab_state_save(const char *dir, const struct lab_state *state);

/* Nothing runs any more. Returns 0 or a fault. */
MUST_USE int lab_state_remove(const char *dir);
