/*
 * Frames any bytes as points of remote write: what comes back from a spool may be anything. The
 * same bytes are read as an Accept header.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/exposition.h"
#include "sink/remote_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint32_t ends[] = {(uint32_t)(n / 2), (uint32_t)n};
    struct batch_view points = {.bytes = (const char *)data, .ends = ends, .to = 2};
    struct batch_view whole = {.bytes = (const char *)data, .ends = ends + 1, .to = 1};
    struct buf out = {0};

    for (int version = REMOTE_WRITE_1; version <= REMOTE_WRITE_2; version++) {
        size_t before = out.len;

        if (remote_write_frame((enum remote_write_version)version, true, &points, &out) != 0)
            assert(out.len == before);
        ignored(remote_write_frame((enum remote_write_version)version, false, &whole, &out));
    }
    assert(exposition_negotiate(str_from((const char *)data, n)) <= EXPOSITION_PROTOBUF);
    buf_fini(&out);
    return 0;
}
