/*
 * A response as Python sees it: an object around the engine's, whose fields are made when they are
 * read. The packages under py/ derive theirs from it. Without garbage collection: by itself it
 * holds nothing that could hold it, and a script that hangs a response on itself keeps it.
 *
 * The engine's response goes back to the pool of its loop, which has one thread. A script may let
 * go of it on a thread of its own; it then waits in a list of the loop for a user to pass by.
 */
#include <pthread.h>
#include <stddef.h>

#include "proto/http.h"
#include "script/py/py_priv.h"

struct py_response *py_response_new(struct py_vu *vu, PyTypeObject *type, struct http_response *r)
{
    struct py_response *o = (struct py_response *)type->tp_alloc(type, 0);

    if (!o) {
        http_response_unref(r);
        return NULL;
    }
    o->r = r;
    o->loop = vu->loop;
    list_init(&o->link);
    list_add_tail(&vu->loop->responses, &o->link);
    return o;
}

static void response_dealloc(PyObject *self)
{
    struct py_response *o = (struct py_response *)self;

    if (o->loop) {
        list_remove(&o->link);
        if (!pthread_equal(pthread_self(), o->loop->thread)) {
            /* Alive once more, until its loop takes it; a class of Python's drops its reference to
             * itself after each call of this. */
            Py_SET_REFCNT(self, 1);
            if (Py_TYPE(self)->tp_flags & Py_TPFLAGS_HEAPTYPE)
                Py_INCREF(Py_TYPE(self));
            list_add_tail(&o->loop->dead, &o->link);
            return;
        }
        http_response_unref(o->r);
    }
    Py_XDECREF(o->method);
    Py_XDECREF(o->name);
    Py_XDECREF(o->headers);
    Py_XDECREF(o->text);
    Py_XDECREF(o->attributes);
    Py_TYPE(self)->tp_free(self);
}

/* NULL with an exception set when the run is over. */
static struct http_response *alive(PyObject *self)
{
    struct http_response *r = ((struct py_response *)self)->r;

    if (!r)
        PyErr_SetString(PyExc_RuntimeError, "the run that this response came from is over");
    return r;
}

static PyObject *latin1(struct str s)
{
    return PyUnicode_DecodeLatin1(s.p ? s.p : "", (Py_ssize_t)s.n, NULL);
}

static PyObject *utf8(struct str s)
{
    return PyUnicode_DecodeUTF8(s.p ? s.p : "", (Py_ssize_t)s.n, "replace");
}

static PyObject *get_status(PyObject *self, void *closure UNUSED)
{
    struct http_response *r = alive(self);

    return r ? PyLong_FromLong(r->status) : NULL;
}

static PyObject *get_reason(PyObject *self, void *closure UNUSED)
{
    struct http_response *r = alive(self);

    if (!r)
        return NULL;
    return r->reason.n ? latin1(r->reason) : PyUnicode_FromString(http_reason(r->status));
}

static PyObject *get_url(PyObject *self, void *closure UNUSED)
{
    struct http_response *r = alive(self);

    return r ? utf8(r->url) : NULL;
}

static PyObject *get_content(PyObject *self, void *closure UNUSED)
{
    struct http_response *r = alive(self);

    return r ? PyBytes_FromStringAndSize(r->body.p ? r->body.p : "", (Py_ssize_t)r->body.n) : NULL;
}

/* The value of charset= in a Content-Type, at most 31 bytes; "" for none. */
static void read_charset(const struct http_response *r, char name[32])
{
    struct str type = http_header_get(r->headers, r->n_headers, STR("content-type")), rest = type;
    struct str part, key = STR("charset=");

    name[0] = '\0';
    while (type.p && str_split(&rest, ';', &part)) {
        part = str_trim(part);
        if (!str_starts_nocase(part, key))
            continue;
        part = str_from_index(part, key.n);
        if (part.n >= 2 && part.p[0] == '"')
            part = str_from(part.p + 1, part.n - 2);
        if (part.n < 32 && !memchr(part.p, 0, part.n)) {
            memcpy(name, part.p, part.n);
            name[part.n] = '\0';
        }
    }
}

static PyObject *decode_body(const struct http_response *r)
{
    char charset[32];
    PyObject *text;

    read_charset(r, charset);
    if (!charset[0] || strcasecmp(charset, "utf-8") == 0)
        return utf8(r->body);
    text = PyUnicode_Decode(r->body.p ? r->body.p : "", (Py_ssize_t)r->body.n, charset, "replace");
    if (text || !PyErr_ExceptionMatches(PyExc_LookupError))
        return text;
    PyErr_Clear(); /* of a name that nobody knows */
    return utf8(r->body);
}

static PyObject *get_text(PyObject *self, void *closure UNUSED)
{
    struct py_response *o = (struct py_response *)self;

    if (!o->text) {
        struct http_response *r = alive(self);

        o->text = r ? decode_body(r) : NULL;
    }
    return Py_XNewRef(o->text);
}

static PyObject *get_elapsed(PyObject *self, void *closure UNUSED)
{
    struct http_response *r = alive(self);

    return r ? PyFloat_FromDouble((double)r->timings.duration / 1e6) : NULL;
}

static PyObject *get_error(PyObject *self, void *closure UNUSED)
{
    struct http_response *r = alive(self);

    return r ? utf8(r->error) : NULL;
}

static PyObject *get_error_code(PyObject *self, void *closure UNUSED)
{
    struct http_response *r = alive(self);

    return r ? PyLong_FromLong(r->error_code) : NULL;
}

static PyObject *get_version(PyObject *self, void *closure UNUSED)
{
    struct http_response *r = alive(self);

    return r ? PyUnicode_FromString(http_version_name(r->version)) : NULL;
}

static PyObject *get_open(PyObject *self, void *closure UNUSED)
{
    return PyBool_FromLong(((struct py_response *)self)->is_open);
}

static PyObject *get_method(PyObject *self, void *closure UNUSED)
{
    PyObject *method = ((struct py_response *)self)->method;

    return Py_NewRef(method ? method : Py_None);
}

static PyObject *get_name(PyObject *self, void *closure UNUSED)
{
    PyObject *name = ((struct py_response *)self)->name;

    return Py_NewRef(name ? name : Py_None);
}

static PyObject *get_headers(PyObject *self, void *closure UNUSED)
{
    PyObject *headers = ((struct py_response *)self)->headers;

    return Py_NewRef(headers ? headers : Py_None);
}

static int set_headers(PyObject *self, PyObject *value, void *closure UNUSED)
{
    struct py_response *o = (struct py_response *)self;

    Py_XINCREF(value);
    Py_XSETREF(o->headers, value);
    return 0;
}

static PyObject *get_hops(PyObject *self, void *closure UNUSED)
{
    struct http_response *r = alive(self);

    return r ? utf8(r->hops) : NULL;
}

/* sent() -> (request line and headers, body), as bytes, of the first round trip */
static PyObject *sent(PyObject *self, PyObject *none UNUSED)
{
    struct http_response *r = alive(self);

    if (!r)
        return NULL;
    return Py_BuildValue("(y#y#)", r->request_head.p ? r->request_head.p : "",
                         (Py_ssize_t)r->request_head.n, r->request_body.p ? r->request_body.p : "",
                         (Py_ssize_t)r->request_body.n);
}

/* header_items() -> [(name, value)], as received */
static PyObject *header_items(PyObject *self, PyObject *none UNUSED)
{
    struct http_response *r = alive(self);
    PyObject *list = r ? PyList_New((Py_ssize_t)r->n_headers) : NULL;

    for (size_t i = 0; list && i < r->n_headers; i++) {
        PyObject *pair =
            Py_BuildValue("(NN)", latin1(r->headers[i].name), latin1(r->headers[i].value));

        if (!pair)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, (Py_ssize_t)i, pair);
    }
    return list;
}

/* timings() -> {part: milliseconds} */
static PyObject *timings(PyObject *self, PyObject *none UNUSED)
{
    struct http_response *r = alive(self);
    const struct http_timings *t = r ? &r->timings : NULL;

    return t ? Py_BuildValue("{sdsdsdsdsdsdsd}", "blocked", (double)t->blocked / 1e6, "connecting",
                             (double)t->connecting / 1e6, "tls_handshaking",
                             (double)t->tls_handshaking / 1e6, "sending", (double)t->sending / 1e6,
                             "waiting", (double)t->waiting / 1e6, "receiving",
                             (double)t->receiving / 1e6, "duration", (double)t->duration / 1e6)
             : NULL;
}

static PyObject *response_repr(PyObject *self)
{
    struct py_response *o = (struct py_response *)self;

    if (!o->r)
        return PyUnicode_FromString("<Response of a run that is over>");
    return PyUnicode_FromFormat("<Response [%d]>", o->r->status);
}

static PyGetSetDef fields[] = {
    {"status_code", get_status, NULL, "0 when there was no response", NULL},
    {"reason", get_reason, NULL, NULL, NULL},
    {"url", get_url, NULL, "the last one, after redirects", NULL},
    {"content", get_content, NULL, "the decoded body as bytes", NULL},
    {"text", get_text, NULL, "the body by its charset; utf-8 where none is given", NULL},
    {"elapsed_ms", get_elapsed, NULL, "of the last round trip, sending to last byte", NULL},
    {"error", get_error, NULL, "why there was no response, or an empty text", NULL},
    {"error_text", get_error, NULL, "the same, for classes that call something else error", NULL},
    {"error_code", get_error_code, NULL, NULL, NULL},
    {"http_version", get_version, NULL, NULL, NULL},
    {"method", get_method, NULL, NULL, NULL},
    {"name", get_name, NULL, "as given with the request, or None", NULL},
    {"_headers", get_headers, set_headers, "a place for a mapping made of header_items()", NULL},
    {"hops", get_hops, NULL, "redirects that were followed: lines of status and URL", NULL},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {"is_open", get_open, NULL, "whether nobody has judged it yet", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef methods[] = {
    {"header_items", header_items, METH_NOARGS, NULL},
    {"sent", sent, METH_NOARGS, NULL},
    {"timings", timings, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

PyTypeObject py_response_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "_brunt.Response",
    .tp_basicsize = sizeof(struct py_response),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = response_dealloc,
    .tp_repr = response_repr,
    .tp_dictoffset = offsetof(struct py_response, attributes),
    .tp_getset = fields,
    .tp_methods = methods,
};
