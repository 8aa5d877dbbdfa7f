/*
 * Session: what locust's HttpSession is made on. Its get() is the call that load tests consist of,
 * so the usual case goes from the script to the engine without a line of Python: a path that is
 * known already, at most a name= beside it, a session that does nothing but send, and nobody who
 * listens. All else goes to the method request() of the class below, which knows everything.
 *
 * Class and instances in Python may replace request(): then it is called for every get().
 */
#include <stddef.h>

#include "proto/http.h"
#include "script/py/py_priv.h"

enum {
    ARGS_MAX = 40, /* of one call, keywords included */
};

struct py_session {
    PyObject ob_base;           /* first */
    PyObject *routes;           /* dict: path -> (URL, name), filled in Python */
    PyObject *headers;          /* a HeaderBlock */
    PyObject *params, *proxies; /* dicts */
    PyObject *hooks;            /* dict: "response" -> list */
    PyObject *auth, *cert, *verify;
    PyObject *listeners;     /* list, of events.request */
    PyObject *request_name;  /* instead of the path; a text that is not empty, or not set */
    PyObject *response_type; /* derived from Response */
    span_ns timeout;         /* 0: none */
    int redirects;
    enum py_hold hold; /* PY_HOLD_FAILED or PY_HOLD_FAST */
    bool is_plain;     /* request() is that of the class below */
};

static PyObject *text_request, *text_name, *text_response, *text_get, *text_failed;

/* ---- the usual case ---- */

static bool is_nothing(PyObject *o)
{
    return !o || o == Py_None;
}

static bool is_empty_dict(PyObject *o)
{
    return is_nothing(o) || (PyDict_Check(o) && PyDict_GET_SIZE(o) == 0);
}

static bool is_empty_list(PyObject *o)
{
    return is_nothing(o) || (PyList_Check(o) && PyList_GET_SIZE(o) == 0);
}

static bool has_hooks(PyObject *hooks)
{
    if (is_empty_dict(hooks))
        return false;
    return !PyDict_Check(hooks) || PyDict_GET_SIZE(hooks) != 1 ||
           !is_empty_list(PyDict_GetItemWithError(hooks, text_response));
}

/* Does it do nothing but send? */
static bool just_sends(const struct py_session *s)
{
    return s->is_plain && is_nothing(s->auth) && is_nothing(s->cert) && s->verify == Py_True &&
           is_empty_dict(s->params) && is_empty_dict(s->proxies) && is_empty_list(s->listeners) &&
           !has_hooks(s->hooks) && s->headers && PyObject_TypeCheck(s->headers, &py_headers_type) &&
           s->routes && PyDict_CheckExact(s->routes) && s->response_type &&
           PyType_Check(s->response_type);
}

/* The name given with name=, or else that of the session, or else of the path; a str, or NULL. */
static PyObject *choose_name(const struct py_session *s, PyObject *given, PyObject *route)
{
    PyObject *name = given && given != Py_None ? given : s->request_name;

    if (is_nothing(name) || (PyUnicode_Check(name) && PyUnicode_GET_LENGTH(name) == 0))
        name = PyTuple_GET_ITEM(route, 1);
    return PyUnicode_Check(name) ? name : NULL;
}

/* A failure is told in Python, where its text is made. */
static PyObject *tell_if_failed(PyObject *session, struct py_response *r)
{
    PyObject *o = (PyObject *)r;

    if (likely(!r || !r->is_open))
        return o;
    PyObject *none = PyObject_CallMethodOneArg(session, text_failed, o);

    if (!none)
        Py_CLEAR(o);
    Py_XDECREF(none);
    return o;
}

static PyObject *send(PyObject *self, struct py_vu *vu, PyObject *url, PyObject *name)
{
    struct py_session *s = (struct py_session *)self;
    struct py_block *block = py_block_ref(s->headers);
    struct py_sending how = {.method = text_get,
                             .name = name,
                             .type = (PyTypeObject *)s->response_type,
                             .rule = &py_rules[s->hold]};
    struct py_response *r = NULL;

    if (!block)
        return NULL;
    struct http_request req = {
        .method = STR("GET"),
        .headers = block->headers,
        .n_headers = block->n,
        .jar = vu->host->jar,
        .tags = vu->host->tags,
        .timeout = s->timeout,
        .max_redirects = s->redirects,
        .expected = how.rule->expected,
        .judged_later = how.rule->judged_later,
        .blamed_later = how.rule->blamed_later,
        .keeps_hops = true,
        .body_mode = HTTP_BODY_KEEP,
    };

    Py_INCREF(name); /* that of the session may be changed while the user is suspended */
    Py_INCREF(how.type);
    if (py_text_of(name, "name", &req.name) == 0 && py_set_url(vu, &req, url) == 0)
        r = py_send(vu, &req, &how);
    Py_DECREF(how.type);
    Py_DECREF(name);
    py_block_unref(block);
    return tell_if_failed(self, r);
}

/* ---- get() ---- */

/* By the method request(), with "GET" before the arguments. */
static PyObject *get_by_request(PyObject *self, PyObject *const *args, Py_ssize_t n,
                                PyObject *names)
{
    Py_ssize_t total = n + (names ? PyTuple_GET_SIZE(names) : 0);
    PyObject *stack[ARGS_MAX + 2] = {self, text_get};

    if (total > ARGS_MAX || n > 1) {
        PyErr_SetString(PyExc_TypeError, "get() takes a URL, all else as keywords");
        return NULL;
    }
    for (Py_ssize_t i = 0; i < total; i++)
        stack[2 + i] = args[i];
    return PyObject_VectorcallMethod(text_request, stack, (size_t)n + 2, names);
}

/* The known path's (URL, name), borrowed; NULL: it is for request(). */
static PyObject *find_route(const struct py_session *s, PyObject *path)
{
    PyObject *route;

    if (!PyUnicode_CheckExact(path) || !just_sends(s))
        return NULL;
    route = PyDict_GetItemWithError(s->routes, path);
    return route && PyTuple_CheckExact(route) && PyTuple_GET_SIZE(route) == 2 ? route : NULL;
}

static PyObject *session_get(PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    struct py_session *s = (struct py_session *)self;
    Py_ssize_t n_names = names ? PyTuple_GET_SIZE(names) : 0;
    PyObject *given = NULL, *route = NULL, *name = NULL;

    /* On a thread that runs no user, request() finds who sends for it. */
    if (py_current && n == 1 &&
        (n_names == 0 || (n_names == 1 && PyTuple_GET_ITEM(names, 0) == text_name))) {
        given = n_names ? args[1] : NULL;
        route = find_route(s, args[0]);
        name = route ? choose_name(s, given, route) : NULL;
    }
    if (!name)
        return get_by_request(self, args, n, names);
    struct py_vu *vu = py_sender();

    if (!vu)
        return NULL;
    Py_INCREF(route);
    PyObject *r = send(self, vu, PyTuple_GET_ITEM(route, 0), name);

    Py_DECREF(route);
    return r;
}

/* ---- the type ---- */

/* The instance's own request() is called from now on. */
static int session_setattr(PyObject *self, PyObject *name, PyObject *value)
{
    if (PyUnicode_CheckExact(name) && PyUnicode_Compare(name, text_request) == 0)
        ((struct py_session *)self)->is_plain = false;
    return PyObject_GenericSetAttr(self, name, value);
}

#define EACH_OBJECT(do, s) \
    do                     \
        (s->routes);       \
    do                     \
        (s->headers);      \
    do                     \
        (s->params);       \
    do                     \
        (s->proxies);      \
    do                     \
        (s->hooks);        \
    do                     \
        (s->auth);         \
    do                     \
        (s->cert);         \
    do                     \
        (s->verify);       \
    do                     \
        (s->listeners);    \
    do                     \
        (s->request_name); \
    do                     \
    (s->response_type)

static int session_traverse(PyObject *self, visitproc visit, void *arg)
{
    const struct py_session *s = (const struct py_session *)self;

    EACH_OBJECT(Py_VISIT, s);
    return 0;
}

static int session_clear(PyObject *self)
{
    struct py_session *s = (struct py_session *)self;

    EACH_OBJECT(Py_CLEAR, s);
    return 0;
}

static void session_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    session_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyObject **slot_of(PyObject *self, void *offset)
{
    return (PyObject **)(void *)((char *)self + (uintptr_t)offset);
}

static PyObject *get_slot(PyObject *self, void *offset)
{
    PyObject *o = *slot_of(self, offset);

    return Py_NewRef(o ? o : Py_None);
}

static int set_slot(PyObject *self, PyObject *value, void *offset)
{
    PyObject **slot = slot_of(self, offset), *old = *slot;

    *slot = Py_XNewRef(value);
    Py_XDECREF(old);
    return 0;
}

/* _set(timeout, redirects, hold, is_plain): None for a timeout is none. */
static PyObject *session_set(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    struct py_session *s = (struct py_session *)self;
    double timeout = n == 4 && args[0] != Py_None ? PyFloat_AsDouble(args[0]) : 0;
    long redirects = n == 4 ? PyLong_AsLong(args[1]) : 0;
    long hold = n == 4 ? PyLong_AsLong(args[2]) : -1;

    if (hold < 0 || hold >= PY_HOLD_COUNT) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "_set() takes a timeout, a limit, a rule and a bool");
        return NULL;
    }
    if (PyErr_Occurred())
        return NULL;
    s->timeout = py_timeout(timeout);
    s->redirects = py_redirects(redirects);
    s->hold = (enum py_hold)hold;
    s->is_plain = args[3] == Py_True;
    Py_RETURN_NONE;
}

#define SLOT(name, field)                                                          \
    {                                                                              \
        name, get_slot, set_slot, NULL, (void *)offsetof(struct py_session, field) \
    }

static PyGetSetDef fields[] = {
    SLOT("_routes", routes),
    SLOT("_headers", headers),
    SLOT("params", params),
    SLOT("proxies", proxies),
    SLOT("hooks", hooks),
    SLOT("auth", auth),
    SLOT("cert", cert),
    SLOT("verify", verify),
    SLOT("_listeners", listeners),
    SLOT("request_name", request_name),
    SLOT("response_type", response_type),
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef methods[] = {
    {"get", (PyCFunction)(void (*)(void))session_get, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"_set", (PyCFunction)(void (*)(void))session_set, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

PyTypeObject py_session_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "_brunt.Session",
    .tp_basicsize = sizeof(struct py_session),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_dealloc = session_dealloc,
    .tp_traverse = session_traverse,
    .tp_clear = session_clear,
    .tp_setattro = session_setattr,
    .tp_getset = fields,
    .tp_methods = methods,
};

int py_session_ready(void)
{
    text_request = PyUnicode_InternFromString("request");
    text_name = PyUnicode_InternFromString("name");
    text_response = PyUnicode_InternFromString("response");
    text_get = PyUnicode_InternFromString("GET");
    text_failed = PyUnicode_InternFromString("_failed");
    if (!text_request || !text_name || !text_response || !text_get || !text_failed)
        return -1;
    return PyType_Ready(&py_session_type);
}
