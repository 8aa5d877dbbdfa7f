/* Reads any bytes as a stream of definitions and ticks; what was accepted must add up and encode.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "metric/tick_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void define(struct str *rest, struct arena *arena, struct tick_reader *reader)
{
    struct tick_series series;

    while (tick_get_series(rest, arena, &series) == 0) {
        int r = tick_reader_series(reader, &series);

        assert(r <= 0 || r == TICK_E_BAD);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct metric_registry *registry = metric_registry_new();
    struct snapshot *snapshot = snapshot_new(&(struct snapshot_config){.registry = registry});
    struct tick_reader *reader = tick_reader_new(snapshot, registry);
    struct arena arena = {0};
    struct buf out = {0};
    struct str rest = str_from((const char *)data, n);

    define(&rest, &arena, reader);
    for (int i = 0; i < 2; i++) {
        snapshot_tick_begin(snapshot);
        int r = tick_reader_apply(reader, rest, 1);

        assert(r == 0 || r == TICK_E_BAD || r == TICK_E_UNKNOWN);
        snapshot_tick_end(snapshot, 2);
    }
    tick_put(snapshot, 1, &out);
    snapshot_tick_begin(snapshot);
    tick_put_totals(snapshot, 1, &out);
    buf_fini(&out);
    arena_fini(&arena);
    tick_reader_free(reader);
    snapshot_free(snapshot);
    metric_registry_free(registry);
    return 0;
}
