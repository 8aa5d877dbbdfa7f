/*
 * Requests from the arguments that the packages under py/ give:
 *
 *     request(method, url, headers, body, name, timeout, redirects, hold, type[, flags])
 *     batch([(method, url, headers, body), ...], name, timeout, redirects, hold, type)
 *
 * Everything a request borrows stays alive while the user is suspended: arguments are held by their
 * caller, and what others could change meanwhile (a dict of headers) is copied to the user's arena.
 */
#include "base/mem.h"
#include "plan/options.h"
#include "proto/http.h"
#include "proto/url.h"
#include "script/py/py_priv.h"

enum {
    BATCH_MAX = 10000,
    FLAG_DIGEST = 1,   /* credentials of the URL answer a challenge */
    FLAG_INSECURE = 2, /* certificates are not checked */
};

/* What all requests of a call have in common. */
struct shared {
    struct py_sending how;
    struct str name_text;
    span_ns timeout;
    int redirects;
    enum py_hold hold;
};

static const struct status_set below_400 = {.n = 1, .range = {{200, 399}}};
static const struct status_set any_answer = {.n = 1, .range = {{100, 999}}};
/* Those of Locust's faster client. */
static const struct status_set of_fast = {
    .n = 5,
    .range = {{200, 208}, {226, 226}, {301, 304}, {307, 307}, {308, 308}}};

const struct py_rule py_rules[PY_HOLD_COUNT] = {
    [PY_HOLD_NONE] = {.expected = &below_400},
    [PY_HOLD_LAST] = {.expected = &below_400, .judged_later = true},
    [PY_HOLD_LONG] = {.expected = &below_400, .judged_later = true},
    [PY_HOLD_ANY] = {.expected = &any_answer, .judged_later = true},
    [PY_HOLD_FAILED] = {.expected = &below_400, .blamed_later = true},
    [PY_HOLD_FAST] = {.expected = &of_fast, .blamed_later = true},
};

/* ---- body ---- */

static int set_body(struct http_request *req, PyObject *o)
{
    if (o == Py_None)
        return 0;
    req->has_body = true;
    if (PyBytes_Check(o)) {
        req->body = str_from(PyBytes_AS_STRING(o), (size_t)PyBytes_GET_SIZE(o));
        return 0;
    }
    return py_text_of(o, "a body that is not bytes", &req->body);
}

/* ---- requests ---- */

static int read_shared(PyObject *const *args, struct shared *s)
{
    double timeout = args[1] == Py_None ? 0 : PyFloat_AsDouble(args[1]);
    long redirects = PyLong_AsLong(args[2]), hold = PyLong_AsLong(args[3]);

    if (PyErr_Occurred())
        return -1;
    s->how.name = args[0];
    if (args[0] != Py_None && py_text_of(args[0], "name", &s->name_text) < 0)
        return -1;
    s->timeout = py_timeout(timeout);
    s->redirects = py_redirects(redirects);
    s->hold = hold < 0 || hold >= PY_HOLD_COUNT ? PY_HOLD_NONE : (enum py_hold)hold;
    s->how.rule = &py_rules[s->hold];
    if (!PyType_Check(args[4]) || !PyType_IsSubtype((PyTypeObject *)args[4], &py_response_type)) {
        PyErr_SetString(PyExc_TypeError, "type must be derived from _brunt.Response");
        return -1;
    }
    s->how.type = (PyTypeObject *)args[4];
    return 0;
}

int py_set_url(struct py_vu *vu, struct http_request *req, PyObject *o)
{
    struct str text;

    if (py_text_of(o, "url", &text) < 0)
        return -1;
    if (py_urls_get(vu->loop->urls, text, &req->url) < 0) {
        PyErr_SetString(PyExc_ValueError, fault_text());
        return -1;
    }
    return 0;
}

/* Fills one request of method, url, headers, body. */
static int fill(struct py_vu *vu, const struct shared *s, PyObject *const *args,
                struct http_request *req)
{
    *req = (struct http_request){
        .jar = vu->host->jar,
        .tags = vu->host->tags,
        .timeout = s->timeout,
        .max_redirects = s->redirects,
        .name = s->name_text,
        .expected = s->how.rule->expected,
        .judged_later = s->how.rule->judged_later,
        .blamed_later = s->how.rule->blamed_later,
        .keeps_hops = true,
        .body_mode = HTTP_BODY_KEEP,
    };
    if (py_text_of(args[0], "method", &req->method) < 0 || set_body(req, args[3]) < 0 ||
        (args[2] != Py_None &&
         py_headers_read(&vu->arena, args[2], &req->headers, &req->n_headers) < 0))
        return -1;
    return py_set_url(vu, req, args[1]);
}

static int set_flags(struct http_request *req, PyObject *o)
{
    long flags = PyLong_AsLong(o);

    if (flags == -1 && PyErr_Occurred())
        return -1;
    if (flags & FLAG_DIGEST)
        req->auth = HTTP_AUTH_DIGEST;
    req->insecure = flags & FLAG_INSECURE;
    return 0;
}

/* Is the verdict still the script's to give? Without an answer it is not. */
static bool stays_open(const struct py_rule *rule, int status)
{
    if (status_set_has(rule->expected, status))
        return rule->judged_later;
    return rule->blamed_later && status;
}

/* Takes r over. */
static struct py_response *wrap(struct py_vu *vu, const struct py_sending *how,
                                const struct tagset *tags, struct http_response *r)
{
    struct py_response *o = py_response_new(vu, how->type, r);

    if (unlikely(!o))
        return NULL;
    o->method = Py_NewRef(how->method);
    o->name = Py_NewRef(how->name);
    o->tags = tags;
    o->is_open = stays_open(how->rule, r->status);
    return o;
}

/* Those of HOLD_LAST: the last response whose verdict is out is kept, for the end of the call. */
static void keep_open(struct py_vu *vu, enum py_hold hold, struct py_response *o)
{
    if (hold == PY_HOLD_LAST && o->is_open) {
        py_settle(vu, false);
        Py_INCREF(o);
        vu->open = o;
    }
}

struct py_response *py_send(struct py_vu *vu, const struct http_request *req,
                            const struct py_sending *how)
{
    struct url *url = url_ref(req->url); /* others may push it out of the table meanwhile */
    struct http_response *r;

    py_settle(vu, false);
    py_out(vu);
    int condition = vu->host->ops->request(vu->host, req, &r);

    py_in(vu);
    url_unref(url);
    if (py_resumed(vu, condition) < 0) {
        http_response_unref(r);
        return NULL;
    }
    return wrap(vu, how, req->tags, r);
}

/* The user, when requests may be sent now; else NULL with an exception set. */
struct py_vu *py_sender(void)
{
    struct py_vu *vu = py_running("a request");

    if (vu && unlikely(vu->interrupted)) {
        PyErr_SetNone(py_interrupted);
        return NULL;
    }
    return vu;
}

PyObject *py_request(PyObject *module UNUSED, PyObject *const *args, Py_ssize_t n_args)
{
    struct py_vu *vu = py_sender();
    struct shared s = {0};
    struct http_request req;
    struct py_response *o = NULL;

    if (!vu)
        return NULL;
    if (n_args != 9 && n_args != 10) {
        PyErr_SetString(PyExc_TypeError, "request() takes 9 or 10 arguments");
        return NULL;
    }
    s.how.method = args[0];
    if (read_shared(args + 4, &s) == 0 && fill(vu, &s, args, &req) == 0 &&
        (n_args == 9 || set_flags(&req, args[9]) == 0))
        o = py_send(vu, &req, &s.how);
    arena_reset(&vu->arena);
    if (o)
        keep_open(vu, s.hold, o);
    return (PyObject *)o;
}

/* ---- several ---- */

struct batch {
    size_t n;
    struct http_request *reqs;
    const struct http_request **pointers;
    struct http_response **responses;
};

static int fill_batch(struct py_vu *vu, const struct shared *s, PyObject *items, struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        PyObject *item = PyTuple_GET_ITEM(items, (Py_ssize_t)i);

        if (!PyTuple_Check(item) || PyTuple_GET_SIZE(item) != 4) {
            PyErr_SetString(PyExc_TypeError, "an item of batch() must be a tuple of 4");
            return -1;
        }
        if (fill(vu, s, ((PyTupleObject *)item)->ob_item, &b->reqs[i]) < 0)
            return -1;
        b->reqs[i].url = url_ref(b->reqs[i].url);
        b->pointers[i] = &b->reqs[i];
    }
    return 0;
}

static void unref_urls(struct batch *b)
{
    for (size_t i = 0; i < b->n && b->pointers[i]; i++)
        url_unref((struct url *)(uintptr_t)b->reqs[i].url);
}

/* All but the last are judged by their status. */
static PyObject *wrap_batch(struct py_vu *vu, const struct shared *s, PyObject *items,
                            struct batch *b)
{
    PyObject *list = PyList_New((Py_ssize_t)b->n);
    struct py_sending how = s->how;

    for (size_t i = 0; i < b->n; i++) {
        how.method = PyTuple_GET_ITEM(PyTuple_GET_ITEM(items, (Py_ssize_t)i), 0);
        struct py_response *o = list ? wrap(vu, &how, b->reqs[i].tags, b->responses[i]) : NULL;

        if (!o) {
            if (!list)
                http_response_unref(b->responses[i]);
            Py_CLEAR(list);
            continue;
        }
        keep_open(vu, s->hold, o);
        PyList_SET_ITEM(list, (Py_ssize_t)i, (PyObject *)o);
    }
    return list;
}

static PyObject *send_batch(struct py_vu *vu, const struct shared *s, PyObject *items)
{
    size_t n = (size_t)PyTuple_GET_SIZE(items);
    struct batch b = {
        .n = n,
        .reqs = arena_new_n(&vu->arena, struct http_request, n),
        .pointers = arena_alloc(&vu->arena, n * sizeof(struct http_request *)),
        .responses = arena_alloc(&vu->arena, n * sizeof(struct http_response *)),
    };

    memset(b.pointers, 0, n * sizeof(struct http_request *));
    memset(b.responses, 0, n * sizeof(struct http_response *));
    if (fill_batch(vu, s, items, &b) < 0) {
        unref_urls(&b);
        return NULL;
    }
    py_settle(vu, false);
    py_out(vu);
    int condition = vu->host->ops->batch(vu->host, b.pointers, n, b.responses);

    py_in(vu);
    unref_urls(&b);
    if (py_resumed(vu, condition) < 0) {
        for (size_t i = 0; i < n; i++)
            http_response_unref(b.responses[i]);
        return NULL;
    }
    return wrap_batch(vu, s, items, &b);
}

PyObject *py_batch(PyObject *module UNUSED, PyObject *const *args, Py_ssize_t n_args)
{
    struct py_vu *vu = py_running("batch()");
    struct shared s = {0};
    PyObject *items, *list = NULL;

    if (!vu)
        return NULL;
    if (n_args != 6) {
        PyErr_SetString(PyExc_TypeError, "batch() takes 6 arguments");
        return NULL;
    }
    items = PySequence_Tuple(args[0]); /* a copy that nobody changes */
    if (!items || read_shared(args + 1, &s) < 0) {
        Py_XDECREF(items);
        return NULL;
    }
    if (PyTuple_GET_SIZE(items) > BATCH_MAX)
        PyErr_Format(PyExc_ValueError, "a batch has at most %d requests", BATCH_MAX);
    else if (PyTuple_GET_SIZE(items) == 0)
        list = PyList_New(0);
    else
        list = send_batch(vu, &s, items);
    arena_reset(&vu->arena);
    Py_DECREF(items);
    return list;
}
