#pragma once
/* For tests of the bridge: answers of a master, made of what they differ in. Included after cmocka.
 */
#include "base/buf.h"
#include "bridge/locust_stats.h"

struct made {
    const char *state;
    int home, home_failed; /* requests of GET / */
    int missing;           /* of GET /missing, which fails always */
    int workers;           /* -1: it has no list of workers */
};

static void put_made_row(struct buf *b, const char *method, const char *name, int n, int failed)
{
    buf_printf(b,
               "{\"method\":\"%s\",\"name\":\"%s\",\"num_requests\":%d,\"num_failures\":%d,"
               "\"avg_response_time\":12.5}",
               method, name, n, failed);
}

static struct locust_stats *answer_of(struct made m)
{
    struct locust_stats *s = NULL;
    struct buf b = {0};

    buf_printf(&b, "{\"state\":\"%s\",\"user_count\":5,\"stats\":[", m.state);
    put_made_row(&b, "GET", "/", m.home, m.home_failed);
    buf_putc(&b, ',');
    put_made_row(&b, "GET", "/missing", m.missing, m.missing);
    buf_putc(&b, ',');
    put_made_row(&b, "", "Aggregated", m.home + m.missing, m.home_failed + m.missing);
    buf_puts(&b, m.workers < 0 ? "]" : "],\"workers\":[");
    for (int i = 0; i < m.workers; i++)
        buf_printf(&b, "%s{\"id\":\"w%d\",\"state\":\"running\"}", i ? "," : "", i);
    buf_puts(&b, m.workers < 0 ? "}" : "]}");
    assert_int_equal(locust_stats_read(buf_str(&b), &s), 0);
    buf_fini(&b);
    return s;
}
