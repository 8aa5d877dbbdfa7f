#pragma once
/*
 * What a LoadPilot scenario has beyond other scripts: a name and a target that its files of results
 * carry, the knee of a load in steps, and its own words at the end. Other scripts get none of it.
 * On the main loop.
 */
struct load_knee;
struct loadtest;
struct run;
struct run_loadpilot;
struct vocab_run;

/* Tells the scenario's name and target, if the script has them; strings are the script's. */
void run_loadpilot_name(const struct loadtest *t, struct vocab_run *run);

/* NULL for a script that is no LoadPilot scenario; all calls below accept it, and do nothing. */
struct run_loadpilot *run_loadpilot_new(const struct loadtest *t);
void run_loadpilot_free(struct run_loadpilot *l);

/* At each tick of the run, before outputs are told. */
void run_loadpilot_tick(struct run_loadpilot *l, const struct run *run);

/* The knee so far; n_steps 0 when the load is not in steps or has no limit to hold. */
void run_loadpilot_knee(const struct run_loadpilot *l, const struct run *run,
                        struct load_knee *ret_knee);

/* After the summary: LoadPilot's last lines, on standard output. `exit_code` is the run's. */
void run_loadpilot_show(const struct run_loadpilot *l, const struct run *run, int exit_code);
