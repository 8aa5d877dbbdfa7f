/* Exchanges as memory: each is an arena, and owns those before it. */
#include "metric/exchange.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
    NAME_KEY_BYTES = 512, /* of longer names the rest is told by its hash */
};

void exchange_endpoint(struct str method, struct str name, struct buf *out)
{
    size_t n = name.n < NAME_KEY_BYTES ? name.n : NAME_KEY_BYTES;

    buf_putstr(out, method);
    buf_putc(out, ' ');
    buf_put(out, name.p, n);
    if (n < name.n)
        buf_printf(out, "%016" PRIx64, hash_bytes(name.p + n, name.n - n, 1));
}

void exchange_free(struct exchange *x)
{
    while (x) {
        struct exchange *before = x->before;

        arena_fini(&x->arena);
        free(x);
        x = before;
    }
}

void exchange_list_free(struct list *list)
{
    struct list *link;

    while ((link = list_pop(list)))
        exchange_free(list_entry(link, struct exchange, link));
}
