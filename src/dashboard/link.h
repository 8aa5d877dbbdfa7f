#pragma once
/*
 * Folders of dashboards, copied into the one that a lab's Grafana reads. The project's folder is
 * the source of truth: linking it again makes the copy the same. What is linked as NAME lies in
 * CUSTOM/NAME, which Grafana shows as a folder of that name, beside a record `.source` of where it
 * came from and what was put there. A file that is not in the record, or that was changed since, is
 * somebody else's: it is never overwritten or removed unless forced.
 *
 * Files are written beside their place and renamed, and the record names a file before it is there
 * and until it is gone, so that an interrupted link is finished by the next one.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum link_news {
    LINK_ADDED,
    LINK_CHANGED,
    LINK_REMOVED,
    LINK_SAME,
    LINK_KEPT,    /* not ours, or changed in the lab: left where it is; `text` says why */
    LINK_WARNING, /* the dashboard has an error that lint names; it was linked nevertheless */
};

/* `file` is a name within the folder; `text` is a sentence, or "". Borrowed for the call. */
typedef void(link_fn)(void *arg, enum link_news news, const char *file, const char *text);

struct link_options {
    bool force;  /* take what somebody else changed for ours */
    bool strict; /* errors that lint finds are refused, not only told */
    link_fn *fn;
    void *arg;
};

struct link_counts {
    size_t added, changed, removed, same, kept;
};

enum {
    LINK_FILES_MAX = 1000,
    LINK_NAME_MAX = 100, /* bytes of a folder's name */
};

/* Whether a folder may be linked under it: 1 to LINK_NAME_MAX bytes, no / and no point first. */
bool link_is_name(const char *name);

/*
 * Makes custom/name what the *.json of `source` (an absolute path) are; makes folders as they are
 * needed. Nothing is changed when one of them is no dashboard, two have the same uid, or another
 * folder is linked under that name. Returns 0 or a fault.
 */
MUST_USE int link_sync(const char *custom, const char *name, const char *source,
                       const struct link_options *options, struct link_counts *ret_counts);

/* Removes what was put into custom/name. Returns 0, or a fault: -ENOENT when it is not linked. */
MUST_USE int link_remove(const char *custom, const char *name, const struct link_options *options,
                         struct link_counts *ret_counts);

/* A linked folder. */
struct link_about {
    char *name, *source; /* owned */
    size_t n_files;
    bool source_gone;
    bool source_differs; /* linking again would change something */
};

struct link_list {
    struct link_about *list; /* by name */
    size_t n, cap;
};

/* What is linked; an absent folder has nothing. Returns 0 or a fault. */
MUST_USE int link_list_read(const char *custom, struct link_list *ret);
void link_list_fini(struct link_list *l);
