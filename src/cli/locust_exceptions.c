#include "cli/locust_exceptions.h"

#include "base/buf.h"
#include "metric/exception_book.h"
#include "run/run.h"

void locust_exceptions_fini(struct locust_exceptions *e)
{
    arena_fini(&e->arena);
    *e = (struct locust_exceptions){0};
}

/* What is said of it; its kind stands in the traceback. */
static struct str message_of(struct arena *arena, const struct exception *x)
{
    if (x->is_others)
        return STR("others");
    return arena_str(arena, x->message.n ? x->message : x->kind);
}

static struct str nodes_of(struct arena *arena, const struct exception *x)
{
    scoped(buf_fini) struct buf text = {0};

    exception_workers(x, &text);
    return arena_str(arena, buf_str(&text));
}

void locust_exceptions_read(struct run *run, struct locust_exceptions *e)
{
    struct run_exceptions all;

    run_exceptions(run, &all);
    if (e->items && e->version == all.version)
        return;
    locust_exceptions_fini(e);
    e->version = all.version;
    e->items = arena_new_n(&e->arena, struct locust_exception, all.n + 1);
    for (; e->n < all.n; e->n++) {
        const struct exception *x = all.items[e->n];

        e->items[e->n] = (struct locust_exception){
            .count = x->count,
            .message = message_of(&e->arena, x),
            .traceback = arena_str(&e->arena, x->stack),
            .nodes = nodes_of(&e->arena, x),
        };
    }
}
