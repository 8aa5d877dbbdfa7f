#pragma once
/*
 * The record of a linked folder, `.source`: where it came from and, for each file that was put
 * there, the digests of what it may hold. Private to link.c.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum {
    LINK_DIGEST_BYTES = 65, /* SHA-256 in hexadecimal, with its NUL */
};

struct link_file {
    char *name;                        /* owned */
    char digest[2][LINK_DIGEST_BYTES]; /* the second while a link goes on: what it was before */
};

struct link_record {
    char *source; /* owned; NULL: there is no record */
    struct link_file *files;
    size_t n_files, cap_files;
};

void link_record_fini(struct link_record *r);

/* Reads FOLDER/.source; without one *ret is empty. Returns 0, or a fault for what is no record. */
MUST_USE int link_record_read(const char *folder, struct link_record *ret);

/* Returns 0 or a fault. */
MUST_USE int link_record_write(const char *folder, const struct link_record *r);

struct link_file *link_record_find(const struct link_record *r, const char *name);

/* Adds a file, or gives it another digest and keeps the one before. */
void link_record_put(struct link_record *r, const char *name, const char *digest);
void link_record_drop(struct link_record *r, const char *name);

/* Whether a file of that content was put there. */
bool link_file_holds(const struct link_file *f, const char *digest);

/* ---- files ---- */

/* Of the bytes. Returns 0 or a fault. */
MUST_USE int link_digest(struct str data, char ret[LINK_DIGEST_BYTES]);

/* Writes beside, to disk, and renames. Returns 0 or a fault. */
MUST_USE int link_write(const char *folder, const char *name, struct str data);

struct buf;

/* Reads FOLDER/NAME. Returns 0, LINK_E_NO_FILE, or a fault. */
enum {
    LINK_E_NO_FILE = 1, /* condition */
};
MUST_USE int link_read(const char *folder, const char *name, struct buf *ret);
