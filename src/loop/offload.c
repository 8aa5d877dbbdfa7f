/*
 * A few threads that take jobs from one queue. A job lies on the stack of the coroutine that waits
 * for it; it comes back to its loop as a message.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "base/mem.h"
#include "loop/loop_priv.h"

struct job {
    struct message done;
    struct list link;
    struct loop *loop;
    struct coro *coro;
    offload_fn *fn;
    void *arg;
    int result;
    struct fault_record *fault;
    bool finished;
};

struct offload {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct list jobs;
    bool closing;
    unsigned n_threads; /* wanted */
    unsigned n_started;
    pthread_t threads[];
};

struct offload *offload_new(unsigned n_threads)
{
    struct offload *o = xcalloc(1, sizeof(*o) + n_threads * sizeof(pthread_t));

    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->more, NULL);
    list_init(&o->jobs);
    o->n_threads = n_threads;
    return o;
}

static void job_done(struct loop *l UNUSED, struct message *m)
{
    struct job *j = container_of(m, struct job, done);

    j->finished = true;
    coro_resume_now(j->coro, 0);
}

static void job_run(struct job *j)
{
    j->result = j->fn(j->arg);
    j->fault = fault_record_swap(NULL);
    loop_post(j->loop, &j->done);
}

static void *offload_main(void *arg)
{
    struct offload *o = arg;
    struct list *link;

    pthread_mutex_lock(&o->lock);
    for (;;) {
        if ((link = list_pop(&o->jobs))) {
            pthread_mutex_unlock(&o->lock);
            job_run(list_entry(link, struct job, link));
            pthread_mutex_lock(&o->lock);
        } else if (o->closing) {
            break;
        } else {
            pthread_cond_wait(&o->more, &o->lock);
        }
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

/* Starts one more thread if fewer run than wanted; signals are the main thread's business. */
static int offload_grow(struct offload *o)
{
    sigset_t all, old;

    if (o->n_started == o->n_threads)
        return 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);

    int err = pthread_create(&o->threads[o->n_started], NULL, offload_main, o);

    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (err == 0)
        o->n_started++;
    return o->n_started > 0 ? 0 : fault(-err, "cannot start a helper thread");
}

static int offload_submit(struct offload *o, struct job *j)
{
    pthread_mutex_lock(&o->lock);

    int r = offload_grow(o);

    if (r == 0) {
        list_add_tail(&o->jobs, &j->link);
        pthread_cond_signal(&o->more);
    }
    pthread_mutex_unlock(&o->lock);
    return r;
}

int loop_offload(struct loop *l, offload_fn *fn, void *arg)
{
    struct job j = {.loop = l, .coro = coro_self(), .fn = fn, .arg = arg};

    assert(j.coro && j.coro->loop == l);
    j.done.fn = job_done;
    list_init(&j.link);
    TRY(offload_submit(loop_offload_pool(l), &j));
    loop_helped(l, 1);
    while (!j.finished)
        ignored(coro_park_firm());
    loop_helped(l, -1);

    /* The words of a fault belong to who runs: bring them over from the helper thread. */
    fault_record_free(j.result == 0 ? j.fault : fault_record_swap(j.fault));
    return j.result;
}

void offload_free(struct offload *o)
{
    if (!o)
        return;
    pthread_mutex_lock(&o->lock);
    o->closing = true;
    pthread_cond_broadcast(&o->more);
    pthread_mutex_unlock(&o->lock);
    for (unsigned i = 0; i < o->n_started; i++)
        pthread_join(o->threads[i], NULL);
    pthread_mutex_destroy(&o->lock);
    pthread_cond_destroy(&o->more);
    free(o);
}
