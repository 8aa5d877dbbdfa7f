/*
 * From a finished round trip to its samples. The tag set of a sample hangs on few things that
 * repeat: where they are all the same as before, the series are found by comparing pointers, in a
 * small direct-mapped table.
 *
 * Where URLs are grouped, a URL that is not in the table is given its name, and the series of that
 * name is looked for in the same table: addresses that never repeat cost the making of a name, not
 * of tags.
 */
#include "base/mem.h"
#include "client/client_priv.h"
#include "metric/exchange_book.h"
#include "metric/recorder.h"
#include "metric/systag.h"
#include "metric/tagset.h"

enum {
    N_KNOWN = 512
}; /* a power of two */

/* What a sample's tags depend on. Equal keys mean equal tags; different ones may do so too. */
struct measure_key {
    const struct tagset *base;
    const struct url *url; /* a reference is held, so that the address stays its own; NULL: any
                              that is grouped under `name` */
    struct str name;       /* of the user; a copy of ours in a known entry */
    struct str method;     /* the same */
    const char *tls_version;
    int status;
    enum http_version version;
    int8_t expected; /* -1: unjudged */
};

struct known {
    struct measure_key key;
    struct http_series *series; /* NULL: free */
    struct exchange_slot *slot; /* in which exchanges like it are kept */
};

struct measure {
    struct recorder *recorder;
    struct tag_pool *pool;
    uint32_t system_tags;
    const struct url_groups *groups; /* NULL: none */
    struct buf group;                /* the name being made */
    struct exchange_book *book;
    struct known *last;    /* of the round trip before; NULL: none, or a stranger */
    struct known stranger; /* what is not remembered: its series and slot alone */
    struct known known[N_KNOWN];
};

struct measure *measure_new(struct recorder *recorder, struct tag_pool *tags,
                            const struct client_policy *policy, struct exchange_book *book)
{
    struct measure *m = xnew(struct measure);

    m->recorder = recorder;
    m->pool = tags;
    m->system_tags = policy->system_tags;
    m->groups = policy->groups;
    m->book = book;
    return m;
}

static void forget(struct known *k)
{
    url_unref((struct url *)(uintptr_t)k->key.url);
    free((void *)(uintptr_t)k->key.name.p);
    free((void *)(uintptr_t)k->key.method.p);
    *k = (struct known){0};
}

void measure_free(struct measure *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < N_KNOWN; i++) {
        if (m->known[i].series)
            forget(&m->known[i]);
    }
    buf_fini(&m->group);
    free(m);
}

/* ---- tags ---- */

struct tag_list {
    struct tag tags[16];
    size_t n;
    uint32_t wanted;
};

static void tag_add(struct tag_list *list, enum systag bit, const char *key, struct str value)
{
    if (list->wanted & bit)
        list->tags[list->n++] = (struct tag){.key = str_of(key), .value = value};
}

static struct str number(char *text, size_t n_text, int value)
{
    return str_from(text, (size_t)snprintf(text, n_text, "%d", value));
}

/* The user's, else that of the URL's group; until the next call. */
static struct str name_of(struct measure *m, const struct leg *leg)
{
    if (leg->req->name.n)
        return leg->req->name;
    if (!m->groups)
        return leg->url->display;
    buf_reset(&m->group);
    url_group(m->groups, leg->url->display, &m->group);
    return buf_str(&m->group);
}

static const struct tagset *make_tags(const struct measure *m, const struct leg *leg,
                                      struct str name, int expected)
{
    const struct http_response *r = leg->r;
    struct tag_list list = {.wanted = m->system_tags};
    char status[12], code[12];

    tag_add(&list, SYSTAG_NAME, "name", name);
    tag_add(&list, SYSTAG_URL, "url", name);
    tag_add(&list, SYSTAG_METHOD, "method", leg->method);
    tag_add(&list, SYSTAG_STATUS, "status", number(status, sizeof(status), r->status));
    if (r->version != HTTP_VERSION_NONE)
        tag_add(&list, SYSTAG_PROTO, "proto", str_of(http_version_name(r->version)));
    if (leg->error.status != NET_OK)
        tag_add(&list, SYSTAG_ERROR, "error", r->error);
    if (r->error_code)
        tag_add(&list, SYSTAG_ERROR_CODE, "error_code", number(code, sizeof(code), r->error_code));
    if (r->tls_version && r->tls_version[0]) {
        tag_add(&list, SYSTAG_TLS_VERSION, "tls_version", str_of(r->tls_version));
        tag_add(&list, SYSTAG_OCSP_STATUS, "ocsp_status", STR("unknown"));
    }
    if (r->remote_ip[0])
        tag_add(&list, SYSTAG_IP, "ip", str_of(r->remote_ip));
    if (expected >= 0) {
        tag_add(&list, SYSTAG_EXPECTED_RESPONSE, "expected_response",
                expected ? STR("true") : STR("false"));
    }
    return tagset_merge(m->pool, leg->req->tags ? leg->req->tags : tagset_empty(m->pool), list.tags,
                        list.n);
}

/* ---- finding the series ---- */

static bool key_is(const struct measure_key *a, const struct measure_key *b)
{
    return a->base == b->base && a->url == b->url && a->status == b->status &&
           a->version == b->version && a->expected == b->expected &&
           a->tls_version == b->tls_version && str_eq(a->method, b->method) &&
           str_eq(a->name, b->name);
}

static size_t key_slot(const struct measure_key *k)
{
    uint64_t h = (uintptr_t)k->base ^ ((uintptr_t)k->url << 7) ^ (uint64_t)k->status << 3;

    h ^= (uint64_t)k->method.n << 17 ^ (k->method.n ? (uint64_t)k->method.p[0] : 0);
    h ^= k->name.n ? hash_bytes(k->name.p, k->name.n, 1) : 0;
    h *= 0x9e3779b97f4a7c15U;
    return (size_t)(h >> 40) & (N_KNOWN - 1);
}

static struct str own(struct str s)
{
    return str_from(s.n ? xmemdup(s.p, s.n) : NULL, s.n);
}

static struct known *remember(struct known *k, const struct measure_key *key,
                              const struct known *found)
{
    struct http_series *series = found->series;
    struct exchange_slot *slot = found->slot;

    if (k->series)
        forget(k);
    k->key = *key;
    k->key.url = key->url ? url_ref(key->url) : NULL;
    k->key.name = own(key->name);
    k->key.method = own(key->method);
    k->series = series;
    k->slot = slot;
    return k;
}

/* Whoever says so, it is a failure. */
static bool is_bad(const struct leg *leg, int expected)
{
    const struct http_request *req = leg->req;

    return expected == 0 ||
           (expected < 0 && req->blamed_later && !status_set_has(req->expected, leg->r->status));
}

/* What exchanges of this outcome are filed under; 0: they did not fail. */
static int code_of(const struct leg *leg, int expected)
{
    if (!is_bad(leg, expected) && leg->error.status == NET_OK)
        return 0;
    return leg->r->error_code ? leg->r->error_code : leg->r->status;
}

static struct known *make_known(struct measure *m, const struct leg *leg, struct str name,
                                int expected)
{
    struct known *k = &m->stranger;

    k->series = recorder_http_series(m->recorder, make_tags(m, leg, name, expected));
    k->slot = exchange_book_slot(m->book, leg->method, name, code_of(leg, expected));
    return k;
}

/* That of the group that the leg's URL belongs to. */
static struct known *find_group(struct measure *m, const struct leg *leg, struct measure_key key)
{
    key.url = NULL;
    key.name = name_of(m, leg);
    struct known *k = &m->known[key_slot(&key)];

    if (k->series && key_is(&k->key, &key))
        return k;
    return remember(k, &key, make_known(m, leg, key.name, key.expected));
}

static struct measure_key key_of(const struct leg *leg, int expected)
{
    return (struct measure_key){.base = leg->req->tags,
                                .url = leg->url,
                                .name = leg->req->name,
                                .method = leg->method,
                                .tls_version = leg->r->tls_version,
                                .status = leg->r->status,
                                .version = leg->r->version,
                                .expected = (int8_t)expected};
}

static struct known *find_known(struct measure *m, const struct leg *leg,
                                const struct measure_key *key)
{
    struct known *k = &m->known[key_slot(key)];

    /* Errors differ by their text and are rare; addresses differ by connection: no memory of them.
     */
    if (leg->error.status != NET_OK || (m->system_tags & SYSTAG_IP))
        return make_known(m, leg, name_of(m, leg), key->expected);
    if (likely(k->series && key_is(&k->key, key)))
        return k;
    struct known *found = m->groups && !key->name.n
                              ? find_group(m, leg, *key)
                              : make_known(m, leg, name_of(m, leg), key->expected);

    /* Its slot may have been taken meanwhile by the group's: no harm, it is found by name then. */
    return remember(k, key, found);
}

/* ---- timings ---- */

static span_ns since(mono_ns end, mono_ns start)
{
    return end > start ? end - start : 0;
}

static void fill_timings(const struct leg *leg, struct http_timings *t)
{
    mono_ns first = leg->first_byte ? leg->first_byte : leg->ended;

    /*
     * From asking for a connection to the first byte leaving: with the connection comes what the
     * loop itself adds by sending at the end of a turn. It must not be taken for the server's time.
     */
    *t = (struct http_timings){.blocked =
                                   since(leg->sending ? leg->sending : leg->obtained, leg->asked)};
    t->connecting = leg->connecting;
    t->tls_handshaking = leg->tls_handshaking;
    if (leg->sending) {
        /* An answer, or the end, may come while the body is still being sent. */
        t->sending = since(leg->sent ? leg->sent : first, leg->sending);
        t->waiting = leg->sent ? since(first, leg->sent) : 0;
        t->receiving = leg->first_byte ? since(leg->ended, first) : 0;
    }
    t->duration = t->sending + t->waiting + t->receiving;
}

/* 1 or 0; -1: nobody's to give, or the script's. */
static int judge(const struct leg *leg)
{
    if (!leg->req->expected)
        return -1;
    if (leg->only_expect)
        return leg->r->status == leg->only_expect;
    if (!status_set_has(leg->req->expected, leg->r->status))
        return leg->req->blamed_later && leg->r->status ? -1 : 0;
    return leg->req->judged_later ? -1 : 1;
}

struct measured measure_leg(struct measure *m, const struct leg *leg,
                            const struct sample_origin *origin)
{
    struct http_timings *t = &leg->r->timings;
    int expected = judge(leg);

    fill_timings(leg, t);
    struct http_sample sample = {
        .duration = t->duration,
        .blocked = t->blocked,
        .connecting = t->connecting,
        .tls_handshaking = t->tls_handshaking,
        .sending = t->sending,
        .waiting = t->waiting,
        .receiving = t->receiving,
        .failed =
            expected < 0 ? HTTP_FAILED_UNJUDGED : (expected ? HTTP_FAILED_NO : HTTP_FAILED_YES),
        .sent = leg->bytes.sent,
        .received = leg->bytes.received,
        .has_response = leg->lag >= 0,
        .response = since(leg->ended, leg->asked) + leg->lag,
    };

    struct measure_key key = key_of(leg, expected);

    /* Most are like the one before. */
    if (unlikely(!m->last || leg->result < 0 || !key_is(&m->last->key, &key)))
        m->last = find_known(m, leg, &key);
    struct known *k = m->last;

    recorder_set_origin(m->recorder, origin);
    recorder_http(m->recorder, k->series, &sample, leg->ended);
    return (struct measured){.failed = is_bad(leg, expected),
                             .slot = unlikely(t->duration > k->slot->floor) ? k->slot : NULL};
}
