#pragma once
/* What a run shows at its end: the summary, handleSummary()'s files, --summary-export. */
struct loadtest;
struct run;

/* On a coroutine of the main loop, after run_exit_code(). Failures are logged. */
void run_output_summary(struct loadtest *t, struct run *run);
