#pragma once
/* Whether the service takes what a connection has. */
#include "base/err.h"

struct buf;
struct connection;

/*
 * Sends an array without points and appends what the server said, a line. Blocks for as long as
 * that takes; any thread. Returns 0, or a fault: 104 when
 * the connection is incomplete, -EACCES when it was refused, -EIO when there was no answer.
 */
MUST_USE int connection_trial(const struct connection *one, struct buf *ret_text);
