/*
 * What users of one loop share. Parsed URLs are kept by their text: scripts ask for the same few
 * again and again. Responses are kept in a list, because a script may put one into a global and so
 * outlive the loop whose memory it holds: closing the loop takes it away from them.
 */
#include "base/mem.h"
#include "proto/http.h"
#include "proto/url.h"
#include "script/py/py_priv.h"

/* ---- URLs ---- */

enum {
    N_URLS = 512,      /* a power of two; direct-mapped */
    KEEP_BYTES = 4096, /* longer texts are parsed each time */
};

struct py_urls {
    struct url *known[N_URLS];
    struct url *stranger; /* the last one that is not kept */
};

struct py_urls *py_urls_new(void)
{
    return xnew(struct py_urls);
}

void py_urls_free(struct py_urls *urls)
{
    if (!urls)
        return;
    for (size_t i = 0; i < N_URLS; i++)
        url_unref(urls->known[i]);
    url_unref(urls->stranger);
    free(urls);
}

int py_urls_get(struct py_urls *urls, struct str text, const struct url **ret_url)
{
    struct url **at = text.n > KEEP_BYTES
                          ? &urls->stranger
                          : &urls->known[hash_bytes(text.p, text.n, 0) & (N_URLS - 1)];
    struct url *fresh;

    if (!*at || !str_eq((*at)->original, text)) {
        TRY(url_parse(text, NULL, &fresh));
        url_unref(*at);
        *at = fresh;
    }
    *ret_url = *at;
    return 0;
}

/* ---- the loop ---- */

int py_loop_open(struct script *s, void **ret_loop)
{
    struct py_loop *l = xnew(struct py_loop);

    l->script = py_script_of(s);
    l->urls = py_urls_new();
    l->verdicts = py_verdicts_new();
    list_init(&l->responses);
    list_init(&l->dead);
    list_init(&l->users);
    py_lock();
    py_strand_loop(l, true);
    py_unlock();
    l->watch = py_watch_new();
    l->origin = ticks_origin_now();
    *ret_loop = l;
    return 0;
}

void py_loop_stats(const void *script_loop, struct script_stats *ret_stats)
{
    const struct py_loop *l = script_loop;

    *ret_stats = (struct script_stats){
        .script_ns = ticks_to_ns(atomic_load(&l->shared.script), l->origin, ticks_origin_now())};
}

/* Responses that the script still holds lose what they were read from. */
static void drop_responses(struct py_loop *l)
{
    while (!list_empty(&l->responses)) {
        struct list *link = list_pop(&l->responses);
        struct py_response *r = list_entry(link, struct py_response, link);

        list_init(&r->link);
        http_response_unref(r->r);
        r->r = NULL;
        r->loop = NULL;
    }
}

void py_loop_close(void *script_loop)
{
    struct py_loop *l = script_loop;

    if (!l)
        return;
    py_watch_free(l->watch);
    py_lock();
    py_strand_loop(l, false);
    drop_responses(l);
    py_verdicts_free(l->verdicts);
    py_unlock();
    py_urls_free(l->urls);
    free(l);
}
