/* Any bytes as TypeScript: no crash, no hang, and lines stay lines. */
#include <stdint.h>
#include <stdlib.h>

#include "script/js/ts_strip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct buf out = BUF_INIT(64 << 20);
    struct ts_error error;

    if (ts_strip(str_from((const char *)data, n), &out, &error) == 0 && !out.len != !n)
        abort();
    buf_fini(&out);
    return 0;
}
