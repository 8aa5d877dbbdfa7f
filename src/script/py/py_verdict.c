/*
 * Verdicts that come after the response. A status that says failure is a failure at once; one that
 * does not leaves the response open, when its request asked for that, until the script has looked
 * at it: then http_req_failed is sampled here, under the tags that its other samples have.
 *
 * Tag sets are remembered by what they are made of; the same few come back at every request.
 */
#include <stdio.h>

#include "base/mem.h"
#include "metric/metric.h"
#include "metric/systag.h"
#include "metric/tagset.h"
#include "plan/options.h"
#include "proto/http.h"
#include "script/py/py_priv.h"

enum {
    N_KNOWN = 64, /* a power of two; direct-mapped */
};

struct verdict_key {
    const struct tagset *base;
    PyObject *name, *method; /* references */
    int status;
    enum http_version version;
};

struct known {
    struct verdict_key key;
    const struct tagset *tags; /* NULL: free */
};

struct py_verdicts {
    struct known known[N_KNOWN];
};

struct py_verdicts *py_verdicts_new(void)
{
    return xnew(struct py_verdicts);
}

void py_verdicts_free(struct py_verdicts *v)
{
    for (size_t i = 0; v && i < N_KNOWN; i++) {
        Py_XDECREF(v->known[i].key.name);
        Py_XDECREF(v->known[i].key.method);
    }
    free(v);
}

struct tag_list {
    struct tag tags[8];
    size_t n;
    uint32_t wanted;
};

static void tag_add(struct tag_list *list, enum systag bit, const char *key, struct str value)
{
    if (list->wanted & bit)
        list->tags[list->n++] = (struct tag){.key = str_of(key), .value = value};
}

static const struct tagset *make_tags(const struct py_vu *vu, const struct verdict_key *k,
                                      const struct http_response *r)
{
    const struct plan_options *o = vu->host->options;
    struct tag_list list = {.wanted = o ? o->system_tags : systag_default};
    struct str name = k->name != Py_None ? py_text_or_empty(k->name) : r->url;
    char status[12];
    int n = snprintf(status, sizeof(status), "%d", k->status);

    tag_add(&list, SYSTAG_NAME, "name", name);
    tag_add(&list, SYSTAG_URL, "url", name);
    tag_add(&list, SYSTAG_METHOD, "method", py_text_or_empty(k->method));
    tag_add(&list, SYSTAG_STATUS, "status", str_from(status, (size_t)n));
    if (k->version != HTTP_VERSION_NONE)
        tag_add(&list, SYSTAG_PROTO, "proto", str_of(http_version_name(k->version)));
    return tagset_merge(vu->host->tag_pool, k->base, list.tags, list.n);
}

static bool key_is(const struct verdict_key *a, const struct verdict_key *b)
{
    return a->base == b->base && a->name == b->name && a->method == b->method &&
           a->status == b->status && a->version == b->version;
}

static const struct tagset *find_tags(struct py_vu *vu, const struct py_response *response)
{
    struct verdict_key key = {.base = response->tags,
                              .name = response->name,
                              .method = response->method,
                              .status = response->r->status,
                              .version = response->r->version};
    uint64_t h = (uintptr_t)key.base ^ (uintptr_t)key.name << 5 ^ (uint64_t)key.status << 9;
    struct known *k = &vu->loop->verdicts->known[(h * 0x9e3779b97f4a7c15U) >> 58];

    if (key.name == Py_None)
        return make_tags(vu, &key, response->r);
    if (!k->tags || !key_is(&k->key, &key)) {
        k->tags = make_tags(vu, &key, response->r);
        Py_XDECREF(k->key.name);
        Py_XDECREF(k->key.method);
        k->key = key;
        Py_INCREF(key.name);
        Py_INCREF(key.method);
    }
    return k->tags;
}

/* Texts of errors are many: those sets are not remembered here. */
static const struct tagset *with_error(struct py_vu *vu, const struct tagset *tags,
                                       struct str error)
{
    const struct plan_options *o = vu->host->options;
    uint32_t wanted = o ? o->system_tags : systag_default;

    if (!error.n || !(wanted & SYSTAG_ERROR))
        return tags;
    return tagset_add(vu->host->tag_pool, tags, STR("error"), py_error_tag(error));
}

void py_judge(struct py_vu *vu, struct py_response *response, bool failed, struct str error)
{
    if (!response->is_open || !response->r || response->loop != vu->loop)
        return;
    response->is_open = false;
    const struct tagset *tags = find_tags(vu, response);

    if (failed)
        tags = with_error(vu, tags, error);
    vu->host->ops->sample(vu->host, M_HTTP_REQ_FAILED, tags, failed);
}

void py_settle(struct py_vu *vu, bool failed)
{
    struct py_response *open = vu->open;

    if (!open)
        return;
    vu->open = NULL;
    py_judge(vu, open, failed, STR(""));
    Py_DECREF(open);
}
