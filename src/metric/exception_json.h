#pragma once
/* An uncaught exception as JSON: the same in reports, files of results and answers of the page. */
#include "base/json_out.h"
#include "metric/exception_book.h"

/*
 * An object: {"kind", "message", "place", "scenario", "count", "first_ms" and "last_ms" (since
 * 1970), "first_t" and "last_t" (seconds since `started`, that of the test), "workers" (numbers
 * from 1; none: this process has no workers), "others", "stack"}.
 */
void exception_put_json(struct json_out *j, const struct exception *e, wall_ns started);
