#pragma once
/* What a run shows at its end: the summary, handleSummary()'s files, --summary-export. */
struct loadtest;
struct run;
struct run_sinks;
struct summary_input;

/* What a summary of the run as it stands is made of; borrowed from both. */
void run_output_input(const struct loadtest *t, struct run *run, struct summary_input *ret_input);

/* On a coroutine of the main loop, after run_exit_code(). Failures are logged. */
void run_output_summary(struct loadtest *t, struct run *run, const struct run_sinks *sinks);
