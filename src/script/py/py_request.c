/*
 * Requests from the arguments that the packages under py/ give:
 *
 *     request(method, url, headers, body, name, timeout, redirects, hold, type)
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
    HEADERS_MAX = 1000,
    BATCH_MAX = 10000,
};

/* When is a response judged? */
enum hold {
    HOLD_NONE, /* at once, by its status */
    HOLD_LAST, /* open until the next request or the end of the call; a success unless told */
    HOLD_LONG, /* open until judge() */
    HOLD_ANY,  /* the same, whatever its status: any answer may be called a success */
};

/* What all requests of a call have in common. */
struct shared {
    PyObject *name; /* str or None */
    struct str name_text;
    span_ns timeout;
    int redirects;
    enum hold hold;
    PyTypeObject *type;
};

/* Other statuses are failures. */
static const struct status_set expected = {.n = 1, .range = {{200, 399}}};
static const struct status_set any_answer = {.n = 1, .range = {{100, 999}}};

static const struct status_set *expected_by(enum hold hold)
{
    return hold == HOLD_ANY ? &any_answer : &expected;
}

/* ---- texts ---- */

/* Of a type whose str() runs no code of the script's, which could send a request in between. */
static bool is_number(PyObject *o)
{
    return PyLong_CheckExact(o) || PyFloat_CheckExact(o) || PyBool_Check(o);
}

/* Bytes, text or a number as they go out; copied. */
static int wire_text(struct py_vu *vu, PyObject *o, const char *what, struct str *ret_text)
{
    struct str s;

    if (is_number(o)) {
        PyObject *text = PyObject_Str(o);
        int r = text ? wire_text(vu, text, what, ret_text) : -1;

        Py_XDECREF(text);
        return r;
    }
    if (PyBytes_Check(o))
        s = str_from(PyBytes_AS_STRING(o), (size_t)PyBytes_GET_SIZE(o));
    else if (py_text_of(o, what, &s) < 0)
        return -1;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0') {
            PyErr_Format(PyExc_ValueError, "%s must not hold line breaks", what);
            return -1;
        }
    }
    *ret_text = arena_str(&vu->arena, s);
    return 0;
}

/* ---- headers and body ---- */

static int add_header(struct py_vu *vu, struct http_request *req, struct http_header *headers,
                      PyObject *key, PyObject *value)
{
    struct http_header h;

    if (wire_text(vu, key, "the name of a header", &h.name) < 0 ||
        wire_text(vu, value, "the value of a header", &h.value) < 0)
        return -1;
    if (h.name.n == 0) {
        PyErr_SetString(PyExc_ValueError, "the name of a header is empty");
        return -1;
    }
    /* The client's to say. */
    if (!str_eq_nocase(h.name, STR("content-length")))
        headers[req->n_headers++] = h;
    return 0;
}

static int add_headers(struct py_vu *vu, struct http_request *req, PyObject *o)
{
    struct http_header *headers;
    PyObject *key, *value;
    Py_ssize_t at = 0;

    if (o == Py_None)
        return 0;
    if (!PyDict_Check(o) || PyDict_GET_SIZE(o) > HEADERS_MAX) {
        PyErr_Format(PyExc_TypeError, "headers must be a dict of at most %d entries", HEADERS_MAX);
        return -1;
    }
    headers = arena_new_n(&vu->arena, struct http_header, (size_t)PyDict_GET_SIZE(o) + 1);
    req->headers = headers;
    while (PyDict_Next(o, &at, &key, &value)) {
        if (value != Py_None && add_header(vu, req, headers, key, value) < 0)
            return -1;
    }
    return 0;
}

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
    s->name = args[0];
    if (s->name != Py_None && py_text_of(s->name, "name", &s->name_text) < 0)
        return -1;
    s->timeout = timeout > 0 && timeout < 1e8 ? (span_ns)(timeout * 1e9) : 0;
    s->redirects = redirects < 0 ? 0 : redirects > 100 ? 100 : (int)redirects;
    s->hold = hold < 0 || hold > HOLD_ANY ? HOLD_NONE : (enum hold)hold;
    if (!PyType_Check(args[4]) || !PyType_IsSubtype((PyTypeObject *)args[4], &py_response_type)) {
        PyErr_SetString(PyExc_TypeError, "type must be derived from _brunt.Response");
        return -1;
    }
    s->type = (PyTypeObject *)args[4];
    return 0;
}

static int set_url(struct py_vu *vu, struct http_request *req, PyObject *o)
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
        .expected = expected_by(s->hold),
        .judged_later = s->hold != HOLD_NONE,
        .body_mode = HTTP_BODY_KEEP,
    };
    if (py_text_of(args[0], "method", &req->method) < 0 || add_headers(vu, req, args[2]) < 0 ||
        set_body(req, args[3]) < 0)
        return -1;
    return set_url(vu, req, args[1]);
}

static struct py_response *wrap(struct py_vu *vu, const struct shared *s, PyObject *method,
                                const struct tagset *tags, struct http_response *r)
{
    struct py_response *o = py_response_new(vu, s->type, r);

    if (!o)
        return NULL;
    o->method = Py_NewRef(method);
    o->name = Py_NewRef(s->name);
    o->tags = tags;
    o->is_open = s->hold != HOLD_NONE && status_set_has(expected_by(s->hold), r->status);
    return o;
}

/* The last response whose verdict is out is kept, for the end of the call to judge. */
static void keep_open(struct py_vu *vu, const struct shared *s, struct py_response *o)
{
    if (s->hold == HOLD_LAST && o->is_open) {
        py_settle(vu, false);
        Py_INCREF(o);
        vu->open = o;
    }
}

PyObject *py_request(PyObject *module UNUSED, PyObject *const *args, Py_ssize_t n_args)
{
    struct py_vu *vu = py_running("a request");
    struct shared s = {0};
    struct http_request req;
    struct http_response *r;

    if (!vu)
        return NULL;
    if (n_args != 9) {
        PyErr_SetString(PyExc_TypeError, "request() takes 9 arguments");
        return NULL;
    }
    if (vu->interrupted) {
        PyErr_SetNone(py_interrupted);
        return NULL;
    }
    if (read_shared(args + 4, &s) < 0 || fill(vu, &s, args, &req) < 0) {
        arena_reset(&vu->arena);
        return NULL;
    }
    py_settle(vu, false);
    struct url *url = url_ref(req.url); /* others may push it out of the table meanwhile */

    py_out(vu);
    int condition = vu->host->ops->request(vu->host, &req, &r);

    py_in(vu);
    url_unref(url);
    arena_reset(&vu->arena);
    if (py_resumed(vu, condition) < 0) {
        http_response_unref(r);
        return NULL;
    }
    struct py_response *o = wrap(vu, &s, args[0], req.tags, r);

    if (o)
        keep_open(vu, &s, o);
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

    for (size_t i = 0; i < b->n; i++) {
        PyObject *item = PyTuple_GET_ITEM(items, (Py_ssize_t)i);
        struct py_response *o =
            list ? wrap(vu, s, PyTuple_GET_ITEM(item, 0), b->reqs[i].tags, b->responses[i]) : NULL;

        if (!o) {
            if (!list)
                http_response_unref(b->responses[i]);
            Py_CLEAR(list);
            continue;
        }
        keep_open(vu, s, o);
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
