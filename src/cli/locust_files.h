#pragma once
/* The CSV files of --csv: three that are written anew at each tick, and one that grows. */
#include "base/err.h"
#include "cli/locust_front.h"
#include "locust/locust_csv.h"

struct locust_files;
struct locust_view;

/* Makes folders and files. Returns 0 or a fault. */
MUST_USE int locust_files_open(const struct locust_front *front, struct locust_quantiles quantiles,
                               struct locust_files **ret_files);

/* Everything as it stands, and a moment more of the history. Returns 0 or a fault. */
MUST_USE int locust_files_write(struct locust_files *f, struct locust_view *view,
                                const struct locust_exception *exceptions, size_t n_exceptions);

void locust_files_close(struct locust_files *f); /* accepts NULL */

/* Makes the folders above a file. Returns 0 or a fault. */
MUST_USE int locust_files_make_room(const char *path);
