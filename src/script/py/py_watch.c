/*
 * A user whose code never waits would keep the loop from running, and with it every timer that
 * could stop it. So a thread of its own looks, ten times a second, whether the user that is inside
 * Python has passed its deadline, and has Python raise Interrupted in it at the next instruction.
 * It takes the interpreter's lock like any thread, which a running interpreter gives up when asked.
 *
 * It also notices a user that has been inside for a second, computing or in a call that blocks, and
 * notes where: whoever wrote the script should know that all others stood still.
 */
#include <errno.h>
#include <pthread.h>

#include "base/mem.h"
#include "script/py/py_priv.h"

#define LOOK_EVERY (100 * NS_PER_MS)

enum {
    STUCK_LOOKS = 10, /* in a row that find the same stay of the same user */
};

struct py_watch {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ends;                /* under the lock */
    _Atomic mono_ns deadline; /* of the user that is inside; 0: none, or nobody is */
    _Atomic uint64_t stay;    /* counts entries and exits: odd while a user is inside */
    struct py_vu *inside;     /* under the interpreter's lock */
    char *note;               /* the same: what is to be said of a long stay, or NULL */
    uint64_t last_stay;       /* these two are the thread's */
    unsigned looks;           /* that found last_stay */
};

/* With the interpreter's lock: the user that is inside may be another one by now. */
static void interrupt_inside(struct py_watch *w)
{
    struct py_vu *vu = w->inside;
    mono_ns deadline = vu ? atomic_load_explicit(&vu->root->deadline, memory_order_relaxed) : 0;

    if (!deadline || clock_mono() < deadline)
        return;
    vu->interrupted = true;
    PyThreadState_SetAsyncExc(vu->ts->thread_id, py_interrupted);
}

/* With the interpreter's lock. */
static void note_place(struct py_watch *w)
{
    PyFrameObject *frame = w->inside ? PyThreadState_GetFrame(w->inside->ts) : NULL;
    PyObject *place = NULL;

    if (frame)
        place = PyObject_CallOneArg(py_names.place, (PyObject *)frame);
    if (place && !w->note)
        w->note = py_text(place);
    PyErr_Clear();
    Py_XDECREF(place);
    Py_XDECREF(frame);
}

static void look_for_stuck(struct py_watch *w)
{
    uint64_t stay = atomic_load_explicit(&w->stay, memory_order_relaxed);

    w->looks = stay == w->last_stay ? w->looks + 1 : 0;
    w->last_stay = stay;
    if (!(stay & 1) || w->looks != STUCK_LOOKS)
        return;
    py_lock();
    if (atomic_load_explicit(&w->stay, memory_order_relaxed) == stay)
        note_place(w);
    py_unlock();
}

static void look(struct py_watch *w)
{
    look_for_stuck(w);
    mono_ns deadline = atomic_load_explicit(&w->deadline, memory_order_relaxed);

    if (!deadline || clock_mono() < deadline)
        return;
    py_lock();
    interrupt_inside(w);
    py_unlock();
}

static struct timespec after(span_ns span)
{
    int64_t t = clock_read(CLOCK_MONOTONIC) + span;

    return (struct timespec){.tv_sec = t / NS_PER_S, .tv_nsec = t % NS_PER_S};
}

static void *watch_main(void *arg)
{
    struct py_watch *w = arg;

    pthread_setname_np(pthread_self(), "python watch");
    pthread_mutex_lock(&w->lock);
    while (!w->ends) {
        struct timespec until = after(LOOK_EVERY);

        pthread_cond_timedwait(&w->wake, &w->lock, &until);
        if (w->ends)
            break;
        pthread_mutex_unlock(&w->lock);
        look(w);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    py_forget_thread();
    return NULL;
}

struct py_watch *py_watch_new(void)
{
    struct py_watch *w = xnew(struct py_watch);
    pthread_condattr_t attr;

    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&w->thread, NULL, watch_main, w)) {
        w->ends = true;
        py_watch_free(w);
        return NULL;
    }
    return w;
}

void py_watch_free(struct py_watch *w)
{
    if (!w)
        return;
    if (!w->ends) {
        pthread_mutex_lock(&w->lock);
        w->ends = true;
        pthread_cond_signal(&w->wake);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->thread, NULL);
    }
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w->note);
    free(w);
}

void py_watch_tell(struct py_watch *w, struct py_vu *vu)
{
    if (!w)
        return;
    w->inside = vu;
    atomic_fetch_add_explicit(&w->stay, 1, memory_order_relaxed);
    atomic_store_explicit(&w->deadline,
                          vu ? atomic_load_explicit(&vu->root->deadline, memory_order_relaxed) : 0,
                          memory_order_relaxed);
}

char *py_watch_take_note(struct py_watch *w)
{
    return w ? take(w->note) : NULL;
}

void py_watch_deadline(struct py_watch *w, struct py_vu *vu)
{
    mono_ns deadline = atomic_load_explicit(&vu->deadline, memory_order_relaxed);

    /* Only ever brought forward from outside; whom it hits is looked up under the lock. */
    if (w && deadline == 1)
        atomic_store_explicit(&w->deadline, deadline, memory_order_relaxed);
}
