/*
 * Any bytes as a file of results, and as a list of connections. Results that were accepted must be
 * accepted again when they are written, with as many points.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/connection.h"
#include "sink/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void write_points(const struct results *r, struct buf *out)
{
    for (size_t i = 0; i < r->n_points; i++) {
        const struct results_point *stored = &r->points[i];
        struct point p = {.labels = stored->tags,
                          .n_labels = stored->n_tags,
                          .value = stored->value,
                          .at = stored->at};

        if (i)
            buf_putc(out, ',');
        results_put_point(&p, stored->name, out);
    }
}

static void again(const struct results *r)
{
    struct buf points = {0}, out = {0};
    struct results *second;

    write_points(r, &points);
    results_put(&r->run, &r->facts, r->snapshot, buf_str(&points), &out);
    /* Empty texts are left out, and id and status must be there. */
    if (r->run.run_id.n && r->run.run_status.n) {
        int result = results_read(buf_str(&out), &second);

        assert(result == 0 && second->n_points == r->n_points);
        results_free(second);
    }
    buf_fini(&points);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = str_from((const char *)data, n);
    struct connections list = {0};
    struct results *r;

    if (results_read(text, &r) == 0) {
        again(r);
        results_free(r);
    }
    if (connections_parse(&list, text, "here") == 0) {
        for (size_t i = 0; i < list.n; i++)
            ignored(connection_check(&list.items[i]));
    }
    connections_fini(&list);
    return 0;
}
