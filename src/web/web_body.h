#pragma once
/*
 * The bodies of requests that change something, checked: which members there are, of which types,
 * how long. Faults are -EINVAL with a text for the client.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
    WEB_LABELS_MAX = 32,
    WEB_LABEL_BYTES = 64,
    WEB_NOTE_BYTES = 16 << 10,
    WEB_TEXT_BYTES = 1 << 10, /* of the fields of a connection */
    WEB_TAGS_MAX = 32,
};

/* {"labels"?: [TEXT], "note"?: TEXT, "baseline"?: BOOL}; strings are in the arena. */
struct web_run_change {
    bool has_labels, has_note, has_baseline;
    struct str labels_json; /* an array, written anew */
    struct str note;
    bool is_baseline;
};

MUST_USE int web_run_change_parse(struct arena *arena, struct str body,
                                  struct web_run_change *ret_change);

/*
 * {"endpoint": TEXT, "username": TEXT, "key"?: TEXT, "namespace"?: TEXT, "default_tags"?: [TEXT],
 * "enabled"?: BOOL}. The key is in a buffer of its own, which the caller wipes.
 */
struct web_connection_change {
    struct str endpoint, username, namespace;
    struct str tags[WEB_TAGS_MAX];
    size_t n_tags;
    bool enabled; /* when it is not given: yes */
};

MUST_USE int web_connection_change_parse(struct arena *arena, struct str body,
                                         struct web_connection_change *ret_change,
                                         struct buf *ret_key);
