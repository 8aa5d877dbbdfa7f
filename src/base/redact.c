/* Secrets longest first, so that one that contains another is replaced whole. */
#include "base/redact.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

struct redact {
    pthread_rwlock_t lock;
    struct str *secrets; /* owned copies, longest first */
    size_t n_secrets;
    size_t cap;
};

struct redact *redact_new(void)
{
    struct redact *r = xnew(struct redact);

    pthread_rwlock_init(&r->lock, NULL);
    return r;
}

static void wipe(struct str secret)
{
    void *p;

    /* It is ours, made by xmemdup: only the view calls it const. */
    memcpy(&p, &secret.p, sizeof(p));
    explicit_bzero(p, secret.n);
    free(p);
}

void redact_free(struct redact *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_secrets; i++)
        wipe(r->secrets[i]);
    free(r->secrets);
    pthread_rwlock_destroy(&r->lock);
    free(r);
}

static bool is_known(const struct redact *r, struct str secret)
{
    for (size_t i = 0; i < r->n_secrets; i++) {
        if (str_eq(r->secrets[i], secret))
            return true;
    }
    return false;
}

static void insert(struct redact *r, struct str secret)
{
    vec_push(r->secrets, r->n_secrets, r->cap) = (struct str){0};
    size_t i = r->n_secrets - 1;

    for (; i > 0 && r->secrets[i - 1].n < secret.n; i--)
        r->secrets[i] = r->secrets[i - 1];
    r->secrets[i] = str_from(xmemdup(secret.p, secret.n), secret.n);
}

void redact_secret(struct redact *r, struct str secret)
{
    if (!secret.n)
        return;
    pthread_rwlock_wrlock(&r->lock);
    if (!is_known(r, secret))
        insert(r, secret);
    pthread_rwlock_unlock(&r->lock);
}

/* Where the first secret begins in `text` (text.n: nowhere) and how long it is. */
static size_t find_secret(const struct redact *r, struct str text, size_t *ret_len)
{
    size_t best = text.n;

    for (size_t i = 0; i < r->n_secrets; i++) {
        size_t at = str_find_str(text, r->secrets[i]);

        /* Longest first, so of two that begin at one place the longer was seen before. */
        if (at < best) {
            best = at;
            *ret_len = r->secrets[i].n;
        }
    }
    return best;
}

static int add_locked(const struct redact *r, struct str text, struct buf *out)
{
    while (text.n) {
        size_t len = 0;
        size_t at = find_secret(r, text, &len);

        if (buf_add(out, text.p, at))
            return BUF_E_LIMIT;
        if (len && buf_add(out, REDACT_MARK, sizeof(REDACT_MARK) - 1))
            return BUF_E_LIMIT;
        text = str_from_index(text, at + len);
    }
    return 0;
}

int redact_add(struct redact *r, struct str text, struct buf *out)
{
    if (!r)
        return buf_add(out, text.p, text.n);
    size_t start = out->len;

    pthread_rwlock_rdlock(&r->lock);
    int e = add_locked(r, text, out);
    pthread_rwlock_unlock(&r->lock);
    if (e)
        out->len = start;
    return e;
}
