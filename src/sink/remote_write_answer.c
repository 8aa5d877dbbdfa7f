/*
 * A receiver of 1.x decodes a request of 2.0 as an empty one and answers 204: it must say how much
 * it has written, or it has written nothing. Others answer 415, or 400.
 *
 * Only a receiver that has not shown which version it speaks is fallen back from; whatever goes
 * wrong later is about the points.
 */
#include "sink/remote_write_answer.h"

#include <strings.h>

bool remote_write_choose(const char *text, struct remote_write_choice *ret)
{
    static const struct {
        const char *text;
        struct remote_write_choice choice;
    } rows[] = {
        {"auto", {REMOTE_WRITE_2, false}},
        {"1", {REMOTE_WRITE_1, true}},
        {"2", {REMOTE_WRITE_2, true}},
    };

    for (size_t i = 0; i < countof(rows); i++) {
        if (strcmp(text, rows[i].text) == 0) {
            *ret = rows[i].choice;
            return true;
        }
    }
    return false;
}

/* The points that it says are written; false: it does not say. */
static bool count_written(const struct push_answer *a, uint64_t *ret)
{
    static const char *const names[] = {
        "X-Prometheus-Remote-Write-Samples-Written",
        "X-Prometheus-Remote-Write-Histograms-Written",
        "X-Prometheus-Remote-Write-Exemplars-Written",
    };
    uint64_t sum = 0;
    bool says = false;

    for (size_t i = 0; i < countof(names); i++) {
        uint64_t n = 0;
        struct str value = http_header_get(a->headers, a->n_headers, str_of(names[i]));

        if (!value.p)
            continue;
        says = true;
        if (i < 2 && str_u64(str_trim(value), &n) && n <= UINT32_MAX)
            sum += n;
    }
    *ret = sum;
    return says;
}

static bool is_success(int status)
{
    return status / 100 == 2;
}

bool remote_write_falls_back(struct remote_write_choice *c, const struct push_answer *answer)
{
    uint64_t written;
    bool says = count_written(answer, &written);

    if (c->version == REMOTE_WRITE_1 || c->is_sure)
        return false;
    if (says && (is_success(answer->status) || answer->status / 100 == 4)) {
        c->is_sure = true;
        return false;
    }
    if (!is_success(answer->status) && answer->status != 415 && answer->status != 400)
        return false;
    *c = (struct remote_write_choice){REMOTE_WRITE_1, true};
    return true;
}

/* A success of 2.0 counts what was stored; the rest was refused for good. */
static void judge_success(const struct push_answer *a, size_t n_points, struct push_result *ret)
{
    uint64_t written;

    if (!count_written(a, &written)) {
        push_result_set(ret, PUSH_BLOCKED,
                        "status %d, but nothing was written: it does not speak remote write 2.0 "
                        "(use version=auto)",
                        a->status);
    } else if (written < n_points) {
        push_result_set(ret, PUSH_DONE, "status %d, but %llu of %zu points were written", a->status,
                        (unsigned long long)written, n_points);
        ret->n_rejected = n_points - (size_t)written;
    }
}

void remote_write_judge(enum remote_write_version version, const struct push_answer *answer,
                        size_t n_points, struct push_result *ret_result)
{
    push_http_judge(answer, ret_result);
    if (answer->status == 415)
        ret_result->outcome = PUSH_BLOCKED; /* the version, not the points */
    /* Prometheus answers some faults of single points by 500, which will not get better. */
    if (answer->status == 500)
        ret_result->bounded = true;
    if (is_success(answer->status) && version == REMOTE_WRITE_2)
        judge_success(answer, n_points, ret_result);
}
