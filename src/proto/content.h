#pragma once
/*
 * Content codings: gzip, deflate (zlib, or raw when it looks like it), br and zstd. Decoders are
 * streaming and stacked in the reverse order of Content-Encoding; output is bounded in bytes and as
 * a multiple of the input, so that a small answer cannot fill the memory.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum {
    CONTENT_E_CORRUPT = 1, /* content_decoder_error says what */
    CONTENT_E_LIMIT = 2,   /* past the limit of bytes or of the ratio; the same */

    CONTENT_MAX_STACK = 8, /* codings of one message; more is CONTENT_E_CORRUPT */
    CONTENT_ERROR_CODE = 1701,
    CONTENT_RATIO_FREE_BYTES = 1 << 20, /* below this many bytes the ratio is not looked at */
};

enum content_coding {
    CONTENT_GZIP,
    CONTENT_DEFLATE,
    CONTENT_BR,
    CONTENT_ZSTD,
    N_CONTENT_CODINGS,
};

struct content_limits {
    uint64_t max_bytes; /* 0: 64 MiB */
    uint32_t max_ratio; /* output ÷ input; 0: 100 */
};

/* "gzip" and the like; static. */
struct str content_coding_name(enum content_coding coding);

/* By name, without regard to case; "x-gzip" is gzip. False when unknown. */
bool content_coding_find(struct str name, enum content_coding *ret_coding);

struct content_decoder;

/*
 * A decoder for a Content-Encoding value, or NULL when nothing is to be decoded (no coding,
 * identity, or the outermost coding is one we do not know: the body is then left as it is, as k6
 * does).
 */
struct content_decoder *content_decoder_new(struct str content_encoding,
                                            struct content_limits limits);

/*
 * The same, made from a decoder that is no longer needed: when the codings are the same nothing is
 * allocated. `old` may be NULL and is the callee's.
 */
struct content_decoder *content_decoder_reuse(struct content_decoder *old,
                                              struct str content_encoding,
                                              struct content_limits limits);

/* Accepts NULL. */
void content_decoder_free(struct content_decoder *d);

/* Decodes one piece of the body and appends to out. Returns 0 or a condition, for good. */
MUST_USE int content_decode(struct content_decoder *d, struct str in, struct buf *out);

/* The body is over; tells whether it was whole. An empty body always is. Returns 0 or
 * CONTENT_E_CORRUPT. */
MUST_USE int content_decode_end(struct content_decoder *d);

/* `error decompressing response body (…)`: after a condition; valid as long as the decoder. */
const char *content_decoder_error(const struct content_decoder *d);

/*
 * Appends `in`, encoded, to out; at each library's default level. Returns 0 or BUF_E_LIMIT.
 */
MUST_USE int content_encode(enum content_coding coding, struct str in, struct buf *out);

/* The same as gzip, at the level that costs least. */
MUST_USE int content_gzip_fast(struct str in, struct buf *out);
