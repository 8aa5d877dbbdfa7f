#pragma once
/* What became of the points of each output, for people and for programs. */
#include <stdbool.h>

#include "base/buf.h"

struct json_out;
struct sinks;

/* Appends the part of the summary for people. */
void sinks_accounts_text(struct sinks *s, bool colored, struct buf *out);

/* An object by labels; NULL: an empty one. For the summary, and for the run document. */
void sinks_accounts_summary(struct sinks *s, struct json_out *j);
void sinks_accounts_json(struct sinks *s, struct json_out *j);

/* Whether everything has been delivered; after sinks_close. */
bool sinks_are_complete(struct sinks *s);
