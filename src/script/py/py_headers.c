/*
 * Headers from Python: names and values of a dict as they go out, and HeaderBlock, a dict that
 * remembers what it comes to. A session's headers are the same at nearly every request; looking at
 * each again would cost more than sending them. Classes that derive from it call changed() with
 * every change.
 *
 * What a request borrows from a block stays alive by a reference to the block, whatever becomes of
 * the dict while the user is suspended. References are counted under the interpreter's lock.
 */
#include "base/mem.h"
#include "proto/http.h"
#include "script/py/py_priv.h"

enum {
    HEADERS_MAX = 1000,
};

/* ---- from a dict ---- */

/* Of a type whose str() runs no code of the script's, which could send a request in between. */
static bool is_number(PyObject *o)
{
    return PyLong_CheckExact(o) || PyFloat_CheckExact(o) || PyBool_Check(o);
}

/* Bytes, text or a number as they go out; copied. */
static int wire_text(struct arena *arena, PyObject *o, const char *what, struct str *ret_text)
{
    struct str s;

    if (is_number(o)) {
        PyObject *text = PyObject_Str(o);
        int r = text ? wire_text(arena, text, what, ret_text) : -1;

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
    *ret_text = arena_str(arena, s);
    return 0;
}

static int add_header(struct arena *arena, struct http_header *headers, size_t *n, PyObject *key,
                      PyObject *value)
{
    struct http_header h;

    if (wire_text(arena, key, "the name of a header", &h.name) < 0 ||
        wire_text(arena, value, "the value of a header", &h.value) < 0)
        return -1;
    if (h.name.n == 0) {
        PyErr_SetString(PyExc_ValueError, "the name of a header is empty");
        return -1;
    }
    /* The client's to say. */
    if (!str_eq_nocase(h.name, STR("content-length")))
        headers[(*n)++] = h;
    return 0;
}

int py_headers_read(struct arena *arena, PyObject *dict, const struct http_header **ret_headers,
                    size_t *ret_n)
{
    struct http_header *headers;
    PyObject *key, *value;
    Py_ssize_t at = 0;
    size_t n = 0;

    if (!PyDict_Check(dict) || PyDict_GET_SIZE(dict) > HEADERS_MAX) {
        PyErr_Format(PyExc_TypeError, "headers must be a dict of at most %d entries", HEADERS_MAX);
        return -1;
    }
    headers = arena_new_n(arena, struct http_header, (size_t)PyDict_GET_SIZE(dict) + 1);
    while (PyDict_Next(dict, &at, &key, &value)) {
        if (value != Py_None && add_header(arena, headers, &n, key, value) < 0)
            return -1;
    }
    *ret_headers = headers;
    *ret_n = n;
    return 0;
}

/* ---- a dict that remembers ---- */

struct py_headers {
    PyDictObject dict;      /* first */
    struct py_block *block; /* NULL: to be made */
};

void py_block_unref(struct py_block *b)
{
    if (!b || --b->n_refs)
        return;
    arena_fini(&b->arena);
    free(b);
}

static struct py_block *make_block(PyObject *dict)
{
    struct py_block *b = xnew(struct py_block);

    b->n_refs = 1;
    b->arena.block_bytes = 512;
    if (py_headers_read(&b->arena, dict, &b->headers, &b->n) < 0) {
        py_block_unref(b);
        return NULL;
    }
    return b;
}

struct py_block *py_block_ref(PyObject *o)
{
    struct py_headers *h = (struct py_headers *)o;

    if (unlikely(!h->block))
        h->block = make_block(o);
    if (h->block)
        h->block->n_refs++;
    return h->block;
}

static PyObject *changed(PyObject *self, PyObject *none UNUSED)
{
    struct py_headers *h = (struct py_headers *)self;

    py_block_unref(h->block);
    h->block = NULL;
    Py_RETURN_NONE;
}

static void headers_dealloc(PyObject *self)
{
    py_block_unref(((struct py_headers *)self)->block);
    PyDict_Type.tp_dealloc(self);
}

static PyMethodDef methods[] = {
    {"changed", changed, METH_NOARGS, "what goes out is to be made anew"},
    {NULL, NULL, 0, NULL},
};

PyTypeObject py_headers_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "_brunt.HeaderBlock",
    .tp_basicsize = sizeof(struct py_headers),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_dealloc = headers_dealloc,
    .tp_methods = methods,
};
