/*
 * Any bytes as a dashboard: it is read, its variables resolved and every query filled in and asked,
 * of a server whose answers are the same bytes. So answers, expressions and patterns of others are
 * read as well.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "dashboard/push_form.h"
#include "dashboard/query_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct server {
    struct str bytes;
    int n_asked;
};

enum {
    ASKED_MAX = 300, /* then it is away: the sum of all is bounded */
};

static int carry(void *arg, enum query_kind kind, const struct query_request *req,
                 struct buf *ret_body, int *ret_status)
{
    struct server *s = arg;

    assert(req->path.n && req->path.p[0] == '/');
    if (++s->n_asked > ASKED_MAX)
        return fault(-1, "away");
    *ret_status = 200;
    /* Every other answer is one that has something. */
    if (s->n_asked % 2)
        return buf_add(ret_body, s->bytes.p, s->bytes.n);
    buf_puts(ret_body, kind == QUERY_FLUX ? ",result,table,_value\n,_result,0,a\n"
                                          : "{\"data\":[\"a\",\"b\"],\"results\":[]}");
    return 0;
}

static void look(void *arg, const struct query_result *r)
{
    size_t *n_results = arg;

    assert(r->verdict == QUERY_OK || r->why.n);
    assert(r->verdict != QUERY_OK || r->answer.n_points);
    ++*n_results;
}

static int give(void *arg, struct str name, struct str plugin, struct buf *ret_uid)
{
    (void)arg;
    (void)name;
    (void)plugin;
    buf_puts(ret_uid, "uid");
    return 0;
}

static void push(struct str bytes)
{
    json_t *d = NULL;

    if (push_form(bytes, give, NULL, &d) == 0)
        assert(json_is_null(json_object_get(d, "id")) && !json_object_get(d, "__inputs"));
    json_decref(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct server server = {.bytes = {(const char *)data, n}};
    struct query_servers servers = {
        .carry = carry, .arg = &server, .has = {true, true, true, true}, .organization = STR("o")};
    size_t n_results = 0;
    struct query_check_options options = {
        .now = 1700000000 * NS_PER_S, .annotations = true, .result = look, .arg = &n_results};
    struct query_tally tally;
    struct queries *q;

    push(server.bytes);
    if (queries_read(server.bytes, &q))
        return 0;
    if (query_check(q, &servers, &options, &tally) == 0)
        assert(tally.n[QUERY_OK] + tally.n[QUERY_EMPTY] + tally.n[QUERY_FAILED] +
                   tally.n[QUERY_SKIPPED] + tally.n_hidden ==
               n_results);
    queries_free(q);
    return 0;
}
