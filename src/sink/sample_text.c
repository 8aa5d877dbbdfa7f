/*
 * Samples come a million a second, so their texts are put together from what is known already: a
 * time has the second of the one before, and nearly all values are whole numbers of nanoseconds
 * shown in milliseconds, which integers print exactly.
 */
#include "sink/sample_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

/* ---- times ---- */

static const char *const format_names[] = {
    [TIME_UNIX] = "unix",
    [TIME_UNIX_MILLI] = "unix_milli",
    [TIME_UNIX_MICRO] = "unix_micro",
    [TIME_UNIX_NANO] = "unix_nano",
    [TIME_RFC3339] = "rfc3339",
    [TIME_RFC3339_NANO] = "rfc3339_nano",
};

bool time_format_find(struct str name, enum time_format *ret_format)
{
    for (size_t i = 0; i < countof(format_names); i++) {
        if (str_is(name, format_names[i])) {
            *ret_format = (enum time_format)i;
            return true;
        }
    }
    return false;
}

/* Digits of n from the right end of text[width], zeros before them. */
static void put_digits(char *text, size_t width, uint64_t n)
{
    while (width > 0) {
        text[--width] = (char)('0' + n % 10);
        n /= 10;
    }
}

/* Decimal digits of n; gives how many. */
static size_t put_u64(char *text, uint64_t n)
{
    size_t width = 1;

    for (uint64_t rest = n; rest >= 10; rest /= 10)
        width++;
    put_digits(text, width, n);
    return width;
}

static size_t put_i64(char *text, int64_t n)
{
    if (n >= 0)
        return put_u64(text, (uint64_t)n);
    text[0] = '-';
    return 1 + put_u64(text + 1, -(uint64_t)n);
}

static COLD void new_second(struct time_writer *w, int64_t second)
{
    time_t t = (time_t)second;
    struct tm tm;

    localtime_r(&t, &tm);
    long minutes = labs(tm.tm_gmtoff) / 60;

    w->n_text = strftime(w->text, sizeof(w->text), "%Y-%m-%dT%H:%M:%S", &tm);
    w->n_zone =
        (size_t)snprintf(w->zone, sizeof(w->zone), "%c%02u:%02u", tm.tm_gmtoff < 0 ? '-' : '+',
                         (unsigned)(minutes / 60) % 100, (unsigned)(minutes % 60));
    if (tm.tm_gmtoff == 0) {
        w->zone[0] = 'Z';
        w->n_zone = 1;
    }
    w->second = second;
    w->has_second = true;
}

/* ".123", or nothing; gives its length. */
static size_t put_fraction(char *text, uint32_t ns)
{
    size_t n = 10;

    if (ns == 0)
        return 0;
    text[0] = '.';
    put_digits(text + 1, 9, ns);
    while (text[n - 1] == '0')
        n--;
    return n;
}

static size_t put_rfc3339(struct time_writer *w, wall_ns at, bool fraction, char *text)
{
    int64_t second = at / NS_PER_S, ns = at % NS_PER_S;

    if (ns < 0) {
        second--;
        ns += NS_PER_S;
    }
    if (unlikely(second != w->second || !w->has_second))
        new_second(w, second);
    size_t n = w->n_text;

    memcpy(text, w->text, n);
    if (fraction)
        n += put_fraction(text + n, (uint32_t)ns);
    memcpy(text + n, w->zone, w->n_zone);
    return n + w->n_zone;
}

size_t time_write(struct time_writer *w, enum time_format format, wall_ns at,
                  char text[TIME_TEXT_BYTES])
{
    static const int64_t unit[] = {[TIME_UNIX] = NS_PER_S,
                                   [TIME_UNIX_MILLI] = NS_PER_MS,
                                   [TIME_UNIX_MICRO] = NS_PER_US,
                                   [TIME_UNIX_NANO] = 1};

    if (format < TIME_RFC3339)
        return put_i64(text, at / unit[format]);
    return put_rfc3339(w, at, format == TIME_RFC3339_NANO, text);
}

/* ---- numbers ---- */

size_t fixed6_write(double value, char text[FIXED6_TEXT_BYTES])
{
    double magnitude = fabs(value);
    size_t n = 0;

    /* Of the decimals with six places one alone is nearest to each double below 10^9. */
    if (magnitude < 1e9) {
        uint64_t millionths = (uint64_t)(magnitude * 1e6 + 0.5);

        if ((double)millionths / 1e6 == magnitude) {
            text[0] = '-';
            n = signbit(value) != 0;
            n += put_u64(text + n, millionths / 1000000);
            text[n++] = '.';
            put_digits(text + n, 6, millionths % 1000000);
            return n + 6;
        }
    }
    return (size_t)snprintf(text, FIXED6_TEXT_BYTES, "%.6f", value);
}

/* ---- metadata ---- */

/* A number of ours among what the script said; what the script calls so goes first. */
struct numbered {
    struct str key;
    int64_t n; /* < 0: not to be told */
};

void sample_metadata(const struct sink_sample *s,
                     void (*fn)(void *arg, struct str key, struct str value), void *arg)
{
    const struct numbered ours[] = {{STR("iter"), s->iter}, {STR("vu"), s->vu}};
    size_t at = 0, n = s->metadata ? s->metadata->n : 0;

    for (size_t i = 0; i <= countof(ours); i++) {
        bool is_there = false;

        for (;
             at < n && (i == countof(ours) || str_cmp(s->metadata->tags[at].key, ours[i].key) <= 0);
             at++) {
            const struct tag *tag = &s->metadata->tags[at];

            is_there |= i < countof(ours) && str_eq(tag->key, ours[i].key);
            fn(arg, tag_text(s->metadata, tag->key), tag_text(s->metadata, tag->value));
        }
        if (i < countof(ours) && ours[i].n >= 0 && !is_there) {
            char text[24];

            fn(arg, ours[i].key, str_from(text, put_i64(text, ours[i].n)));
        }
    }
}

/* ---- texts ---- */

void text_cache_fini(struct text_cache *c)
{
    free(c->slots);
    arena_fini(&c->arena);
    buf_fini(&c->scratch);
}

static struct text_slot *slot_of(struct text_slot *slots, size_t n_slots, const void *key)
{
    uint64_t h = (uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15U;
    size_t i = (h ^ h >> 32) & (n_slots - 1);

    while (slots[i].key && slots[i].key != key)
        i = (i + 1) & (n_slots - 1);
    return &slots[i];
}

static void grow(struct text_cache *c)
{
    size_t n = c->n_slots ? c->n_slots * 2 : 64;
    struct text_slot *slots = xnew_n(struct text_slot, n);

    for (size_t i = 0; i < c->n_slots; i++) {
        if (c->slots[i].key)
            *slot_of(slots, n, c->slots[i].key) = c->slots[i];
    }
    free(c->slots);
    c->slots = slots;
    c->n_slots = n;
}

static COLD void add_text(struct text_cache *c, const void *key)
{
    if (2 * (c->n + 1) > c->n_slots)
        grow(c);
    buf_reset(&c->scratch);
    c->make(c->arg, key, &c->scratch);
    *slot_of(c->slots, c->n_slots, key) =
        (struct text_slot){.key = key, .text = arena_str(&c->arena, buf_str(&c->scratch))};
    c->n++;
}

struct str text_cache_find(struct text_cache *c, const void *key)
{
    if (!c->n_slots || !slot_of(c->slots, c->n_slots, key)->key)
        add_text(c, key);
    c->last_key = key;
    c->last = slot_of(c->slots, c->n_slots, key)->text;
    return c->last;
}
