/*
 * Sessions to resume, found by a linear search: it happens once per handshake, which costs a
 * thousand times more. A place is used again in turn, so the oldest goes first.
 */
#include <string.h>

#include "base/mem.h"
#include "net/tls_priv.h"

enum {
    MAX_SESSIONS = 64,
};

struct tls_sessions {
    struct {
        char *key; /* "host:port"; NULL: free */
        SSL_SESSION *session;
    } kept[MAX_SESSIONS];
    size_t next; /* place to use for a new key */
};

struct tls_sessions *tls_sessions_new(void)
{
    return xnew(struct tls_sessions);
}

void tls_sessions_free(struct tls_sessions *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        free(s->kept[i].key);
        SSL_SESSION_free(s->kept[i].session);
    }
    free(s);
}

static size_t find(const struct tls_sessions *s, const char *key)
{
    size_t i = 0;

    while (i < MAX_SESSIONS && (!s->kept[i].key || strcmp(s->kept[i].key, key) != 0))
        i++;
    return i;
}

SSL_SESSION *tls_sessions_get(struct tls_sessions *s, const char *key)
{
    size_t i = find(s, key);

    if (i == MAX_SESSIONS || !SSL_SESSION_is_resumable(s->kept[i].session))
        return NULL;
    return s->kept[i].session;
}

void tls_sessions_put(struct tls_sessions *s, const char *key, SSL_SESSION *session)
{
    size_t i = find(s, key);

    if (i == MAX_SESSIONS) {
        i = s->next;
        s->next = (s->next + 1) % MAX_SESSIONS;
        free(s->kept[i].key);
        s->kept[i].key = xstrdup(key);
    }
    SSL_SESSION_up_ref(session);
    SSL_SESSION_free(s->kept[i].session);
    s->kept[i].session = session;
}
