#include "cli/main_call.h"

#include <pthread.h>

#include "base/mem.h"
#include "loop/loop.h"

enum handover {
    HANDOVER_NONE,
    HANDOVER_ASKED,
    HANDOVER_ANSWERED,
    HANDOVER_REFUSED, /* closed meanwhile */
};

struct main_call {
    struct loop *loop;
    void (*answer)(void *arg, void *question);
    void *arg;
    struct message asked;
    pthread_mutex_t turn; /* held by the thread that asks */
    struct {
        pthread_mutex_t lock;
        pthread_cond_t answered;
        enum handover state;
        bool closed;
        void *question;
    } shared;
};

static void on_asked(struct loop *l UNUSED, struct message *m)
{
    struct main_call *c = container_of(m, struct main_call, asked);

    pthread_mutex_lock(&c->shared.lock);
    /* The asking thread waits, and only this one closes: without the lock it stays as it is. */
    bool is_asked = c->shared.state == HANDOVER_ASKED;

    pthread_mutex_unlock(&c->shared.lock);
    if (!is_asked)
        return;
    c->answer(c->arg, c->shared.question);
    pthread_mutex_lock(&c->shared.lock);
    c->shared.state = HANDOVER_ANSWERED;
    pthread_cond_signal(&c->shared.answered);
    pthread_mutex_unlock(&c->shared.lock);
}

struct main_call *main_call_new(struct loop *loop, void (*answer)(void *arg, void *question),
                                void *arg)
{
    struct main_call *c = xnew(struct main_call);

    c->loop = loop;
    c->answer = answer;
    c->arg = arg;
    c->asked.fn = on_asked;
    pthread_mutex_init(&c->turn, NULL);
    pthread_mutex_init(&c->shared.lock, NULL);
    pthread_cond_init(&c->shared.answered, NULL);
    return c;
}

bool main_call_ask(struct main_call *c, void *question)
{
    bool is_answered = false;

    pthread_mutex_lock(&c->turn);
    pthread_mutex_lock(&c->shared.lock);
    if (!c->shared.closed) {
        c->shared.state = HANDOVER_ASKED;
        c->shared.question = question;
        loop_post(c->loop, &c->asked);
        while (c->shared.state == HANDOVER_ASKED)
            pthread_cond_wait(&c->shared.answered, &c->shared.lock);
        is_answered = c->shared.state == HANDOVER_ANSWERED;
        c->shared.state = HANDOVER_NONE;
    }
    pthread_mutex_unlock(&c->shared.lock);
    pthread_mutex_unlock(&c->turn);
    return is_answered;
}

void main_call_close(struct main_call *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->shared.lock);
    c->shared.closed = true;
    if (c->shared.state == HANDOVER_ASKED)
        c->shared.state = HANDOVER_REFUSED;
    pthread_cond_signal(&c->shared.answered);
    pthread_mutex_unlock(&c->shared.lock);
}

void main_call_free(struct main_call *c)
{
    if (!c)
        return;
    pthread_cond_destroy(&c->shared.answered);
    pthread_mutex_destroy(&c->shared.lock);
    pthread_mutex_destroy(&c->turn);
    free(c);
}
