#pragma once
/* What the files of the spool share: its folder on disk, and the spool itself. */
#include "sink/spool.h"
#include "sink/spool_record.h"

enum {
    FOLDER_E_NONE = 1, /* condition: there is no such folder */
};

/* A spool's folder, held by a lock. */
struct folder {
    char *path;
    int fd;   /* the folder */
    int lock; /* its file "lock"; -1: it is only looked at */
};

#define FOLDER_INIT ((struct folder){.fd = -1, .lock = -1})

/* Whether a text may be part of a folder's name: letters, digits, `.`, `_`, `-`; no dot first. */
bool folder_is_name(const char *text);

/* Makes DIR and DIR/NAME where missing, 0700, and locks it. 0, -EBUSY or another fault. */
MUST_USE int folder_make(const char *dir, const char *name, struct folder *ret_folder);

/* Opens and locks one that is there. 0, FOLDER_E_NONE, -EBUSY or another fault. */
MUST_USE int folder_open(const char *dir, const char *name, struct folder *ret_folder);

/* Opens one for a look, locked or not; says whether somebody has it. 0, FOLDER_E_NONE, a fault. */
MUST_USE int folder_look(const char *dir, const char *name, struct folder *ret_folder,
                         bool *ret_busy);

/* Locks a spool that is there, by its name. 0, or a fault that says there is none. */
MUST_USE int spool_hold(const char *dir, const char *name, struct folder *ret_folder);

/* Deletes all that a spool made, the folder included, and closes it. 0 or a fault. */
MUST_USE int folder_remove(struct folder *f);

void folder_close(struct folder *f);

/* Has the disk keep names that were added or removed. 0 or a fault. */
MUST_USE int folder_sync(const struct folder *f);

/* PATH/NAME; the caller's. */
char *folder_path_of(const struct folder *f, const char *name);

/* ---- what stands beside the segments ---- */

/* What sink.json says; the caller's strings. */
struct about {
    char *run, *label, *format, *spec;
};

void about_fini(struct about *a);

/* Writes or replaces sink.json, whole or not at all. 0 or a fault. */
MUST_USE int about_write(const struct folder *f, const struct about *a);

/* 0, FOLDER_E_NONE when there is none, or a fault. */
MUST_USE int about_read(const struct folder *f, struct about *ret_about);

/*
 * The id up to which all is done: two slots, 4096 bytes apart so that no torn write spoils both,
 * written in turn, each with a checksum; the higher good one counts. A rename of a small file would
 * be as safe, but costs three journal commits where this costs a write and a sync.
 */
struct done_file {
    int fd; /* -1: not open yet */
    uint64_t id;
    unsigned slot; /* to be written next */
    bool is_lost;  /* the file is there, and neither slot is good: what was done is not known */
};

/* Reads what is there; a missing file means 0. 0 or a fault. */
MUST_USE int done_open(const struct folder *f, struct done_file *ret_done);
MUST_USE int done_write(const struct folder *f, struct done_file *done, uint64_t id);
void done_close(struct done_file *done);

/* ---- segments ---- */

/* The numbers of the segments in a folder, ascending; free() them. 0 or a fault. */
MUST_USE int segment_numbers(const struct folder *f, unsigned **ret_numbers, size_t *ret_n);

enum {
    SEGMENT_NAME_BYTES = 24,
};

/* "000001.seg"; returns `name`. */
const char *segment_name(unsigned number, char name[SEGMENT_NAME_BYTES]);

/* What a walk over the segments, in their order, found. */
struct spool_found {
    uint64_t points, bytes; /* of records that are not done */
    uint64_t damaged;       /* points that are missing before, between and behind them */
    uint64_t done_id;
    uint64_t last_id; /* of the last record, or of the last that is done */
    wall_ns oldest;   /* of the first record that is not done; 0: unknown or none */
    bool has_start;   /* it is known what comes before the next record */
};

/* Begins a walk by what is known of what was done. */
void found_init(struct spool_found *found, const struct done_file *done);

/*
 * Reads the headers of one segment; those before it were walked already. *ret_tail is what stands
 * behind its last whole record. 0 or a fault.
 */
MUST_USE int segment_walk(int fd, const char *path, uint64_t size, struct spool_found *found,
                          struct record_tail *ret_tail);

/* Opens a segment and says how long it is. 0, FOLDER_E_NONE or a fault; *ret_path is owned. */
MUST_USE int segment_open(const struct folder *f, unsigned number, int flags, int *ret_fd,
                          char **ret_path, uint64_t *ret_size);
