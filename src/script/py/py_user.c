/*
 * A user's life. Its thread state is made with it and goes with it; its object, by the script's
 * user(), when its first iteration begins, so that its hooks run where requests may be sent.
 */
#include <errno.h>
#include <math.h>

#include "base/mem.h"
#include "metric/tagset.h"
#include "script/py/py_priv.h"

_Thread_local struct py_vu *py_current;

/* ---- in and out ---- */

/*
 * Python tells threads apart by a number that it keeps in their state; a user's is its own, so that
 * an exception can be sent to it alone.
 */
static PyThreadState *new_state(const struct py_vu *vu)
{
    PyThreadState *ts = PyThreadState_New(PyInterpreterState_Main());

    if (ts)
        ts->thread_id = (unsigned long)(uintptr_t)vu;
    return ts;
}

/* Objects of the loop that died on threads of the script are given back on the loop's. */
static void bury(struct py_loop *l)
{
    while (unlikely(!list_empty(&l->dead))) {
        struct list *link = list_pop(&l->dead);
        struct py_response *r = list_entry(link, struct py_response, link);

        Py_DECREF(r);
    }
}

void py_in(struct py_vu *vu)
{
    PyEval_RestoreThread(vu->ts);
    py_current = vu;
    vu->loop->entered = ticks_now();
    py_watch_tell(vu->loop->watch, vu);
    bury(vu->loop);
}

static void say_note(struct py_vu *vu, struct py_watch *watch)
{
    scoped(freep) char *note = py_watch_take_note(watch);

    if (unlikely(note != NULL))
        vu->host->ops->log(vu->host, SCRIPT_LOG_WARN, SCRIPT_LOG_ENGINE, str_of(note));
}

static void count_time(struct py_loop *l)
{
    uint64_t sum = atomic_load_explicit(&l->shared.script, memory_order_relaxed);

    atomic_store_explicit(&l->shared.script, sum + (ticks_now() - l->entered),
                          memory_order_relaxed);
}

void py_out(struct py_vu *vu)
{
    say_note(vu, vu->loop->watch);
    count_time(vu->loop);
    py_watch_tell(vu->loop->watch, NULL);
    py_current = NULL;
    PyEval_SaveThread();
}

struct py_vu *py_running(const char *what)
{
    struct py_vu *vu = py_current;

    if (unlikely(!vu)) {
        PyErr_Format(
            PyExc_RuntimeError,
            "%s needs a running user: call it from a task or a hook, not while the file is "
            "imported and not from a thread of your own",
            what);
    }
    return vu;
}

int py_resumed(struct py_vu *vu, int condition)
{
    if (likely(!condition && !vu->interrupted))
        return 0;
    if (vu->pending && !vu->interrupted) {
        PyObject *exception = Py_NewRef(vu->pending);

        py_forget_pending(vu);
        PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
        Py_DECREF(exception);
        return -1;
    }
    vu->interrupted = true;
    PyErr_SetNone(py_interrupted);
    return -1;
}

static span_ns span_of(double seconds)
{
    return seconds >= 9e9 ? INT64_MAX : isnan(seconds) ? 0 : (span_ns)(seconds * 1e9);
}

int py_sleep(struct py_vu *vu, double seconds)
{
    py_out(vu);
    int r = vu->host->ops->sleep(vu->host, span_of(seconds));

    py_in(vu);
    return py_resumed(vu, r);
}

int py_rest(struct py_vu *vu, double seconds)
{
    vu->host->is_idle = true;
    py_out(vu);
    int r = vu->host->ops->sleep(vu->host, span_of(seconds));

    py_in(vu);
    vu->host->is_idle = false;
    if (unlikely(vu->interrupted))
        return py_resumed(vu, r);
    return r != 0;
}

/* ---- exceptions ---- */

static void count_exception(struct py_vu *vu, PyObject *kind)
{
    struct script_host *h = vu->host;
    Py_ssize_t n;
    const char *p = kind ? PyUnicode_AsUTF8AndSize(kind, &n) : NULL;
    const struct tagset *tags = h->tags;

    if (p)
        tags = tagset_add(h->tag_pool, tags, STR("exception"), str_from(p, (size_t)n));
    PyErr_Clear();
    h->ops->sample(h, vu->script->exceptions, tags, 1);
}

static void tell_unshown(struct py_vu *vu)
{
    static const struct str text = STR("an exception that cannot be shown");

    PyErr_Clear();
    vu->host->ops->exception(vu->host, &(struct script_exception){.line = text, .stack = text});
}

void py_tell_exception(struct py_vu *vu)
{
    PyObject *type, *value, *trace, *kind;

    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (trace)
        PyException_SetTraceback(value, trace);
    /* Noting it is the last thing that a report does: one that failed has noted nothing. */
    kind = value ? PyObject_CallOneArg(py_names.report, value) : NULL;
    if (!kind)
        tell_unshown(vu);
    count_exception(vu, kind);
    Py_XDECREF(kind);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
}

/* ---- making and freeing ---- */

static struct py_vu *vu_alloc(struct py_script *s, struct py_loop *l, struct script_host *host)
{
    struct py_vu *vu = xnew(struct py_vu);

    list_init(&vu->link);
    vu->script = s;
    vu->loop = l;
    vu->host = host;
    vu->arena.block_bytes = 1024;
    vu->ts = new_state(vu);
    if (!vu->ts) {
        free(vu);
        return NULL;
    }
    return vu;
}

struct py_vu *py_vu_beside(struct py_vu *root)
{
    struct py_vu *vu = vu_alloc(root->script, root->loop, root->host);

    if (vu)
        vu->root = root;
    return vu;
}

int py_vu_new(struct script *s, void *script_loop, struct script_host *host, void **ret_vu)
{
    struct py_vu *vu = vu_alloc(py_script_of(s), script_loop, host);

    if (!vu)
        return fault(-ENOMEM, "no memory for the state of a Python user");
    vu->root = vu;
    py_lock(); /* other threads look for users */
    list_add_tail(&vu->loop->users, &vu->link);
    py_unlock();
    if (!vu->loop->is_bound) {
        vu->loop->thread = pthread_self();
        vu->loop->is_bound = true;
    }
    vu->loop->n_users++;
    *ret_vu = vu;
    return 0;
}

/* What the run's exceptions came to is said once, with the last user. */
static void say_farewell(struct py_vu *vu)
{
    PyObject *lines = PyObject_CallNoArgs(py_names.farewells);
    Py_ssize_t n = lines && PyList_Check(lines) ? PyList_GET_SIZE(lines) : 0;

    for (Py_ssize_t i = 0; i < n; i++) {
        scoped(freep) char *line = py_text(PyList_GET_ITEM(lines, i));

        if (line) {
            vu->host->ops->log(vu->host, SCRIPT_LOG_WARN, SCRIPT_LOG_ENGINE, str_of(line));
        }
    }
    PyErr_Clear();
    Py_XDECREF(lines);
}

/* What it holds of Python's, but for its thread state. */
static void drop_objects(struct py_vu *vu)
{
    py_parking_close(vu);
    Py_CLEAR(vu->pending);
    Py_CLEAR(vu->open);
    Py_CLEAR(vu->run);
    Py_CLEAR(vu->object);
    PyThreadState_Clear(vu->ts);
}

void py_vu_end(struct py_vu *vu)
{
    say_note(vu, vu->loop->watch);
    count_time(vu->loop);
    drop_objects(vu);
    bury(vu->loop);
    py_watch_tell(vu->loop->watch, NULL);
    py_current = NULL;
    PyThreadState_DeleteCurrent();
    arena_fini(&vu->arena);
    free(vu);
}

void py_vu_drop(struct py_vu *vu)
{
    drop_objects(vu);
    PyThreadState_Delete(vu->ts);
    arena_fini(&vu->arena);
    free(vu);
}

void py_vu_free(void *user)
{
    struct py_vu *vu = user;

    if (!vu)
        return;
    py_in(vu);
    if (vu->loop->n_users == 1 && vu->host->vu_id)
        say_farewell(vu);
    vu->loop->n_users--;
    list_remove(&vu->link);
    py_vu_end(vu);
}

/* ---- calls ---- */

/* -1 with an exception set. */
static int make_object(struct py_vu *vu)
{
    PyObject *object = PyObject_CallMethod(vu->script->object, "user", "K",
                                           (unsigned long long)vu->host->vu_id_in_test);

    if (!object)
        return -1;
    vu->run = PyObject_GetAttrString(object, "run");
    if (!vu->run) {
        Py_DECREF(object);
        return -1;
    }
    vu->object = object;
    if (unlikely(!vu->loop->has_begun)) {
        PyObject *nothing = PyObject_CallNoArgs(py_names.begun);

        vu->loop->has_begun = true;
        Py_XDECREF(nothing);
        return nothing ? 0 : -1;
    }
    return 0;
}

/* The call's condition; leaves no exception behind. */
static int conclude(struct py_vu *vu, PyObject *result)
{
    int r = 0;

    if (unlikely(!result)) {
        r = SCRIPT_E_EXCEPTION;
        if (PyErr_ExceptionMatches(py_interrupted)) {
            PyErr_Clear();
            r = SCRIPT_E_INTERRUPTED;
        } else {
            py_tell_exception(vu);
        }
    }
    Py_XDECREF(result);
    py_settle(vu, r == SCRIPT_E_EXCEPTION);
    vu->is_inside = false;
    if (unlikely(vu->pending != NULL))
        py_forget_pending(vu);
    if (unlikely(vu->interrupted)) {
        /* One that was sent too late to be raised must not hit the next call. */
        PyThreadState_SetAsyncExc(vu->ts->thread_id, NULL);
        r = SCRIPT_E_INTERRUPTED;
    }
    vu->interrupted = false;
    return r;
}

int py_run_iteration(void *user, int export_index, const char *setup_data UNUSED)
{
    struct py_vu *vu = user;
    PyObject *index, *result = NULL;

    py_in(vu);
    vu->is_inside = true;
    index = vu->run || make_object(vu) == 0 ? PyLong_FromLong(export_index) : NULL;
    if (index)
        result = PyObject_CallOneArg(vu->run, index);
    Py_XDECREF(index);
    int r = conclude(vu, result);

    py_out(vu);
    return r;
}

int py_leave_scenario(void *user)
{
    struct py_vu *vu = user;

    if (!vu->object)
        return 0;
    py_in(vu);
    vu->is_inside = true;
    int r = conclude(vu, PyObject_CallMethod(vu->object, "leave", NULL));

    Py_CLEAR(vu->run);
    Py_CLEAR(vu->object);
    py_out(vu);
    return r;
}

void py_interrupt(void *user)
{
    struct py_vu *vu = user;

    vu->interrupted = true;
}

void py_set_deadline(void *user, mono_ns deadline)
{
    struct py_vu *vu = user;

    atomic_store_explicit(&vu->deadline, deadline, memory_order_relaxed);
    py_watch_deadline(vu->loop->watch, vu);
}
