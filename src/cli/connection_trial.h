#pragma once
/* brunt connection test: whether the service takes what a connection has. */
#include "base/err.h"

struct connection;

/*
 * Sends an array without points and prints what the server said. Returns 0, or a fault: 104 when
 * the connection is incomplete, -EACCES when it was refused, -EIO when there was no answer.
 */
MUST_USE int connection_trial(const struct connection *one);
