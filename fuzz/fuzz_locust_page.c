/* Any bytes as the page of Locust; the name in it ends and is within its limit. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/locust_page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena arena = {0};
    struct str name = locust_page_script(str_from((const char *)data, n), &arena);

    assert(name.n <= 512);
    assert(!name.n || !name.p[name.n]);
    arena_fini(&arena);
    return 0;
}
