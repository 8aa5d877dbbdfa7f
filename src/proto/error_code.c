/* Error codes: rows from the table, and the few rules that pick one. */
#include "proto/error_code.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int code;
    const char *text;
    const char *help;
} rows[] = {
#define X(name, number, text, help) {(number), (text), (help)},
#include "proto/error_code.def"
#undef X
};

const char *error_code_text(int code)
{
    for (size_t i = 0; i < countof(rows); i++) {
        if (rows[i].code == code)
            return rows[i].text;
    }
    return "";
}

/* The row whose range has the code: HTTP statuses and HTTP/2 codes are counted from theirs. */
const char *error_code_help(int code)
{
    for (size_t i = countof(rows); i-- > 0;) {
        bool ranged = (rows[i].code >= 1400 && rows[i].code < 1600) || rows[i].code >= 1610;
        int last = rows[i].code + (rows[i].code < 1600 ? 99 : 14);

        if (rows[i].code == code ||
            (ranged && code > rows[i].code && code <= last && rows[i].code < 1700))
            return rows[i].help;
    }
    return NULL;
}

static const char *op_name(enum error_op op)
{
    static const char *const names[] = {
        [ERROR_OP_DIAL] = "dial", [ERROR_OP_READ] = "read", [ERROR_OP_WRITE] = "write"};

    return names[op];
}

static int with_text(int code, char *text, size_t n_text)
{
    snprintf(text, n_text, "%s", error_code_text(code));
    return code;
}

/* Go names the number and the operating system's words. */
static int unknown_errno(int errnum, enum error_op op, char *text, size_t n_text)
{
    char words[128];
    const char *at = strerror_r(errnum, words, sizeof(words));
    char first = at[0];

    /* Go's table of errors is the C library's in lower case. */
    if (op == ERROR_OP_DIAL) {
        snprintf(text, n_text, "dial: unknown errno %d error with msg `%c%s`", errnum,
                 ascii_lower(first), first ? at + 1 : "");
    } else {
        snprintf(text, n_text, "%s: unknown errno `%d` on linux with message `%c%s`", op_name(op),
                 errnum, ascii_lower(first), first ? at + 1 : "");
    }
    return op == ERROR_OP_DIAL ? ERROR_CODE_DIAL_UNKNOWN_ERRNO : ERROR_CODE_TCP_UNKNOWN_ERRNO;
}

int error_code_of_errno(int errnum, enum error_op op, char *text, size_t n_text)
{
    switch (errnum) {
    case ECONNRESET:
        snprintf(text, n_text, "%s: connection reset by peer", op_name(op));
        return ERROR_CODE_TCP_RESET;
    case EPIPE:
        return with_text(ERROR_CODE_TCP_BROKEN_PIPE, text, n_text);
    case ECONNREFUSED:
        return with_text(ERROR_CODE_DIAL_REFUSED, text, n_text);
    case ETIMEDOUT:
        if (op == ERROR_OP_DIAL)
            return with_text(ERROR_CODE_DIAL_TIMEOUT, text, n_text);
        break;
    default:
        break;
    }
    return unknown_errno(errnum, op, text, n_text);
}

/* RFC 9113 §7. */
static const char *const h2_names[] = {
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
};

static const char *h2_words(enum error_code_h2 kind)
{
    switch (kind) {
    case ERROR_CODE_H2_GOAWAY:
        return "received GoAway";
    case ERROR_CODE_H2_STREAM:
        return "stream error";
    default:
        return "connection error";
    }
}

int error_code_of_h2(enum error_code_h2 kind, unsigned h2_code, char *text, size_t n_text)
{
    bool known = h2_code < countof(h2_names);

    if (known) {
        snprintf(text, n_text, "http2: %s with http2 ErrCode %s", h2_words(kind),
                 h2_names[h2_code]);
    } else {
        snprintf(text, n_text, "http2: %s with http2 ErrCode unknown error code 0x%x",
                 h2_words(kind), h2_code);
    }
    return known ? (int)kind + 1 + (int)h2_code : (int)kind;
}
