/* Any bytes as messages between a run and its shares. */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "dist/share_exchange.h"
#include "dist/share_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str bytes = str_from((const char *)data, n);
    static struct run_remote_news news;
    struct arena arena = {0};
    struct share_control control;
    struct share_ready ready;
    struct list exchanges;

    list_init(&exchanges);
    ignored(share_get_exchanges(bytes, &exchanges));
    exchange_list_free(&exchanges);
    ignored(share_get_ready(bytes, &ready));
    ignored(share_get_control(bytes, &arena, &control));
    ignored(share_get_news(bytes, &arena, &news));
    arena_fini(&arena);
    return 0;
}
