#pragma once
/*
 * Locust's options as rows, for help, completion and the documentation. Nobody parses by them: what
 * a locustfile adds to them is known only to Python, which reads the command line
 * (py/locust/argument_parser.py).
 */
#include "base/opt.h"

extern const struct opt_table locust_options;
