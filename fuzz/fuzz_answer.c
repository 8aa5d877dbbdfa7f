/*
 * Any bytes as what servers of InfluxDB and Graphite answer: the first byte chooses status and
 * version. Whatever comes, there is a verdict whose words are text, and no more points are refused
 * than were sent.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sink/graphite_answer.h"
#include "sink/influx_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum {
    POINTS = 100,
};

static void check(const struct push_result *r)
{
    size_t length = strnlen(r->reason, sizeof(r->reason));

    assert(length < sizeof(r->reason));
    assert(r->n_rejected <= POINTS);
    assert(r->outcome == PUSH_DONE || length > 0);
    for (size_t i = 0; i < length; i++)
        assert((unsigned char)r->reason[i] >= 0x20 && r->reason[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const int statuses[] = {200, 204, 302, 400, 401, 403, 404, 413,
                                   415, 422, 429, 499, 500, 503, 0};
    struct push_answer answer = {0};
    struct push_result r;

    if (n == 0 || n > 1 << 20)
        return 0;
    answer.status = statuses[(data[0] >> 1) % countof(statuses)];
    snprintf(answer.error, sizeof(answer.error), "connection refused");
    buf_put(&answer.body, data + 1, n - 1);
    influx_judge(data[0] & 1 ? INFLUX_V2 : INFLUX_V1, &answer, POINTS, &r);
    check(&r);
    graphite_judge(&answer, POINTS, &r);
    check(&r);
    buf_fini(&answer.body);
    return 0;
}
