/*
 * The jar of the running user, which the engine keeps:
 *
 *     cookies(url) -> [(name, value), ...]      those that would be sent there
 *     set_cookie(url, line)                     as a Set-Cookie header of a response from there
 *     forget_cookies(url or None, name or None) those that would be sent there; without a URL, all
 */
#include "proto/cookie.h"
#include "proto/http.h"
#include "script/py/py_priv.h"

static void add_pair(void *arg, struct str name, struct str value)
{
    PyObject *list = arg;
    PyObject *pair = PyErr_Occurred() ? NULL
                                      : Py_BuildValue("(s#s#)", name.p, (Py_ssize_t)name.n,
                                                      value.p ? value.p : "", (Py_ssize_t)value.n);

    if (pair && PyList_Append(list, pair) < 0)
        PyErr_Clear();
    PyErr_Clear(); /* a value that is no text is left out */
    Py_XDECREF(pair);
}

/* The URL, borrowed from the loop until the next call; NULL with an exception set. */
static const struct url *url_of(struct py_vu *vu, PyObject *text)
{
    struct http_request req = {0};

    return py_set_url(vu, &req, text) < 0 ? NULL : req.url;
}

PyObject *py_cookies(PyObject *module UNUSED, PyObject *url)
{
    struct py_vu *vu = py_running("the cookies of a client");
    const struct url *u = vu ? url_of(vu, url) : NULL;
    PyObject *list = u ? PyList_New(0) : NULL;

    if (list)
        cookie_jar_each(vu->host->jar, u, clock_wall(), add_pair, list);
    return list;
}

PyObject *py_set_cookie(PyObject *module UNUSED, PyObject *const *args, Py_ssize_t n_args)
{
    struct py_vu *vu = py_running("the cookies of a client");
    const struct url *u;
    struct str line;

    if (!vu)
        return NULL;
    if (n_args != 2) {
        PyErr_SetString(PyExc_TypeError, "set_cookie() takes a URL and a text");
        return NULL;
    }
    u = url_of(vu, args[0]);
    if (!u || py_text_of(args[1], "a cookie", &line) < 0)
        return NULL;
    cookie_jar_store_header(vu->host->jar, u, line, clock_wall());
    Py_RETURN_NONE;
}

PyObject *py_forget_cookies(PyObject *module UNUSED, PyObject *const *args, Py_ssize_t n_args)
{
    struct py_vu *vu = py_running("the cookies of a client");
    struct str name = {0};

    if (!vu)
        return NULL;
    if (n_args != 2) {
        PyErr_SetString(PyExc_TypeError, "forget_cookies() takes a URL and a name");
        return NULL;
    }
    if (args[0] == Py_None) {
        cookie_jar_clear(vu->host->jar);
        Py_RETURN_NONE;
    }
    const struct url *u = url_of(vu, args[0]);

    if (!u || (args[1] != Py_None && py_text_of(args[1], "the name of a cookie", &name) < 0))
        return NULL;
    cookie_jar_delete(vu->host->jar, u, name, clock_wall());
    Py_RETURN_NONE;
}
