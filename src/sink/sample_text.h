#pragma once
/*
 * The parts of a raw sample as text, fast: times, numbers with six decimals, and the text of tag
 * sets, which is made once for each. One thread at a time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "metric/tagset.h"
#include "sink/sink.h"

/* ---- times ---- */

/* How a time is written; the names are those of K6_CSV_TIME_FORMAT. */
enum time_format {
    TIME_UNIX,         /* "unix": seconds since the epoch */
    TIME_UNIX_MILLI,   /* "unix_milli" ... */
    TIME_UNIX_MICRO,   /* "unix_micro" */
    TIME_UNIX_NANO,    /* "unix_nano" */
    TIME_RFC3339,      /* "rfc3339": 2026-01-02T03:04:05Z, in local time with its offset */
    TIME_RFC3339_NANO, /* "rfc3339_nano": with a fraction of as many digits as it needs */
};

enum {
    TIME_TEXT_BYTES = 48, /* room for any */
};

/* False when no format is called so. */
bool time_format_find(struct str name, enum time_format *ret_format);

/* Remembers the second it wrote last. Zeroed memory will do. */
struct time_writer {
    bool has_second;
    int64_t second;
    char text[32]; /* "2026-01-02T03:04:05" */
    size_t n_text;
    char zone[8]; /* "Z", "+05:30" */
    size_t n_zone;
};

/* Writes a time, not terminated; gives its length. */
size_t time_write(struct time_writer *w, enum time_format format, wall_ns at,
                  char text[TIME_TEXT_BYTES]);

/* ---- numbers ---- */

enum {
    FIXED6_TEXT_BYTES = 320, /* room for the largest */
};

/* As printf's %f: six decimals. Writes no NUL; gives the length. */
size_t fixed6_write(double value, char text[FIXED6_TEXT_BYTES]);

/* ---- metadata ---- */

static inline bool sample_has_metadata(const struct sink_sample *s)
{
    return s->vu >= 0 || s->iter >= 0 || (s->metadata && s->metadata->n);
}

/* Visits user, iteration and what the script said, by key. */
void sample_metadata(const struct sink_sample *s,
                     void (*fn)(void *arg, struct str key, struct str value), void *arg);

/* ---- texts ---- */

/* The part of a tag's key or value that is written: with all the others it stays below 8 MiB. */
static inline struct str tag_text(const struct tagset *tags, struct str text)
{
    size_t max = ((size_t)8 << 20) / tags->n;

    return str_from(text.p, text.n < max ? text.n : max);
}

/* Appends what is to be kept for `key`. */
typedef void(text_fn)(void *arg, const void *key, struct buf *out);

/*
 * Texts by the address of what they describe, a tag set for instance. Zeroed memory, but for make
 * and arg, is an empty cache.
 */
struct text_cache {
    text_fn *make;
    void *arg;
    struct text_slot {
        const void *key; /* NULL: free */
        struct str text;
    } * slots;
    size_t n_slots; /* a power of two, or 0 */
    size_t n;
    const void *last_key; /* samples of one round trip follow each other */
    struct str last;
    struct arena arena;
    struct buf scratch;
};

void text_cache_fini(struct text_cache *c);

/* For text_cache_get only. */
struct str text_cache_find(struct text_cache *c, const void *key);

/* The text of `key`, made when it is new; valid as long as the cache. */
static inline struct str text_cache_get(struct text_cache *c, const void *key)
{
    return likely(key == c->last_key) ? c->last : text_cache_find(c, key);
}
