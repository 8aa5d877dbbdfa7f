#pragma once
/* What the generator says of itself at the end of a run (run/verdict.h), for people and for $?. */
struct loadtest;
struct run;

/* Below the text summary, on standard output. */
void run_verdict_show(const struct loadtest *t, const struct run *run);

/* Where there is no text summary: in the log, unless all is well. */
void run_verdict_log(const struct loadtest *t, const struct run *run);

/* The run's exit code, or 112 for an invalid run that was to fail by it. */
int run_verdict_exit_code(const struct loadtest *t, const struct run *run, int exit_code);
