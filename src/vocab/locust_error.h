#pragma once
/* What a failure is called where Locust would show the text of an exception. */
#include <stdbool.h>

#include "base/arena.h"
#include "metric/tagset.h"

/*
 * The text for the tags of a request: the error that the engine or the script named, at most 200
 * bytes of it; else, as Locust's client has it, "HTTPError('404 Client Error: Not Found for url:
 * NAME')" of a status from 400 on, without the address; else that the status was not expected.
 * There are as many texts as series have tags, never as many as requests. False for what says that
 * it was expected. The text is the arena's or the tag set's.
 */
bool locust_error_text(const struct tagset *tags, struct arena *words, struct str *ret_text);
