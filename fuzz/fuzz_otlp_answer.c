/* Reads any bytes as what a receiver of OTLP answers; the first two choose status and type. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/otlp_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void judge(int status, const char *type, struct str body)
{
    struct http_header header = {STR("content-type"), str_of(type)};
    struct push_answer a = {.status = status, .headers = &header, .n_headers = 1, .error = "gone"};
    struct push_result r = {0};

    buf_putstr(&a.body, body);
    otlp_judge(&(struct otlp_rules){.n_points = 10}, &a, &r);
    assert(r.n_rejected <= 10);
    assert(memchr(r.reason, '\0', sizeof(r.reason)));
    assert(r.outcome == PUSH_DONE || r.reason[0]);
    buf_fini(&a.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const int status[] = {200, 400, 413, 429, 500, 503, 301, 0};
    static const char *const type[] = {"application/x-protobuf", "application/json", "text/html"};
    struct otlp_success success;
    struct str message;

    if (n < 2)
        return 0;

    struct str body = str_from((const char *)data + 2, n - 2);

    if (otlp_success_parse(body, &success) && success.message.n)
        assert(success.message.p >= body.p && success.message.n <= body.n);
    if (otlp_status_parse(body, &message))
        assert(message.p >= body.p && message.n <= body.n);
    judge(status[data[0] % countof(status)], type[data[1] % countof(type)], body);
    return 0;
}
