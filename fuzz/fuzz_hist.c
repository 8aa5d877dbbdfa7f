/* Decodes any bytes as histograms; what was accepted must survive being encoded again. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "metric/hist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct hist_slab *slab = hist_slab_new();
    struct hist h = HIST_INIT(slab), again = HIST_INIT(slab);
    struct str rest = str_from((const char *)data, n);
    struct buf out = {0};

    while (rest.n && hist_decode(&h, &rest) == 0)
        ;
    hist_quantile(&h, 0.5);
    hist_quantile(&h, 0.99);
    hist_count_upto(&h, 1);
    hist_encode(&h, &out);
    struct str bytes = buf_str(&out);
    int r = hist_decode(&again, &bytes);

    assert(r == 0 && bytes.n == 0 && hist_equal(&h, &again));
    buf_fini(&out);
    hist_fini(&h);
    hist_fini(&again);
    hist_slab_free(slab);
    return 0;
}
