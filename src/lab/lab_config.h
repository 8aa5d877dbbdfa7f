#pragma once
/* The configuration files of a lab: texts of src/lab/text with placeholders filled in. */
#include "lab/lab.h"

struct buf;

/* Calls `each` with every file that belongs to the lab's backend: its path below the lab's folder
 * and its text. Ends with its first fault. */
MUST_USE int lab_config_each(const struct lab *lab,
                             int (*each)(void *arg, const char *path, struct str text), void *arg);

/*
 * Writes them below `dir`, which is made when it is not there, and the folders of dashboards. Each
 * is written beside and renamed, so that a server never reads half of one; one that would not
 * change is not touched. Returns 0 or a fault.
 */
MUST_USE int lab_config_write(const struct lab *lab, const char *dir);

/* Writes a file of that mode beside and renames it. Returns 0 or a fault. */
MUST_USE int lab_replace_file(const char *path, struct str text, unsigned mode);

/* Reads at most `limit` bytes; one that is longer is a fault. Returns 0 or a fault. */
MUST_USE int lab_read_file(const char *path, size_t limit, struct buf *ret_text);

/*
 * Makes the lab's secrets when .env has none, reads them otherwise, and puts them into `lab`. The
 * file is readable by its owner only. Returns 0 or a fault.
 */
MUST_USE int lab_secrets(struct lab *lab);
