#pragma once
/* `brunt run`, for commands that are it with another command line. */
#include "cli/run_locust.h"

/* Does what `brunt run` does with these arguments, argv[0] being the command; the same result. */
int cmd_run_as(enum run_style style, int argc, char **argv);
