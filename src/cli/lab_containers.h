#pragma once
/* The lab's services as containers, by `docker compose` or `docker-compose`. */
#include "cli/lab_use.h"

/* Whether Docker can be used. Returns 0, or a fault that says what is missing. */
MUST_USE int lab_containers_check(void);

/*
 * Runs `docker compose WORDS...` in the lab's folder, with our terminal; the words are NULL-ended.
 * Returns 0, or a fault when it cannot be run or ends with another status.
 */
MUST_USE int lab_containers_call(const struct lab_use *use, const char *const *words);

/*
 * The same with the names of the chosen services behind them. Services that are no containers (the
 * target) are left out; with none left nothing is called.
 */
MUST_USE int lab_containers_each(const struct lab_use *use, const char *const *words);

/* Runs a program and waits; its output goes to `log` (NULL: to ours). Returns its status, 127 when
 * it cannot be run, or 128 and the signal. */
int lab_call(const char *dir, char *const *argv, const char *log);
