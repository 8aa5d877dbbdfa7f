#pragma once
/* What a run leaves behind on disk by --report and --save-baseline; made from its store. */
#include <stdbool.h>
#include <stdint.h>

struct loadtest;
struct run;

/* Whether anything of it was asked for, so that the run must be stored somewhere. */
bool run_report_is_wanted(const struct loadtest *t);

/*
 * After the run's end is in the store at `path` (NULL: there is none, which is told). What cannot
 * be written is an error in the log, as with --summary-export, and changes no exit code.
 */
void run_report_write(const struct loadtest *t, struct run *run, const char *path, int64_t key);
