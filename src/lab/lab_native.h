#pragma once
/* Services as programs of this machine: where they are, how they are started, when they are ready.
 */
#include "lab/lab.h"

struct buf;
struct lab_process;

/* Whether what `prometheus --version` prints is 3.8 or later. */
bool lab_prometheus_is_new(struct str text);

/*
 * Looks for the programs in $PATH and where packages put servers, and puts their paths and the
 * versions that matter into the lab. `self` is brunt's own path.
 */
void lab_native_find(struct lab *lab, const char *self);

/* The first program of a service that was not found; the count: all are there. */
enum lab_program lab_native_missing(const struct lab *lab, enum lab_service service);

/*
 * Starts a program in the lab's folder, logging to log/NAME.log; `started` as in struct lab_spawn.
 * Returns 0 or a fault.
 */
MUST_USE int lab_native_start(const struct lab *lab, enum lab_program program,
                              int (*started)(void *arg, const struct lab_process *p), void *arg,
                              struct lab_process *ret_process);

/* Whether it answers as it should now; takes up to 3 s. */
bool lab_native_ready(const struct lab *lab, enum lab_program program);

/*
 * What is left to do once it answers: databases, the first user. May be done again. Returns 0 or a
 * fault.
 */
MUST_USE int lab_native_prepare(const struct lab *lab, enum lab_program program);

/* The path of its log; the caller frees it. */
char *lab_native_log(const struct lab *lab, enum lab_program program);

/* The last `n` lines of a file, at most 64 KiB of them; nothing when it is not there. */
void lab_tail(const char *path, size_t n, struct buf *out);
