#pragma once
/* One coding: what content.c needs of each library, one file per library. */
#include "proto/content.h"

enum coding_result {
    CODING_MORE,    /* input is used up */
    CODING_FULL,    /* output is used up; call again */
    CODING_END,     /* the stream is over; input may be left */
    CODING_CORRUPT, /* `words` says how */
};

enum {
    CODING_WORDS_BYTES = 128,
};

struct coding {
    struct str name;
    void *(*open)(void);
    void (*close)(void *self);
    void (*reset)(void *self); /* ready for another stream */
    /*
     * Decodes from *in (advanced) into out[0..n_out); *ret_n bytes were written. On CORRUPT fills
     * words, of CODING_WORDS_BYTES.
     */
    enum coding_result (*decode)(void *self, struct str *in, char *out, size_t n_out, size_t *ret_n,
                                 char *words);
    /* Several streams in a row are one body. */
    bool concatenates;
    int (*encode)(struct str in, struct buf *out);
};

extern const struct coding coding_gzip;
extern const struct coding coding_deflate;
extern const struct coding coding_br;
extern const struct coding coding_zstd;
