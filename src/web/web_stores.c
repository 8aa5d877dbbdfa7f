#include "web/web_stores.h"

#include <errno.h>
#include <pthread.h>

#include "base/mem.h"
#include "store/store.h"

enum {
    IDLE_MAX = 16,
};

struct web_stores {
    char *path;
    pthread_mutex_t lock;
    struct store *idle[IDLE_MAX]; /* under the lock */
    int n_idle;
};

struct web_stores *web_stores_new(const char *path)
{
    struct web_stores *s = xnew(struct web_stores);

    s->path = xstrdup(path);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void web_stores_free(struct web_stores *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->n_idle; i++)
        store_close(s->idle[i]);
    pthread_mutex_destroy(&s->lock);
    free(s->path);
    free(s);
}

/* A file that cannot be written can be shown all the same. */
static int open_one(struct web_stores *s, struct store **ret_store)
{
    int r = store_open(s->path, STORE_WRITE, ret_store);

    if (r == -EACCES || r == -EROFS || r == -EPERM)
        r = store_open(s->path, STORE_READ, ret_store);
    return r;
}

int web_stores_take(struct web_stores *s, struct store **ret_store)
{
    struct store *found = NULL;

    pthread_mutex_lock(&s->lock);
    if (s->n_idle)
        found = s->idle[--s->n_idle];
    pthread_mutex_unlock(&s->lock);
    if (!found)
        TRY(open_one(s, &found));
    *ret_store = found;
    return 0;
}

void web_stores_give(struct web_stores *s, struct store *store)
{
    if (!store)
        return;
    pthread_mutex_lock(&s->lock);
    if (s->n_idle < IDLE_MAX)
        s->idle[s->n_idle++] = take(store);
    pthread_mutex_unlock(&s->lock);
    store_close(store);
}
