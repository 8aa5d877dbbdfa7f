/* The first line is a path, the rest a document. What is found must be valid JSON. */
#include <stdint.h>
#include <stdlib.h>

#include "script/js/gjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str input = str_from((const char *)data, n);
    size_t line = str_find(input, '\n');
    struct buf scratch = BUF_INIT(64 << 20);
    struct gjson_result r;

    gjson_get(str_from_index(input, line + 1), str_from(input.p, line), &scratch, &r);
    if (r.exists && !gjson_valid(r.json))
        abort();
    buf_fini(&scratch);
    return 0;
}
