#pragma once
/* What url.c and url_host.c share. */
#include "base/buf.h"
#include "proto/url.h"

/*
 * Appends the host in its canonical form (lower case, punycode, IPv4 dotted, IPv6 compressed and
 * without brackets) to out. `text` is the host as written, brackets included.
 * Returns NULL, or what is wrong in Go's words, written to `words` where it names the input.
 */
const char *url_host_parse(struct str text, struct buf *out, enum url_host_kind *ret_kind,
                           char *words, size_t n_words);

enum {
    URL_WORDS_BYTES = 128, /* room for an error text */
};

/* The first '%' that two digits do not follow, or s.n. */
size_t url_bad_escape(struct str s);
