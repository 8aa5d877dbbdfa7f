#pragma once
/*
 * The error codes that scripts, tags and outputs see (res.error_code), and their texts. The rows
 * are in error_code.def; the numbers are k6's.
 */
#include <stddef.h>

#include "base/str.h"

enum error_code {
    ERROR_CODE_NONE = 0,
#define X(name, number, text, help) ERROR_CODE_##name = (number),
#include "proto/error_code.def"
#undef X
};

enum error_code_h2 {
    ERROR_CODE_H2_GOAWAY = 1610,     /* + 1 + code of the frame */
    ERROR_CODE_H2_STREAM = 1630,     /* the same */
    ERROR_CODE_H2_CONNECTION = 1650, /* the same */
};

/* Of a response's status: 0 below 400, else 1000 + status. */
static inline int error_code_of_status(int status)
{
    return status >= 400 ? 1000 + status : 0;
}

/* The code's fixed text, or "" when the text depends on what happened. Static. */
const char *error_code_text(int code);

/* One sentence on when the code is given, or NULL for an unknown code. Static. */
const char *error_code_help(int code);

/* What the two ends of a connection were doing when a system call failed. */
enum error_op {
    ERROR_OP_DIAL,
    ERROR_OP_READ,
    ERROR_OP_WRITE,
};

/*
 * The code of an errno (positive), and its text in k6's words into `text` (NUL-terminated, cut to
 * n_text; "read: connection reset by peer").
 */
int error_code_of_errno(int errnum, enum error_op op, char *text, size_t n_text);

/*
 * The code of an HTTP/2 error and its text ("http2: stream error with http2 ErrCode CANCEL").
 * `h2_code` is the frame's.
 */
int error_code_of_h2(enum error_code_h2 kind, unsigned h2_code, char *text, size_t n_text);
