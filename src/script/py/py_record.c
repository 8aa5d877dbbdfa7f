/*
 * record(method, name, ms, bytes, failed, error): what a script has measured itself, of whatever
 * protocol, as the samples of a request: http_reqs, http_req_duration, http_req_failed,
 * data_received, tagged method and name (and error). ms None: it has no duration.
 */
#include <math.h>

#include "metric/metric.h"
#include "metric/systag.h"
#include "metric/tagset.h"
#include "plan/options.h"
#include "script/py/py_priv.h"

struct record {
    struct str method, name, error;
    double ms, bytes;
    int failed;
};

static int read_record(PyObject *const *args, struct record *r)
{
    if (py_text_of(args[0], "the method given to record()", &r->method) < 0 ||
        py_text_of(args[1], "the name given to record()", &r->name) < 0 ||
        py_text_of(args[5], "the error given to record()", &r->error) < 0)
        return -1;
    r->ms = args[2] == Py_None ? NAN : PyFloat_AsDouble(args[2]);
    r->bytes = PyFloat_AsDouble(args[3]);
    r->failed = PyObject_IsTrue(args[4]);
    r->error = py_error_tag(r->error);
    return PyErr_Occurred() ? -1 : 0;
}

static const struct tagset *tags_of(const struct py_vu *vu, const struct record *r)
{
    uint32_t wanted = vu->host->options ? vu->host->options->system_tags : systag_default;
    struct tag tags[3];
    size_t n = 0;

    if (wanted & SYSTAG_METHOD)
        tags[n++] = (struct tag){STR("method"), r->method};
    if (wanted & SYSTAG_NAME)
        tags[n++] = (struct tag){STR("name"), r->name};
    if (r->failed && r->error.n && wanted & SYSTAG_ERROR)
        tags[n++] = (struct tag){STR("error"), r->error};
    return py_calls->tagset_merge(vu->host->tag_pool, vu->host->tags, tags, n);
}

PyObject *py_record(PyObject *module UNUSED, PyObject *const *args, Py_ssize_t n_args)
{
    struct py_vu *vu = py_running("record()");
    struct record r;

    if (!vu)
        return NULL;
    if (n_args != 6) {
        PyErr_SetString(PyExc_TypeError, "record() takes 6 arguments");
        return NULL;
    }
    if (read_record(args, &r) < 0)
        return NULL;
    const struct script_host_ops *ops = vu->host->ops;
    const struct tagset *tags = tags_of(vu, &r);

    ops->sample(vu->host, M_HTTP_REQS, tags, 1);
    if (isfinite(r.ms) && r.ms >= 0)
        ops->sample(vu->host, M_HTTP_REQ_DURATION, tags, r.ms);
    ops->sample(vu->host, M_HTTP_REQ_FAILED, tags, r.failed);
    if (r.bytes > 0 && isfinite(r.bytes))
        ops->sample(vu->host, M_DATA_RECEIVED, tags, r.bytes);
    Py_RETURN_NONE;
}
