/*
 * The module _brunt: what the packages under py/ are made of; py/README.md describes it. Functions
 * without keywords, for they are called once per request.
 */
#include "base/mem.h"
#include "metric/metric.h"
#include "metric/tagset.h"
#include "script/py/py_priv.h"

PyObject *py_interrupted, *py_plain_sleep;

/* judge(response or None, failed[, error]): `error` is the text of a failure. */
static PyObject *judge(PyObject *module UNUSED, PyObject *const *args, Py_ssize_t n_args)
{
    struct py_vu *vu = py_running("judge()");
    struct str error = STR("");
    int failed;

    if (!vu)
        return NULL;
    failed = n_args == 2 || n_args == 3 ? PyObject_IsTrue(args[1]) : -1;
    if (failed < 0 || (args[0] != Py_None && !PyObject_TypeCheck(args[0], &py_response_type))) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError,
                            "judge() takes a response or None, and whether it failed");
        return NULL;
    }
    if (n_args == 3)
        error = py_text_or_empty(args[2]);
    if (args[0] == Py_None)
        py_settle(vu, failed);
    else
        py_judge(vu, (struct py_response *)args[0], failed, error);
    Py_RETURN_NONE;
}

/* In a user it suspends; elsewhere it is what it replaces, time.sleep. */
static PyObject *sleep_for(PyObject *module UNUSED, PyObject *arg)
{
    struct py_vu *vu = py_current;
    double seconds;

    if (!vu)
        return PyObject_CallOneArg(py_plain_sleep, arg);
    seconds = PyFloat_AsDouble(arg);
    if (seconds == -1 && PyErr_Occurred())
        return NULL;
    if (seconds < 0) {
        PyErr_SetString(PyExc_ValueError, "sleep length must be non-negative");
        return NULL;
    }
    if (py_sleep(vu, seconds) < 0)
        return NULL;
    Py_RETURN_NONE;
}

/* rest(seconds): the same between two tasks; gives True when the user is to go. */
static PyObject *rest_for(PyObject *module UNUSED, PyObject *arg)
{
    struct py_vu *vu = py_running("rest()");
    double seconds;

    if (!vu)
        return NULL;
    seconds = PyFloat_AsDouble(arg);
    if (seconds == -1 && PyErr_Occurred())
        return NULL;
    int r = py_rest(vu, seconds > 0 ? seconds : 0);

    return r < 0 ? NULL : PyBool_FromLong(r);
}

static PyObject *now(PyObject *module UNUSED, PyObject *none UNUSED)
{
    struct py_vu *vu = py_current;
    mono_ns t = vu ? vu->host->ops->now(vu->host) : clock_mono();

    return PyFloat_FromDouble((double)t / 1e9);
}

static PyObject *log_line(PyObject *module UNUSED, PyObject *const *args, Py_ssize_t n_args)
{
    struct py_vu *vu = py_running("log()");
    long level = n_args == 2 ? PyLong_AsLong(args[0]) : -1;
    Py_ssize_t n;
    const char *p;

    if (!vu)
        return NULL;
    if (level < SCRIPT_LOG_DEBUG || level > SCRIPT_LOG_ERROR || !PyUnicode_Check(args[1])) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "log() takes a level from 0 to 3 and a text");
        return NULL;
    }
    p = PyUnicode_AsUTF8AndSize(args[1], &n);
    if (!p)
        return NULL;
    vu->host->ops->log(vu->host, (enum script_log_level)level, SCRIPT_LOG_ENGINE,
                       str_from(p, (size_t)n));
    Py_RETURN_NONE;
}

static PyObject *check(PyObject *module UNUSED, PyObject *const *args, Py_ssize_t n_args)
{
    struct py_vu *vu = py_running("check()");
    int passed;
    Py_ssize_t n;
    const char *p;

    if (!vu)
        return NULL;
    if (n_args != 2 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "check() takes a name and whether it passed");
        return NULL;
    }
    passed = PyObject_IsTrue(args[1]);
    p = PyUnicode_AsUTF8AndSize(args[0], &n);
    if (passed < 0 || !p)
        return NULL;
    vu->host->ops->check(vu->host, str_from(p, (size_t)n), vu->host->tags, passed);
    Py_RETURN_NONE;
}

/*
 * fail(name): a failure without a request, such as an exception before the first; else a test whose
 * every call fails early would pass for one without failures.
 */
static PyObject *fail_alone(PyObject *module UNUSED, PyObject *name)
{
    struct py_vu *vu = py_running("fail()");
    Py_ssize_t n;
    const char *p;

    if (!vu)
        return NULL;
    p = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, &n) : NULL;
    if (!p) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "fail() takes a name");
        return NULL;
    }
    struct script_host *h = vu->host;

    h->ops->sample(h, M_HTTP_REQ_FAILED,
                   tagset_add(h->tag_pool, h->tags, STR("name"), str_from(p, (size_t)n)), 1);
    Py_RETURN_NONE;
}

/* Empty for None; -1 with an exception set for what is no text. */
static int view(PyObject *o, struct str *ret)
{
    Py_ssize_t n;
    const char *p;

    *ret = STR("");
    if (o == Py_None)
        return 0;
    if (!PyUnicode_Check(o)) {
        PyErr_SetString(PyExc_TypeError, "note() takes a number and texts");
        return -1;
    }
    p = PyUnicode_AsUTF8AndSize(o, &n);
    if (!p)
        return -1;
    *ret = str_from(p, (size_t)n);
    return 0;
}

/*
 * note(number, line) counts another exception like the one of that number, note(0, line, kind,
 * message, place, stack) one that is not known yet; a line that is not None is logged. Gives the
 * number, or 0 when it is not known and nothing was counted.
 */
static PyObject *note(PyObject *module UNUSED, PyObject *const *args, Py_ssize_t n_args)
{
    struct py_vu *vu = py_running("note()");
    struct script_exception e = {0};
    struct str *const texts[] = {&e.line, &e.kind, &e.message, &e.place, &e.stack};

    if (!vu)
        return NULL;
    if (n_args != 2 && n_args != 1 + (Py_ssize_t)countof(texts)) {
        PyErr_SetString(PyExc_TypeError, "note() takes 2 or 6 arguments");
        return NULL;
    }
    e.number = PyLong_AsUnsignedLongLong(args[0]);
    if (PyErr_Occurred())
        return NULL;
    for (Py_ssize_t i = 1; i < n_args; i++) {
        if (view(args[i], texts[i - 1]) < 0)
            return NULL;
    }
    return PyLong_FromUnsignedLongLong(vu->host->ops->exception(vu->host, &e));
}

/* exception(e): told and counted as if it had ended the call, which goes on. */
static PyObject *tell_exception(PyObject *module UNUSED, PyObject *e)
{
    struct py_vu *vu = py_running("exception()");

    if (!vu)
        return NULL;
    if (!PyExceptionInstance_Check(e)) {
        PyErr_SetString(PyExc_TypeError, "exception() takes an exception");
        return NULL;
    }
    PyErr_SetObject((PyObject *)Py_TYPE(e), e);
    py_tell_exception(vu);
    Py_RETURN_NONE;
}

/* stop(reason): the test ends; the caller goes on until its call is over. */
static PyObject *stop(PyObject *module UNUSED, PyObject *reason)
{
    struct py_vu *vu = py_running("stop()");
    Py_ssize_t n;
    const char *p = vu && PyUnicode_Check(reason) ? PyUnicode_AsUTF8AndSize(reason, &n) : NULL;

    if (!p) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "stop() takes a text");
        return NULL;
    }
    vu->host->ops->abort(vu->host, str_from(p, (size_t)n));
    Py_RETURN_NONE;
}

/*
 * end(reason): the test has come to its end; users finish what they do. On a thread without a user
 * the run hears of it within a second.
 */
static PyObject *end(PyObject *module UNUSED, PyObject *reason)
{
    struct py_vu *vu = py_current;
    Py_ssize_t n;
    const char *p = PyUnicode_Check(reason) ? PyUnicode_AsUTF8AndSize(reason, &n) : NULL;

    if (!p) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "end() takes a text");
        return NULL;
    }
    if (vu)
        vu->host->ops->end(vu->host, str_from(p, (size_t)n));
    else if (py_talk)
        atomic_store(&py_talk->is_over, true);
    Py_RETURN_NONE;
}

/* want(n): from now on the run is to have n users; it hears of it within a second. */
static PyObject *want(PyObject *module UNUSED, PyObject *arg)
{
    long n = PyLong_AsLong(arg);

    if (n < 0) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "there can't be fewer users than none");
        return NULL;
    }
    if (py_talk)
        atomic_store(&py_talk->wanted, (uint64_t)n + 1);
    Py_RETURN_NONE;
}

/* run() -> (users as of the last second, whether they have begun, whether they are being stopped)
 */
static PyObject *run(PyObject *module UNUSED, PyObject *none UNUSED)
{
    uint64_t n = py_talk ? atomic_load(&py_talk->n_users) : 0;
    bool has_begun = py_talk && atomic_load(&py_talk->has_begun);
    bool is_ending = py_talk && atomic_load(&py_talk->is_ending);

    return Py_BuildValue("(KOO)", (unsigned long long)n, has_begun ? Py_True : Py_False,
                         is_ending ? Py_True : Py_False);
}

/* user() -> (number, iteration) of the running user, or None */
static PyObject *user(PyObject *module UNUSED, PyObject *none UNUSED)
{
    struct py_vu *vu = py_current;

    if (!vu)
        Py_RETURN_NONE;
    return Py_BuildValue("(KL)", (unsigned long long)vu->host->vu_id_in_test,
                         (long long)vu->host->iteration);
}

/* ---- on threads that run no user ---- */

/* Whoever the thread works for makes the call; brunt_script.helpers knows who that is. */
static COLD PyObject *route(const char *name, PyObject *const *args, Py_ssize_t n_args)
{
    PyObject *list = PyTuple_New(n_args), *text = PyUnicode_FromString(name), *result = NULL;

    for (Py_ssize_t i = 0; list && i < n_args; i++)
        PyTuple_SET_ITEM(list, i, Py_NewRef(args[i]));
    if (list && text && py_names.route)
        result = PyObject_CallFunctionObjArgs(py_names.route, text, list, NULL);
    Py_XDECREF(text);
    Py_XDECREF(list);
    return result;
}

typedef PyObject *(many_fn)(PyObject *module, PyObject *const *args, Py_ssize_t n_args);

/* Defines the function of the module that goes to `fn` in a user, and is routed elsewhere. */
#define ROUTED(name_, fn_)                                                                      \
    static PyObject *routed_##name_(PyObject *module, PyObject *const *args, Py_ssize_t n_args) \
    {                                                                                           \
        static many_fn *const fn = fn_;                                                         \
                                                                                                \
        return likely(py_current != NULL) ? fn(module, args, n_args)                            \
                                          : route(#name_, args, n_args);                        \
    }
#define ROUTED_ONE(name_, fn_)                                                         \
    static PyObject *routed_##name_(PyObject *module, PyObject *arg)                   \
    {                                                                                  \
        return likely(py_current != NULL) ? fn_(module, arg) : route(#name_, &arg, 1); \
    }

ROUTED(request, py_request)
ROUTED(batch, py_batch)
ROUTED(record, py_record)
ROUTED(judge, judge)
ROUTED(log, log_line)
ROUTED(check, check)
ROUTED(set_cookie, py_set_cookie)
ROUTED(forget_cookies, py_forget_cookies)
ROUTED(note, note)
ROUTED_ONE(cookies, py_cookies)
ROUTED_ONE(stop, stop)
ROUTED_ONE(fail, fail_alone)
ROUTED_ONE(exception, tell_exception)

static PyMethodDef functions[] = {
    {"request", (PyCFunction)(void (*)(void))routed_request, METH_FASTCALL, NULL},
    {"batch", (PyCFunction)(void (*)(void))routed_batch, METH_FASTCALL, NULL},
    {"record", (PyCFunction)(void (*)(void))routed_record, METH_FASTCALL, NULL},
    {"stop", routed_stop, METH_O, NULL},
    {"judge", (PyCFunction)(void (*)(void))routed_judge, METH_FASTCALL, NULL},
    {"sleep", sleep_for, METH_O, NULL},
    {"rest", rest_for, METH_O, NULL},
    {"end", end, METH_O, NULL},
    {"want", want, METH_O, NULL},
    {"run", run, METH_NOARGS, NULL},
    {"now", now, METH_NOARGS, NULL},
    {"log", (PyCFunction)(void (*)(void))routed_log, METH_FASTCALL, NULL},
    {"check", (PyCFunction)(void (*)(void))routed_check, METH_FASTCALL, NULL},
    {"fail", routed_fail, METH_O, NULL},
    {"exception", routed_exception, METH_O, NULL},
    {"cookies", routed_cookies, METH_O, NULL},
    {"set_cookie", (PyCFunction)(void (*)(void))routed_set_cookie, METH_FASTCALL, NULL},
    {"forget_cookies", (PyCFunction)(void (*)(void))routed_forget_cookies, METH_FASTCALL, NULL},
    {"note", (PyCFunction)(void (*)(void))routed_note, METH_FASTCALL, NULL},
    {"user", user, METH_NOARGS, NULL},
    {"spawn", py_spawn, METH_O, NULL},
    {"strand", py_strand_self, METH_NOARGS, NULL},
    {"park", py_park, METH_O, NULL},
    {"wait_fd", (PyCFunction)(void (*)(void))py_wait_fd, METH_FASTCALL, NULL},
    {"call", py_call, METH_O, NULL},
    {"waited", py_waited, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_brunt",
    .m_size = -1,
    .m_methods = functions,
};

/* Takes time.sleep's place, keeping the plain one. */
static int replace_sleep(PyObject *module)
{
    PyObject *time = PyImport_ImportModule("time");
    PyObject *ours = PyObject_GetAttrString(module, "sleep");
    int r = -1;

    if (time && ours)
        py_plain_sleep = PyObject_GetAttrString(time, "sleep");
    if (py_plain_sleep)
        r = PyObject_SetAttrString(time, "sleep", ours);
    Py_XDECREF(ours);
    Py_XDECREF(time);
    return r;
}

static int add(PyObject *module, const char *name, PyObject *o)
{
    return o ? PyModule_AddObjectRef(module, name, o) : -1;
}

PyObject *py_module_init(void)
{
    PyObject *module = PyModule_Create(&definition);

    py_headers_type.tp_base = &PyDict_Type;
    if (!module || PyType_Ready(&py_response_type) < 0 || PyType_Ready(&py_headers_type) < 0 ||
        py_session_ready() < 0 || py_strand_ready() < 0)
        return NULL;
    py_interrupted = PyErr_NewExceptionWithDoc("_brunt.Interrupted",
                                               "The run is over for this user; not to be caught.",
                                               PyExc_BaseException, NULL);
    if (add(module, "Interrupted", py_interrupted) < 0 ||
        add(module, "Response", (PyObject *)&py_response_type) < 0 ||
        add(module, "HeaderBlock", (PyObject *)&py_headers_type) < 0 ||
        add(module, "Session", (PyObject *)&py_session_type) < 0 || replace_sleep(module) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
