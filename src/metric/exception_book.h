#pragma once
/*
 * Uncaught exceptions of a script, counted: one entry for each kind at a place, with what was said
 * of the first and when the first and the last came.
 *
 * Each loop has a book, which is told of every exception; the run has one that learns from theirs
 * what is new, in bytes (exception_book_news(), exception_book_learn()), so that it is the same
 * whether the loop is a thread or another process. Entries are bounded in number and bytes; what
 * finds no room is counted in one entry of its own, so that the counts of all entries add up to all
 * exceptions. A book belongs to one thread at a time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

enum {
    EXCEPTIONS_MAX = 200, /* entries, but for the one of what found no room */
    EXCEPTION_STACK_BYTES = 8 << 10,
    EXCEPTION_TEXT_BYTES = 500, /* of each other text */
    EXCEPTION_WORKERS_MAX = 64, /* that are told apart: the last bit stands for all further ones */
    EXCEPTION_NEWS_E_BAD = 1,   /* condition */
};

/* Texts are UTF-8 as far as the script's were, and cut at a character when they are too long. */
struct exception {
    struct str kind;     /* "ValueError"; empty: something was thrown that has none */
    struct str message;  /* its first line; empty: none */
    struct str place;    /* "shop.py:17", "shop.js:17:4"; empty: not known */
    struct str stack;    /* all of it, as the language prints it, that of the first */
    struct str scenario; /* of the first; empty: setup(), teardown() or init code */
    uint64_t count;      /* > 0 */
    wall_ns first, last;
    uint64_t workers; /* bit i: seen by worker i (from 0); 0: this process has no workers */
    bool is_others; /* it stands for those beyond EXCEPTIONS_MAX; only the numbers mean anything */
};

struct exception_book;

struct exception_book *exception_book_new(void);
void exception_book_free(struct exception_book *book); /* accepts NULL */

/* ---- of a loop ---- */

/* What is told of one; texts are borrowed for the call and may be of any length. */
struct exception_told {
    struct str kind, message, place, stack, scenario;
    /*
     * What tells it from others besides its kind. Empty: its place, or, without one, the stack.
     */
    struct str key;
};

/* Counts one. Gives the number by which exception_book_again() knows its entry; never 0. */
uint64_t exception_book_note(struct exception_book *book, const struct exception_told *told,
                             wall_ns now);

/*
 * Counts another of the entry that has this number. False, and nothing is counted, when there is
 * none: the number comes from another book.
 */
bool exception_book_again(struct exception_book *book, uint64_t number, wall_ns now);

/*
 * Reads kind, message and place off a stack as JavaScript prints it ("Error: boom\n\tat f
 * (file:///a/x.js:1:2)"); texts point into it. The key is what all throws from there have in
 * common.
 */
void exception_read_stack(struct str stack, struct exception_told *ret_told);

/* ---- from one book to another ---- */

/* Appends what has come since the last call; nothing when nothing has. */
void exception_book_news(struct exception_book *book, struct buf *out);

/*
 * Learns from another book's news, however many of them follow each other. `worker` is the number
 * (from 0) of the worker process they come from, or -1: this one; what the news themselves say of
 * workers stays. Returns 0 or EXCEPTION_NEWS_E_BAD: then some may have been learnt.
 */
MUST_USE int exception_book_learn(struct exception_book *book, struct str news, int worker);

/* ---- for readers ---- */

/*
 * All entries in the order of their first coming, others last. Array and entries are valid until
 * the book is told or learns something.
 */
const struct exception *const *exception_book_all(struct exception_book *book, size_t *ret_n);

/* The counts of all entries. */
uint64_t exception_book_total(const struct exception_book *book);

/* Changes with each exception. */
uint64_t exception_book_version(const struct exception_book *book);

/* Appends "local", or "worker 1, worker 3", "worker 64 and later ones". */
void exception_workers(const struct exception *e, struct buf *out);
