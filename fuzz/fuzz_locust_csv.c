/* Any bytes as Locust's table; quantiles that it puts into rows are numbers. */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/locust_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct locust_stats *stats = NULL;

    if (locust_stats_read(STR("{\"stats\":[{\"method\":\"GET\",\"name\":\"/\",\"num_requests\":1},"
                              "{\"method\":\"\",\"name\":\"Aggregated\",\"num_requests\":1}]}"),
                          &stats))
        return 0;
    ignored(locust_csv_fill(str_from((const char *)data, n), stats));
    for (size_t i = 0; i < LOCUST_N_COUNT; i++) {
        assert(!isinf(stats->rows[0].number[i]));
        assert(!isinf(stats->total.number[i]));
    }
    locust_stats_free(stats);
    return 0;
}
