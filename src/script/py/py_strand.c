/*
 * Strands: what a user does beside its iterations, each on a coroutine of its own (greenlets, in
 * the words of gevent). To the rest of the plug-in a strand is a struct py_vu that shares script,
 * loop, host and deadline with its root, and has its own thread state, arena and open response.
 *
 * park() and wake() are all that waiting for one another needs. Who may be woken is known by a
 * small counted record, the parking, that outlives user and loop: helper threads hold it while they
 * work for a user who may not wait for them any more. A wake that comes early is kept for the next
 * park.
 */
#include <math.h>

#include "base/mem.h"
#include "metric/metric.h"
#include "script/py/py_priv.h"

struct py_parking {
    _Atomic unsigned refs;
    struct py_vu *vu;   /* NULL: it has ended; written by the loop's thread with Python's lock */
    struct coro *coro;  /* the loop's thread; NULL: not started */
    bool is_parked;     /* the loop's thread: it is in park() */
    _Atomic bool woken; /* and park() has not seen it */
};

/* The object of the module: _brunt.Strand. */
struct py_strand {
    PyObject_HEAD struct py_parking *parking;
};

static PyTypeObject strand_type;

static void parking_unref(struct py_parking *p)
{
    if (p && atomic_fetch_sub(&p->refs, 1) == 1)
        free(p);
}

static struct py_parking *parking_ref(struct py_parking *p)
{
    atomic_fetch_add(&p->refs, 1);
    return p;
}

static struct py_parking *parking_of(struct py_vu *vu)
{
    if (!vu->parking) {
        vu->parking = xnew(struct py_parking);
        vu->parking->refs = 1;
        vu->parking->vu = vu;
    }
    return vu->parking;
}

void py_parking_close(struct py_vu *vu)
{
    if (!vu->parking)
        return;
    vu->parking->vu = NULL;
    vu->parking->is_parked = false;
    parking_unref(vu->parking);
    vu->parking = NULL;
}

/* A new reference to the object of a user or strand. */
static PyObject *strand_object(struct py_vu *vu)
{
    struct py_strand *s = PyObject_New(struct py_strand, &strand_type);

    if (s)
        s->parking = parking_ref(parking_of(vu));
    return (PyObject *)s;
}

static void strand_dealloc(PyObject *self)
{
    parking_unref(((struct py_strand *)(void *)self)->parking);
    PyObject_Free(self);
}

/* ---- waiting and waking ---- */

static void wake_here(struct py_parking *p)
{
    if (p->vu && p->is_parked && atomic_load(&p->woken))
        p->vu->host->ops->wake(p->vu->host, p->coro);
}

/* On the loop, without Python's lock. */
static void wake_posted(void *arg)
{
    struct py_parking *p = arg;

    wake_here(p);
    parking_unref(p);
}

static bool on_own_loop(const struct py_vu *vu)
{
    return vu->loop->is_bound && pthread_equal(vu->loop->thread, pthread_self());
}

/* wake(): its park() ends, or its next one does at once. From any thread. */
static PyObject *strand_wake(PyObject *self, PyObject *none UNUSED)
{
    struct py_parking *p = ((struct py_strand *)(void *)self)->parking;

    if (!p->vu)
        Py_RETURN_NONE;
    bool was_woken = atomic_exchange(&p->woken, true);

    if (on_own_loop(p->vu))
        wake_here(p);
    else if (!was_woken)
        p->vu->host->ops->post(p->vu->host, wake_posted, parking_ref(p));
    Py_RETURN_NONE;
}

/* Seconds or None as an instant of the host's clock; -1 with an exception set. */
static mono_ns due_of(struct py_vu *vu, PyObject *o)
{
    double seconds = o == Py_None ? 9e9 : PyFloat_AsDouble(o);
    mono_ns now;

    if (seconds == -1 && PyErr_Occurred())
        return -1;
    if (!(seconds < 9e9))
        return 0;
    now = vu->host->ops->now(vu->host);
    return now + (seconds > 0 ? (span_ns)(seconds * 1e9) : 0);
}

static int park_until(struct py_vu *vu, struct py_parking *p, mono_ns due)
{
    p->coro = vu->host->ops->strand(vu->host);
    p->is_parked = true;
    py_out(vu);
    int r = vu->host->ops->park(vu->host, due);

    py_in(vu);
    p->is_parked = false;
    return r;
}

PyObject *py_park(PyObject *module UNUSED, PyObject *seconds)
{
    struct py_vu *vu = py_running("park()");
    struct py_parking *p;
    mono_ns due;
    int r = 0;

    if (!vu || (due = due_of(vu, seconds)) < 0)
        return NULL;
    p = parking_of(vu);
    if (!atomic_load(&p->woken))
        r = park_until(vu, p, due);
    if (py_resumed(vu, r == SCRIPT_E_TIMEOUT ? 0 : r) < 0)
        return NULL;
    return PyBool_FromLong(atomic_exchange(&p->woken, false));
}

/* wait_fd(descriptor, whether to write, seconds or None): False: the time is up. */
PyObject *py_wait_fd(PyObject *module UNUSED, PyObject *const *args, Py_ssize_t n_args)
{
    struct py_vu *vu = py_running("wait_fd()");
    int fd = -1, writes = 0;
    mono_ns due = 0;

    if (!vu)
        return NULL;
    if (n_args != 3 || !vu->host->ops->wait_fd) {
        PyErr_SetString(PyExc_TypeError, "wait_fd() takes 3 arguments, and a host that has it");
        return NULL;
    }
    fd = PyObject_AsFileDescriptor(args[0]);
    writes = PyObject_IsTrue(args[1]);
    if (fd < 0 || writes < 0 || (due = due_of(vu, args[2])) < 0)
        return NULL;
    py_out(vu);
    int r = vu->host->ops->wait_fd(vu->host, fd, writes ? SCRIPT_FD_WRITE : SCRIPT_FD_READ, due);

    py_in(vu);
    if (r < 0) {
        PyErr_SetString(PyExc_OSError, fault_text());
        return NULL;
    }
    if (py_resumed(vu, r == SCRIPT_E_TIMEOUT ? 0 : r) < 0)
        return NULL;
    return PyBool_FromLong(r == 0);
}

/* ---- exceptions from one to another ---- */

/* throw(exception): raised in the strand by what it waits for, now or next. False: too late. */
static PyObject *strand_throw(PyObject *self, PyObject *exception)
{
    struct py_parking *p = ((struct py_strand *)(void *)self)->parking;
    struct py_vu *vu = p->vu;

    if (!PyExceptionInstance_Check(exception)) {
        PyErr_SetString(PyExc_TypeError, "throw() takes an exception");
        return NULL;
    }
    if (!vu || !vu->is_inside || !on_own_loop(vu))
        Py_RETURN_FALSE;
    if (vu == py_current) {
        PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
        return NULL;
    }
    Py_XSETREF(vu->pending, Py_NewRef(exception));
    if (p->coro)
        vu->host->ops->disturb(vu->host, p->coro);
    Py_RETURN_TRUE;
}

void py_forget_pending(struct py_vu *vu)
{
    Py_CLEAR(vu->pending);
    if (vu->host->ops->settle)
        vu->host->ops->settle(vu->host);
}

/* forgive(exception): the running strand is not to get it any more. */
static PyObject *strand_forgive(PyObject *self, PyObject *exception)
{
    struct py_vu *vu = ((struct py_strand *)(void *)self)->parking->vu;

    if (vu && vu == py_current && vu->pending == exception)
        py_forget_pending(vu);
    Py_RETURN_NONE;
}

/* ---- their lives ---- */

static void strand_main(void *arg)
{
    struct py_vu *vu = arg;

    parking_of(vu)->coro = vu->host->ops->strand(vu->host);
    py_in(vu);
    if (!vu->pending) {
        PyObject *result = PyObject_CallNoArgs(vu->run);

        if (!result && PyErr_ExceptionMatches(py_interrupted))
            PyErr_Clear();
        else if (!result)
            py_tell_exception(vu);
        Py_XDECREF(result);
    }
    py_settle(vu, false);
    py_vu_end(vu);
}

/* A strand of root that will call func; 0, or -1 (nothing is taken). Python's lock is not needed.
 */
static int start_strand(struct py_vu *root, PyObject *func, struct py_vu **ret_vu)
{
    struct py_vu *vu = py_vu_beside(root);

    if (!vu)
        return -1;
    vu->run = func;
    vu->is_inside = true;
    parking_of(vu);
    *ret_vu = vu;
    return 0;
}

PyObject *py_spawn(PyObject *module UNUSED, PyObject *func)
{
    struct py_vu *vu = py_running("spawn()"), *strand;
    PyObject *object;

    if (!vu)
        return NULL;
    if (!vu->host->ops->spawn) {
        PyErr_SetString(PyExc_RuntimeError, "this host has no strands");
        return NULL;
    }
    if (start_strand(vu->root, Py_NewRef(func), &strand) < 0) {
        Py_DECREF(func);
        return PyErr_NoMemory();
    }
    object = strand_object(strand);
    if (vu->host->ops->spawn(vu->host, strand_main, strand) < 0) {
        PyErr_SetString(PyExc_MemoryError, fault_text());
        py_vu_drop(strand);
        Py_CLEAR(object);
    }
    return object;
}

PyObject *py_strand_self(PyObject *module UNUSED, PyObject *none UNUSED)
{
    struct py_vu *vu = py_current;

    if (!vu || !vu->host->ops->strand)
        Py_RETURN_NONE;
    parking_of(vu)->coro = vu->host->ops->strand(vu->host);
    return strand_object(vu);
}

/* ---- threads that serve nobody ---- */

/* The loop whose users run, or NULL. */
static _Atomic(struct py_loop *) running_loop;

struct request_to_call {
    struct py_loop *loop;
    PyObject *func;
};

static struct py_vu *any_user(struct py_loop *l)
{
    struct py_vu *vu;

    list_each(vu, &l->users, link) {
        if (vu->object && vu->host->ops->spawn)
            return vu;
    }
    return NULL;
}

/* On the loop, without Python's lock. */
static void call_posted(void *arg)
{
    struct request_to_call *c = arg;
    /* What was posted before the loop's part closed may be called after. */
    struct py_vu *root = running_loop == c->loop ? any_user(c->loop) : NULL, *strand;

    if (root && start_strand(root, c->func, &strand) == 0) {
        if (root->host->ops->spawn(root->host, strand_main, strand) == 0) {
            free(c);
            return;
        }
        py_lock();
        py_vu_drop(strand);
        py_unlock();
    } else {
        py_lock();
        Py_DECREF(c->func);
        py_unlock();
    }
    free(c);
}

void py_strand_loop(struct py_loop *l, bool is_open)
{
    if (is_open)
        running_loop = l;
    else if (running_loop == l)
        running_loop = NULL;
}

/* call(func): has one of the loop's users call it, on a strand. False: there are none. */
PyObject *py_call(PyObject *module UNUSED, PyObject *func)
{
    struct py_loop *loop = running_loop;
    struct py_vu *vu = loop ? any_user(loop) : NULL;
    struct request_to_call *c;

    if (!vu)
        Py_RETURN_FALSE;
    c = xnew(struct request_to_call);
    c->loop = loop;
    c->func = Py_NewRef(func);
    vu->host->ops->post(vu->host, call_posted, c);
    Py_RETURN_TRUE;
}

/* waited(ms): how long the running user waited for a helper thread. */
PyObject *py_waited(PyObject *module UNUSED, PyObject *ms)
{
    struct py_vu *vu = py_running("waited()");
    double value = vu ? PyFloat_AsDouble(ms) : -1;

    if (!vu || (value == -1 && PyErr_Occurred()))
        return NULL;
    if (value >= 0 && isfinite(value))
        vu->host->ops->sample(vu->host, vu->script->helper_wait, vu->host->tags, value);
    Py_RETURN_NONE;
}

/* ---- the type ---- */

static PyObject *is_alive(PyObject *self, void *closure UNUSED)
{
    return PyBool_FromLong(((struct py_strand *)(void *)self)->parking->vu != NULL);
}

static PyMethodDef strand_methods[] = {
    {"wake", strand_wake, METH_NOARGS, NULL},
    {"throw", strand_throw, METH_O, NULL},
    {"forgive", strand_forgive, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef strand_getset[] = {
    {"alive", is_alive, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyTypeObject strand_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "_brunt.Strand",
    .tp_basicsize = sizeof(struct py_strand),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_dealloc = strand_dealloc,
    .tp_methods = strand_methods,
    .tp_getset = strand_getset,
};

int py_strand_ready(void)
{
    return PyType_Ready(&strand_type);
}
