#pragma once
/* A run's report in a file, in the form that the file's name asks for. */
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct buf;
struct redact;
struct store;

/* Whether a report can be written under that name; a fault says which names there are. */
MUST_USE int report_file_check(const char *path);

struct report_file_source {
    struct store *store;
    int64_t key;
    struct redact *redact; /* what may not be written; or NULL */
};

/* Writes a stored run: .html .json .md, .xml and .junit.xml. Returns 0 or a fault. */
MUST_USE int report_file_write(const struct report_file_source *from, const char *path);

/* A stored run as the HTML report, appended. Returns 0 or a fault. */
MUST_USE int report_file_html(const struct report_file_source *from, struct buf *out);
