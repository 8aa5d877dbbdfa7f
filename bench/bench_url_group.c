/*
 * What a name costs that --group-urls makes, in ns: of a URL with nothing to collapse, of one with
 * a number, of one with a UUID and a query, and by the last of twenty patterns. It is paid once for
 * each URL object that is not remembered (client/measure.c), not for those that repeat.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "proto/url_group.h"

enum {
    REPEATS = 2000000,
    N_PATTERNS = 20,
};

static void bench(const char *what, const struct url_groups *g, struct str url)
{
    struct buf out = {0};
    mono_ns start = clock_read(CLOCK_THREAD_CPUTIME_ID);

    for (size_t i = 0; i < REPEATS; i++) {
        buf_reset(&out);
        url_group(g, url, &out);
    }
    printf("%-32s %7.1f ns  %s\n", what,
           (double)(clock_read(CLOCK_THREAD_CPUTIME_ID) - start) / REPEATS, buf_cstr(&out));
    buf_fini(&out);
}

int main(void)
{
    struct url_groups *ids = url_groups_new(), *patterns = url_groups_new();

    url_groups_collapse(ids);
    for (int i = 0; i < N_PATTERNS; i++) {
        scoped(freep) char *pattern = xasprintf("/area%d/{user}/**", i);

        ignored(url_groups_add(patterns, pattern));
    }
    bench("words only", ids, STR("https://shop.example/api/v1/products/search"));
    bench("a number", ids, STR("https://shop.example/api/v1/users/4711"));
    bench("a UUID, a number, a query", ids,
          STR("https://shop.example/users/17/orders/6fa459ea-ee8a-3ca4-894e-db77e160355e?page=2"));
    bench("the last of 20 patterns", patterns, STR("https://shop.example/area19/ann/a/b"));
    url_groups_free(ids);
    url_groups_free(patterns);
    return 0;
}
