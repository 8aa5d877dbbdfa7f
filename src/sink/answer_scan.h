#pragma once
/*
 * Finds single members in what a server answered, which ought to be JSON and may be anything: no
 * tree is built, and what cannot be read is not found.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum {
    ANSWER_TEXT_BYTES = 4096, /* more of a string is not given */
};

/*
 * Appends the string behind the first `"key":`, at any depth, whatever the case of the key. Escapes
 * are undone (beyond ASCII they become '?'). False when there is none.
 */
bool answer_string(struct str body, const char *key, struct buf *out);

/* The whole number behind the first `"key":`. */
bool answer_u64(struct str body, const char *key, uint64_t *ret_n);

/* The first key of the object behind the first `"key":`, as answer_string gives it. */
bool answer_first_key(struct str body, const char *key, struct buf *out);

/* The digits behind the last `word` ("dropped="). */
bool answer_number_after(struct str text, struct str word, uint64_t *ret_n);
