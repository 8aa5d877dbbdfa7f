/*
 * A slot's floor carries the decision. Of a code that failed it lies below any duration until N are
 * kept, and above all after that. Of those that did not fail it is the shortest of the N kept, so
 * that it rises with what is kept, and fewer and fewer pass it: of n round trips about N ln(n / N).
 */
#include "metric/exchange_book.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/table.h"

#define NEVER INT64_MAX

enum {
    NAME_BYTES = 2 << 10, /* kept of a name */
};

struct endpoint {
    char *text; /* of `name` */
    struct str name;
    struct exchange_slot *slots;
    unsigned n_slots;
};

struct exchange_book {
    unsigned keep;
    struct table endpoints;    /* "METHOD name" */
    struct exchange_slot none; /* wants nothing */
    struct exchange_slot full; /* the same, of failures: they are counted */
    struct list added;
    size_t n_bytes;  /* of `added` */
    unsigned n_slow; /* taken since the last hand-over */
    uint64_t left_out;
    struct buf key;
};

struct exchange_book *exchange_book_new(unsigned keep)
{
    struct exchange_book *book = xnew(struct exchange_book);

    book->keep = keep < EXCHANGE_KEEP_MAX ? keep : EXCHANGE_KEEP_MAX;
    book->none.floor = NEVER;
    book->full.floor = -1;
    book->full.code = -1;
    list_init(&book->added);
    return book;
}

static void endpoint_free(struct endpoint *e)
{
    struct exchange_slot *next;

    for (struct exchange_slot *s = e->slots; s; s = next) {
        next = s->next;
        free(s);
    }
    free(e->text);
    free(e);
}

void exchange_book_free(struct exchange_book *book)
{
    struct table_entry *e;

    if (!book)
        return;
    table_each(e, &book->endpoints)
        endpoint_free(e->value);
    table_fini(&book->endpoints);
    exchange_list_free(&book->added);
    buf_fini(&book->key);
    free(book);
}

/* ---- slots ---- */

static struct endpoint *find_endpoint(struct exchange_book *book, struct str method,
                                      struct str name)
{
    buf_reset(&book->key);
    exchange_endpoint(method, name, &book->key);
    struct endpoint *e = table_get(&book->endpoints, buf_str(&book->key));

    if (e || book->endpoints.n_live >= EXCHANGE_ENDPOINTS_MAX)
        return e;
    e = xnew(struct endpoint);
    e->text = xstrndup(name.n ? name.p : "", name.n < NAME_BYTES ? name.n : NAME_BYTES);
    e->name = str_of(e->text);
    table_set(&book->endpoints, buf_str(&book->key), e);
    return e;
}

static struct exchange_slot *add_slot(struct endpoint *e, int code)
{
    struct exchange_slot *s = xnew(struct exchange_slot);

    s->code = code;
    s->name = e->name;
    s->floor = -1;
    s->next = e->slots;
    e->slots = s;
    e->n_slots++;
    return s;
}

struct exchange_slot *exchange_book_slot(struct exchange_book *book, struct str method,
                                         struct str name, int code)
{
    if (!book->keep)
        return &book->none;
    struct endpoint *e = find_endpoint(book, method, name);

    for (struct exchange_slot *s = e ? e->slots : NULL; s; s = s->next) {
        if (s->code == code)
            return s;
    }
    /* The place of those that did not fail is never taken by a code. */
    if (!e || (code && e->n_slots >= EXCHANGE_CODES_MAX))
        return code ? &book->full : &book->none;
    return add_slot(e, code);
}

/* ---- the decision ---- */

/* Where the shortest of those kept is. */
static unsigned shortest(const struct exchange_slot *slot)
{
    unsigned at = 0;

    for (unsigned i = 1; i < slot->n; i++)
        at = slot->longest[i] < slot->longest[at] ? i : at;
    return at;
}

static void take_slow(const struct exchange_book *book, struct exchange_slot *slot,
                      span_ns duration)
{
    slot->longest[slot->n < book->keep ? slot->n++ : shortest(slot)] = duration;
    slot->floor = slot->n < book->keep ? -1 : slot->longest[shortest(slot)];
}

bool exchange_book_take(struct exchange_book *book, struct exchange_slot *slot, span_ns duration)
{
    bool has_room = book->n_bytes < EXCHANGE_TURN_BYTES;

    if (slot == &book->full || (!has_room && slot->code)) {
        book->left_out++;
        return false;
    }
    if (slot->code) {
        if (++slot->n >= book->keep)
            slot->floor = NEVER;
        return true;
    }
    if (!has_room || book->n_slow >= EXCHANGE_TURN_SLOW)
        return false;
    book->n_slow++;
    take_slow(book, slot, duration);
    return true;
}

void exchange_book_add(struct exchange_book *book, struct exchange *x)
{
    list_init(&x->link);
    list_add_tail(&book->added, &x->link);
    book->n_bytes += x->bytes;
}

void exchange_book_hand_over(struct exchange_book *book, struct list *to)
{
    list_splice(to, &book->added);
    book->n_bytes = 0;
    book->n_slow = 0;
}

uint64_t exchange_book_left_out(const struct exchange_book *book)
{
    return book->left_out;
}
