/* Any bytes as messages between a run and its shares. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "dist/share_exchange.h"
#include "dist/share_message.h"
#include "metric/exception_book.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Whatever was learnt of bad ones can be told on, and is then good. */
static void learn(struct str bytes)
{
    struct exception_book *book = exception_book_new(), *other = exception_book_new();
    struct buf again = {0};

    ignored(exception_book_learn(book, bytes, 3));
    exception_book_news(book, &again);
    assert(exception_book_learn(other, buf_str(&again), -1) == 0);
    assert(exception_book_total(other) == exception_book_total(book));
    buf_fini(&again);
    exception_book_free(book);
    exception_book_free(other);
}

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
    learn(bytes);
    arena_fini(&arena);
    return 0;
}
