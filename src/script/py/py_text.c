/* Views of Python's texts, as the files of the plug-in need them. */
#include "script/py/py_priv.h"

enum {
    ERROR_BYTES_MAX = 200, /* texts of exceptions may be long */
};

int py_text_of(PyObject *o, const char *what, struct str *ret_text)
{
    Py_ssize_t n;
    const char *p;

    if (unlikely(!PyUnicode_Check(o))) {
        PyErr_Format(PyExc_TypeError, "%s must be a str, not %.100s", what, Py_TYPE(o)->tp_name);
        return -1;
    }
    p = PyUnicode_AsUTF8AndSize(o, &n);
    if (!p)
        return -1;
    *ret_text = str_from(p, (size_t)n);
    return 0;
}

struct str py_text_or_empty(PyObject *o)
{
    struct str text;

    if (o && PyUnicode_Check(o) && py_text_of(o, "", &text) == 0)
        return text;
    PyErr_Clear();
    return STR("");
}

static bool is_within_character(struct str text, size_t at)
{
    return ((unsigned char)text.p[at] & 0xc0) == 0x80;
}

struct str py_error_tag(struct str text)
{
    size_t n = ERROR_BYTES_MAX;

    if (text.n <= n)
        return text;
    while (n && is_within_character(text, n))
        n--;
    return str_from(text.p, n);
}
