#pragma once
/*
 * The exchanges kept of a run, from the books of all its loops: once more N of each endpoint and
 * code, the earliest failures and the slowest, and bounded in endpoints and bytes. Belongs to one
 * thread.
 */
#include <stddef.h>
#include <stdint.h>

#include "metric/exchange.h"

struct exchange_set;

enum {
    EXCHANGE_SET_BYTES = 16 << 20,
};

struct exchange_set *exchange_set_new(unsigned keep);
void exchange_set_free(struct exchange_set *set); /* accepts NULL */

/* Takes all of `list`, which is empty then. */
void exchange_set_merge(struct exchange_set *set, struct list *list);

/*
 * What is kept: failures as they came, then the slow ones, the slowest first. Array and exchanges
 * are valid until the next merge.
 */
const struct exchange *const *exchange_set_all(struct exchange_set *set, size_t *ret_n);

/* Changes with what is kept. */
uint64_t exchange_set_version(const struct exchange_set *set);

/* Memory of what is kept, and how many failures had no room (those of books not included). */
size_t exchange_set_bytes(const struct exchange_set *set);
uint64_t exchange_set_left_out(const struct exchange_set *set);
