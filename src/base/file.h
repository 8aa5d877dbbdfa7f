#pragma once
/* Files whole, and folders: the loops around system calls that every writer of a file needs. */
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
    FILE_READ_BYTES = 64 << 10, /* read at a time: a buffer needs so much room below its limit */
};

/* Writes all of it. Returns 0 or -errno; errno is set too, and no fault: callers say what it was.
 */
MUST_USE int file_write_all(int fd, struct str data);

/* Appends the rest of the file. Returns 0, BUF_E_LIMIT, or -errno as above. */
MUST_USE int file_read_all(int fd, struct buf *data);

/* Makes a folder, or with all that lead to it; those that are there are left alone. Returns 0 or a
 * fault. */
MUST_USE int file_make_folder(const char *path, mode_t mode);
MUST_USE int file_make_folders(const char *path, mode_t mode);
