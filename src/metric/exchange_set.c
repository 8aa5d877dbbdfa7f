/*
 * Exchanges of one endpoint and code form a shelf, the least wanted last: a new one is put where it
 * belongs, and what stands beyond N goes. When memory is short a slow exchange makes room for a
 * failure, and otherwise the new one goes.
 */
#include "metric/exchange_set.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/table.h"
#include "metric/exchange_book.h"

struct shelf {
    struct list exchanges; /* the most wanted first */
    unsigned n;
};

struct exchange_set {
    unsigned keep;
    struct table endpoints; /* "METHOD name": a place in the count */
    struct table shelves;   /* "code METHOD name" */
    const struct exchange **all;
    size_t cap_all;
    uint64_t version, listed; /* of `all` */
    size_t n_all;
    size_t n_bytes;
    uint64_t left_out;
    struct buf key;
};

struct exchange_set *exchange_set_new(unsigned keep)
{
    struct exchange_set *set = xnew(struct exchange_set);

    set->keep = keep;
    return set;
}

void exchange_set_free(struct exchange_set *set)
{
    struct table_entry *e;

    if (!set)
        return;
    table_each(e, &set->shelves) {
        exchange_list_free(&((struct shelf *)e->value)->exchanges);
        free(e->value);
    }
    table_fini(&set->shelves);
    table_fini(&set->endpoints);
    buf_fini(&set->key);
    free(set->all);
    free(set);
}

static bool has_endpoint(struct exchange_set *set, struct str endpoint)
{
    if (table_get(&set->endpoints, endpoint))
        return true;
    if (set->endpoints.n_live >= EXCHANGE_ENDPOINTS_MAX)
        return false;
    table_set(&set->endpoints, endpoint, set);
    return true;
}

/* NULL: there is no room for another endpoint. */
static struct shelf *find_shelf(struct exchange_set *set, const struct exchange *x)
{
    buf_reset(&set->key);
    buf_printf(&set->key, "%d ", x->code);
    size_t at = set->key.len;

    exchange_endpoint(x->method, x->name, &set->key);
    struct shelf *shelf = table_get(&set->shelves, buf_str(&set->key));

    if (shelf || !has_endpoint(set, str_from_index(buf_str(&set->key), at)))
        return shelf;
    shelf = xnew(struct shelf);
    list_init(&shelf->exchanges);
    table_set(&set->shelves, buf_str(&set->key), shelf);
    return shelf;
}

/* The earliest failures, the slowest of the others. */
static bool is_before(const struct exchange *a, const struct exchange *b)
{
    return a->kind == EXCHANGE_FAILED ? a->began < b->began : a->duration > b->duration;
}

static void drop(struct exchange_set *set, struct shelf *shelf, struct exchange *x)
{
    set->n_bytes -= x->bytes;
    shelf->n--;
    list_remove(&x->link);
    exchange_free(x);
}

/* Takes a slow exchange off some shelf. False when there is none. */
static bool make_room(struct exchange_set *set)
{
    struct table_entry *e;

    table_each(e, &set->shelves) {
        struct shelf *shelf = e->value;

        if (!shelf->n)
            continue;
        struct exchange *last = list_entry(shelf->exchanges.prev, struct exchange, link);

        if (last->kind != EXCHANGE_SLOW)
            continue;
        drop(set, shelf, last);
        return true;
    }
    return false;
}

static bool fits(struct exchange_set *set, const struct exchange *x)
{
    while (set->n_bytes + x->bytes > EXCHANGE_SET_BYTES) {
        if (x->kind == EXCHANGE_SLOW || !make_room(set))
            return false;
    }
    return true;
}

static void put(struct exchange_set *set, struct shelf *shelf, struct exchange *x)
{
    struct list *at = shelf->exchanges.prev;

    while (at != &shelf->exchanges && is_before(x, list_entry(at, struct exchange, link)))
        at = at->prev;
    list_insert(at->next, &x->link);
    set->n_bytes += x->bytes;
    if (++shelf->n > set->keep)
        drop(set, shelf, list_entry(shelf->exchanges.prev, struct exchange, link));
    set->version++;
}

void exchange_set_merge(struct exchange_set *set, struct list *list)
{
    struct list *link;

    while ((link = list_pop(list))) {
        struct exchange *x = list_entry(link, struct exchange, link);
        struct shelf *shelf = find_shelf(set, x);

        if (shelf && fits(set, x)) {
            put(set, shelf, x);
        } else {
            set->left_out += x->kind == EXCHANGE_FAILED;
            exchange_free(x);
        }
    }
}

static int by_rank(const void *a, const void *b)
{
    const struct exchange *x = *(const struct exchange *const *)a;
    const struct exchange *y = *(const struct exchange *const *)b;

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return is_before(x, y) ? -1 : is_before(y, x);
}

static void list_all(struct exchange_set *set)
{
    struct table_entry *e;
    const struct exchange *x;

    set->n_all = 0;
    table_each(e, &set->shelves) {
        list_each(x, &((struct shelf *)e->value)->exchanges, link)
            /* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers is meant */
            vec_push(set->all, set->n_all, set->cap_all) = x;
    }
    if (!set->n_all)
        return;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the same */
    qsort(set->all, set->n_all, sizeof(set->all[0]), by_rank);
}

const struct exchange *const *exchange_set_all(struct exchange_set *set, size_t *ret_n)
{
    if (set->listed != set->version)
        list_all(set);
    set->listed = set->version;
    *ret_n = set->n_all;
    return set->all;
}

uint64_t exchange_set_version(const struct exchange_set *set)
{
    return set->version;
}

size_t exchange_set_bytes(const struct exchange_set *set)
{
    return set->n_bytes;
}

uint64_t exchange_set_left_out(const struct exchange_set *set)
{
    return set->left_out;
}
