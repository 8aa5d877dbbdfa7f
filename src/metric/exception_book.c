/*
 * Entries are found by the hash of kind and key, by looking at all of them: there are few, and what
 * comes again and again comes by number. An entry remembers how much of its count has been told, so
 * that news are what is missing there; its texts go with the first news of it. Nothing is ever
 * taken out: what a receiver had no room for at first, it has none for later either, so that each
 * exception is counted in one place.
 */
#include "metric/exception_book.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/wire.h"

enum {
    NEWS_VERSION = 1,
    OTHERS = 0xff, /* the low byte of numbers: index of the entry + 1, or this */
};

static_assert((int)EXCEPTIONS_MAX < (int)OTHERS, "a byte tells entries apart");

/* What news say of an entry besides its numbers. */
enum {
    NEWS_TEXTS = 1,
    NEWS_OTHERS = 2,
};

struct entry {
    struct exception e;
    uint64_t hash;
    uint64_t told; /* of e.count */
    bool is_known; /* its texts were told */
};

struct exception_book {
    struct entry *entries[EXCEPTIONS_MAX];
    size_t n;
    struct entry others;
    uint64_t total, version;
    const struct exception *all[EXCEPTIONS_MAX + 1];
    size_t n_all;
    uint64_t listed; /* the version of `all` */
};

struct exception_book *exception_book_new(void)
{
    struct exception_book *book = xnew(struct exception_book);

    book->others.e.is_others = true;
    return book;
}

static void free_text(struct str s)
{
    free((void *)(uintptr_t)s.p);
}

void exception_book_free(struct exception_book *book)
{
    for (size_t i = 0; book && i < book->n; i++) {
        struct exception *e = &book->entries[i]->e;

        free_text(e->kind);
        free_text(e->message);
        free_text(e->place);
        free_text(e->stack);
        free_text(e->scenario);
        free(book->entries[i]);
    }
    free(book);
}

/* ---- entries ---- */

/* At most `max` bytes of it, and no part of a character. */
static struct str cut(struct str s, size_t max)
{
    if (s.n <= max)
        return s;
    while (max && ((unsigned char)s.p[max] & 0xc0) == 0x80)
        max--;
    return str_from(s.p, max);
}

static struct str keep(struct str s, size_t max)
{
    struct str part = cut(s, max);

    /* With NULs, if it has any. */
    return str_from(part.n ? xmemdup(part.p, part.n) : NULL, part.n);
}

static struct str first_line(struct str s)
{
    return str_trim(str_from(s.p, str_find(s, '\n')));
}

/* NULL: there is none. */
static struct entry *find(struct exception_book *book, uint64_t hash)
{
    for (size_t i = 0; i < book->n; i++) {
        if (book->entries[i]->hash == hash)
            return book->entries[i];
    }
    return NULL;
}

static struct entry *add(struct exception_book *book, uint64_t hash,
                         const struct exception_told *told)
{
    if (book->n == EXCEPTIONS_MAX)
        return &book->others;
    struct entry *entry = xnew(struct entry);

    entry->hash = hash;
    entry->e = (struct exception){
        .kind = keep(told->kind, EXCEPTION_TEXT_BYTES),
        .message = keep(first_line(told->message), EXCEPTION_TEXT_BYTES),
        .place = keep(told->place, EXCEPTION_TEXT_BYTES),
        .stack = keep(told->stack, EXCEPTION_STACK_BYTES),
        .scenario = keep(told->scenario, EXCEPTION_TEXT_BYTES),
    };
    book->entries[book->n++] = entry;
    return entry;
}

/* Counts n that came from `first` to `last`. */
static void count(struct exception_book *book, struct entry *entry, uint64_t n, wall_ns first,
                  wall_ns last)
{
    struct exception *e = &entry->e;

    if (!e->count || first < e->first)
        e->first = first;
    if (!e->count || last > e->last)
        e->last = last;
    e->count += n;
    book->total += n;
    book->version++;
}

/* ---- of a loop ---- */

static uint64_t hash_of(const struct exception_told *told)
{
    struct str key = told->key.n ? told->key : told->place.n ? told->place : told->stack;
    uint64_t kind = hash_bytes(told->kind.n ? told->kind.p : "", told->kind.n, 1);

    return hash_bytes(key.n ? key.p : "", key.n, kind);
}

static uint64_t number_of(const struct exception_book *book, const struct entry *entry)
{
    for (size_t i = 0; i < book->n; i++) {
        if (book->entries[i] == entry)
            return (entry->hash & ~(uint64_t)0xff) | (i + 1);
    }
    return OTHERS;
}

uint64_t exception_book_note(struct exception_book *book, const struct exception_told *told,
                             wall_ns now)
{
    uint64_t hash = hash_of(told);
    struct entry *entry = find(book, hash);

    if (!entry)
        entry = add(book, hash, told);
    count(book, entry, 1, now, now);
    return number_of(book, entry);
}

bool exception_book_again(struct exception_book *book, uint64_t number, wall_ns now)
{
    size_t i = number & 0xff;
    struct entry *entry = i == OTHERS            ? &book->others
                          : i && i - 1 < book->n ? book->entries[i - 1]
                                                 : NULL;

    if (!entry || ((entry->hash ^ number) & ~(uint64_t)0xff))
        return false;
    count(book, entry, 1, now, now);
    return true;
}

/* ---- stacks of JavaScript ---- */

static bool is_of_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ascii_digit(c) || c == '_' ||
           c == '$' || c == '.';
}

/* "TypeError: x" and "TypeError"; false: it does not begin with a name. */
static bool split_kind(struct str head, struct exception_told *ret)
{
    size_t n = 0;

    while (n < head.n && is_of_name(head.p[n]))
        n++;
    if (!n || (n < head.n && head.p[n] != ':'))
        return false;
    ret->kind = str_from(head.p, n);
    ret->message = n < head.n ? str_trim(str_from_index(head, n + 1)) : STR("");
    return true;
}

/* The place in "\tat f (file:///a/x.js:1:2)" or "\tat file:///a/x.js:1:2"; empty: there is none. */
static struct str place_in(struct str line)
{
    size_t scheme = str_find_str(line, STR("://"));

    if (scheme == line.n)
        return STR("");
    while (scheme && is_of_name(line.p[scheme - 1]))
        scheme--;
    bool is_bracketed = scheme && line.p[scheme - 1] == '(';
    struct str place = str_from_index(line, scheme);

    if (is_bracketed && str_ends(place, STR(")")))
        place.n--;
    return str_starts(place, STR("file://")) ? str_from_index(place, 7) : place;
}

void exception_read_stack(struct str stack, struct exception_told *ret_told)
{
    static const struct str frame = STR("\n\tat ");
    static const struct str rejected = STR("Uncaught (in promise) ");
    size_t n_head = str_find_str(stack, frame);
    struct str head = first_line(str_from(stack.p, n_head));
    struct str frames = str_from_index(stack, n_head), line;

    *ret_told = (struct exception_told){.stack = stack, .key = frames};
    if (str_starts(head, rejected))
        head = str_from_index(head, rejected.n);
    /* What has no frames is no error but some value that was thrown. */
    if (!frames.n || !split_kind(head, ret_told))
        ret_told->message = head;
    while (frames.n && !ret_told->place.n && str_split(&frames, '\n', &line))
        ret_told->place = place_in(str_trim(line));
}

/* ---- from one book to another ---- */

static void put_texts(struct buf *out, const struct exception *e)
{
    wire_put_str(out, e->kind);
    wire_put_str(out, e->message);
    wire_put_str(out, e->place);
    wire_put_str(out, e->stack);
    wire_put_str(out, e->scenario);
}

static void get_texts(struct wire_in *in, struct exception_told *ret_told)
{
    ret_told->kind = wire_str(in);
    ret_told->message = wire_str(in);
    ret_told->place = wire_str(in);
    ret_told->stack = wire_str(in);
    ret_told->scenario = wire_str(in);
}

static void put_entry(struct buf *out, struct entry *entry)
{
    const struct exception *e = &entry->e;
    bool has_texts = !entry->is_known && !e->is_others;

    varint_put(out, (has_texts ? NEWS_TEXTS : 0) | (e->is_others ? NEWS_OTHERS : 0));
    varint_put(out, entry->hash);
    varint_put(out, e->count - entry->told);
    wire_put_i64(out, e->first);
    wire_put_i64(out, e->last);
    varint_put(out, e->workers);
    if (has_texts)
        put_texts(out, e);
    entry->told = e->count;
    entry->is_known = true;
}

void exception_book_news(struct exception_book *book, struct buf *out)
{
    uint64_t n = book->others.e.count != book->others.told;

    for (size_t i = 0; i < book->n; i++)
        n += book->entries[i]->e.count != book->entries[i]->told;
    if (!n)
        return;
    varint_put(out, NEWS_VERSION);
    varint_put(out, n);
    for (size_t i = 0; i < book->n; i++) {
        if (book->entries[i]->e.count != book->entries[i]->told)
            put_entry(out, book->entries[i]);
    }
    if (book->others.e.count != book->others.told)
        put_entry(out, &book->others);
}

static uint64_t bit_of(int worker)
{
    unsigned last = EXCEPTION_WORKERS_MAX - 1;

    return worker < 0 ? 0 : 1ULL << ((unsigned)worker < last ? (unsigned)worker : last);
}

/* The entry that is meant: others where it has no texts or there is no room. */
static struct entry *entry_for(struct exception_book *book, uint64_t flags, uint64_t hash,
                               const struct exception_told *told)
{
    struct entry *entry = flags & NEWS_OTHERS ? &book->others : find(book, hash);

    if (entry)
        return entry;
    return flags & NEWS_TEXTS ? add(book, hash, told) : &book->others;
}

static void learn_entry(struct exception_book *book, struct wire_in *in, int worker)
{
    struct exception_told told = {0};
    uint64_t flags = wire_u64(in), hash = wire_u64(in), n = wire_u64(in);
    wall_ns first = wire_i64(in), last = wire_i64(in);
    uint64_t workers = wire_u64(in);

    if (flags & NEWS_TEXTS)
        get_texts(in, &told);
    if (!n)
        in->bad = true;
    if (in->bad)
        return;
    struct entry *entry = entry_for(book, flags, hash, &told);

    count(book, entry, n, first, last);
    entry->e.workers |= workers | bit_of(worker);
}

int exception_book_learn(struct exception_book *book, struct str news, int worker)
{
    struct wire_in in = {news, false};

    while (in.rest.n && !in.bad) {
        uint64_t version = wire_u64(&in), n = wire_u64(&in);

        if (version != NEWS_VERSION || n > EXCEPTIONS_MAX + 1)
            in.bad = true;
        while (n-- && !in.bad)
            learn_entry(book, &in, worker);
    }
    return wire_is_over(&in) ? 0 : EXCEPTION_NEWS_E_BAD;
}

/* ---- for readers ---- */

static int by_first(const void *a, const void *b)
{
    const struct exception *x = *(const struct exception *const *)a;
    const struct exception *y = *(const struct exception *const *)b;

    return (x->first > y->first) - (x->first < y->first);
}

static void list_all(struct exception_book *book)
{
    book->n_all = book->n;
    for (size_t i = 0; i < book->n; i++)
        book->all[i] = &book->entries[i]->e;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers is meant */
    qsort(book->all, book->n_all, sizeof(book->all[0]), by_first);
    if (book->others.e.count)
        book->all[book->n_all++] = &book->others.e;
}

const struct exception *const *exception_book_all(struct exception_book *book, size_t *ret_n)
{
    if (book->listed != book->version)
        list_all(book);
    book->listed = book->version;
    *ret_n = book->n_all;
    return book->all;
}

uint64_t exception_book_total(const struct exception_book *book)
{
    return book->total;
}

uint64_t exception_book_version(const struct exception_book *book)
{
    return book->version;
}

void exception_workers(const struct exception *e, struct buf *out)
{
    const char *between = "";

    if (!e->workers)
        buf_puts(out, "local");
    for (unsigned i = 0; i < EXCEPTION_WORKERS_MAX; i++) {
        if (!(e->workers & 1ULL << i))
            continue;
        buf_printf(out, "%sworker %u%s", between, i + 1,
                   i + 1 == EXCEPTION_WORKERS_MAX ? " and later ones" : "");
        between = ", ";
    }
}
