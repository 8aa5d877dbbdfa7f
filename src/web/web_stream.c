/*
 * An event is made once and counted by those who still have to send it. A listener's queue is a
 * ring of such events; the oldest is sent from `sent` on.
 */
#include "web/web_stream.h"

#include <pthread.h>

#include "base/list.h"
#include "base/mem.h"

/* Bytes of one event; counted under the stream's lock. */
struct event {
    unsigned n_refs;
    size_t n;
    char bytes[];
};

struct web_stream {
    unsigned n_refs; /* its maker and its listeners; under the lock */
    pthread_mutex_t lock;
    struct list listeners;
    size_t n_listeners;
    bool is_ended;
};

struct web_listener {
    struct web_stream *stream;
    struct list link;
    struct event *queue[WEB_QUEUE_EVENTS];
    size_t first, n; /* of the queue */
    size_t sent;     /* bytes of the first event that are gone */
    size_t waiting;  /* bytes in the queue */
    bool is_last;    /* nothing is added any more */
    web_wake_fn *wake;
    void *wake_arg; /* until `wake` is called once */
};

/* ---- events ---- */

static struct event *event_new(struct str bytes)
{
    struct event *e = xmalloc(sizeof(*e) + bytes.n);

    e->n_refs = 1;
    e->n = bytes.n;
    if (bytes.n)
        memcpy(e->bytes, bytes.p, bytes.n);
    return e;
}

static void event_unref(struct event *e)
{
    if (--e->n_refs == 0)
        free(e);
}

void web_event_put(struct buf *out, const char *event, struct str data)
{
    struct str line;

    buf_printf(out, "event: %s\n", event);
    if (!data.p)
        data = STR("");
    while (str_split(&data, '\n', &line)) {
        buf_puts(out, "data: ");
        buf_putstr(out, line);
        buf_putc(out, '\n');
    }
    buf_putc(out, '\n');
}

/* ---- a listener's queue ---- */

static void wake(struct web_listener *l)
{
    web_wake_fn *fn = take(l->wake);

    if (fn)
        fn(l->wake_arg);
}

static struct event *pop(struct web_listener *l)
{
    struct event *e = l->queue[l->first];

    l->first = (l->first + 1) % WEB_QUEUE_EVENTS;
    l->n--;
    l->waiting -= e->n;
    l->sent = 0;
    return e;
}

static void push(struct web_listener *l, struct event *e)
{
    e->n_refs++;
    l->queue[(l->first + l->n++) % WEB_QUEUE_EVENTS] = e;
    l->waiting += e->n;
    wake(l);
}

/* What stands in place of all that was missed. */
#define LOST STR("event: lost\ndata: {}\n\n")

/* All but an event that is half sent goes; in its place comes the news of it, and the end. */
static void lose(struct web_listener *l)
{
    struct event *half = l->sent ? l->queue[l->first] : NULL, *note = event_new(LOST);
    size_t sent = l->sent;

    if (half)
        half->n_refs++;
    while (l->n)
        event_unref(pop(l));
    if (half) {
        push(l, half);
        event_unref(half);
        l->sent = sent;
    }
    push(l, note);
    event_unref(note);
    l->is_last = true;
}

static bool has_room(const struct web_listener *l, size_t n)
{
    /* One place is kept for the news that something was lost. */
    return l->n < WEB_QUEUE_EVENTS - 1 && (l->waiting + n <= WEB_QUEUE_BYTES || l->n == 0);
}

static void give(struct web_listener *l, struct event *e)
{
    if (l->is_last)
        return;
    if (has_room(l, e->n))
        push(l, e);
    else
        lose(l);
}

/* ---- the stream ---- */

struct web_stream *web_stream_new(void)
{
    struct web_stream *s = xnew(struct web_stream);

    s->n_refs = 1;
    pthread_mutex_init(&s->lock, NULL);
    list_init(&s->listeners);
    return s;
}

/* With the lock held, which is given up. */
static void drop(struct web_stream *s)
{
    bool is_last = --s->n_refs == 0;

    pthread_mutex_unlock(&s->lock);
    if (!is_last)
        return;
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void web_stream_unref(struct web_stream *s)
{
    if (!s)
        return;
    web_stream_end(s);
    pthread_mutex_lock(&s->lock);
    drop(s);
}

static void publish(struct web_stream *s, struct str bytes)
{
    struct web_listener *l;

    pthread_mutex_lock(&s->lock);
    if (!s->is_ended && s->n_listeners) {
        struct event *e = event_new(bytes);

        list_each(l, &s->listeners, link)
            give(l, e);
        event_unref(e);
    }
    pthread_mutex_unlock(&s->lock);
}

void web_stream_publish(struct web_stream *s, const char *event, struct str data)
{
    scoped(buf_fini) struct buf bytes = BUF_INIT(SIZE_MAX / 2);

    web_event_put(&bytes, event, data);
    publish(s, buf_str(&bytes));
}

void web_stream_ping(struct web_stream *s)
{
    publish(s, STR(": \n\n"));
}

void web_stream_end(struct web_stream *s)
{
    struct web_listener *l;

    pthread_mutex_lock(&s->lock);
    s->is_ended = true;
    list_each(l, &s->listeners, link) {
        l->is_last = true;
        wake(l);
    }
    pthread_mutex_unlock(&s->lock);
}

size_t web_stream_listeners(struct web_stream *s)
{
    size_t n;

    pthread_mutex_lock(&s->lock);
    n = s->n_listeners;
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* ---- listening ---- */

struct web_listener *web_stream_join(struct web_stream *s, struct str first)
{
    struct web_listener *l = NULL;

    pthread_mutex_lock(&s->lock);
    if (!s->is_ended && s->n_listeners < WEB_LISTENERS_MAX) {
        l = xnew(struct web_listener);
        l->stream = s;
        s->n_refs++;
        s->n_listeners++;
        list_add_tail(&s->listeners, &l->link);
        struct event *e = event_new(first);

        push(l, e);
        event_unref(e);
    }
    pthread_mutex_unlock(&s->lock);
    return l;
}

void web_listener_leave(struct web_listener *l)
{
    if (!l)
        return;
    struct web_stream *s = l->stream;

    pthread_mutex_lock(&s->lock);
    list_remove(&l->link);
    s->n_listeners--;
    while (l->n)
        event_unref(pop(l));
    drop(s);
    free(l);
}

/* Moves what fits of the first event. */
static size_t move(struct web_listener *l, char *to, size_t n)
{
    struct event *e = l->queue[l->first];
    size_t left = e->n - l->sent;

    n = n < left ? n : left;
    memcpy(to, e->bytes + l->sent, n);
    l->sent += n;
    if (l->sent == e->n)
        event_unref(pop(l));
    return n;
}

ssize_t web_listener_read(struct web_listener *l, char *to, size_t n, web_wake_fn *wake_fn,
                          void *arg)
{
    struct web_stream *s = l->stream;
    size_t got = 0;
    bool is_over;

    pthread_mutex_lock(&s->lock);
    while (l->n && got < n)
        got += move(l, to + got, n - got);
    is_over = !got && l->is_last;
    l->wake = got || is_over ? NULL : wake_fn;
    l->wake_arg = arg;
    pthread_mutex_unlock(&s->lock);
    return is_over ? WEB_LISTEN_END : (ssize_t)got;
}
