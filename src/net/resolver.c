/*
 * A name has one entry, whether it is being asked for, known, or known not to exist. Who needs an
 * entry that is being asked for waits on it, so there is one question per name at a time.
 *
 * c-ares asks; its sockets are watched by the loop, its timeouts are one timer. The hosts file is
 * read here, once, because c-ares would read it in the loop at every question.
 */
#include "net/resolver.h"

#include <ares.h>
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/table.h"
#include "loop/coro.h"
#include "loop/loop.h"

enum {
    MAX_ENTRIES = 4096,   /* names a script makes up must not fill the memory */
    HOST_MAX_BYTES = 253, /* RFC 1035 */
    HOSTS_LINE_BYTES = 2048,
    READS_PER_EVENT = 64,
};

#define TTL_OF_FAILURE (5 * NS_PER_S)

/* Addresses of one name in the order they were given. */
struct addr_list {
    struct net_addr addrs[RESOLVER_MAX_ADDRS];
    size_t n;
};

struct entry {
    struct resolver *resolver;
    char host[HOST_MAX_BYTES + 1];
    bool asking;
    bool fixed;     /* from the hosts file: never forgotten */
    size_t n_users; /* callers that will look at it when they run again */
    mono_ns expires;
    enum net_status status;
    struct net_error error;
    struct addr_list list;
    unsigned turn; /* of RESOLVER_ROUND_ROBIN */
    struct coro_waitlist waiting;
};

/* A socket of c-ares. */
struct dns_socket {
    struct watch watch;
    struct resolver *resolver;
    struct list link;
};

struct resolver {
    struct loop *loop;
    ares_channel channel;
    struct resolver_options options;
    struct table entries; /* by lower-case name */
    struct list sockets;
    struct timer timer;
    uint64_t random;
    uint64_t n_lookups;
};

/* ---- option words ---- */

bool resolver_select_parse(struct str word, enum resolver_select *ret_select)
{
    static const char *const words[] = {
        [RESOLVER_RANDOM] = "random",
        [RESOLVER_FIRST] = "first",
        [RESOLVER_ROUND_ROBIN] = "roundRobin",
    };

    for (size_t i = 0; i < countof(words); i++) {
        if (str_eq_nocase(word, str_of(words[i]))) {
            *ret_select = (enum resolver_select)i;
            return true;
        }
    }
    return false;
}

bool resolver_policy_parse(struct str word, enum resolver_policy *ret_policy)
{
    static const char *const words[] = {
        [RESOLVER_PREFER_IPV4] = "preferIPv4",
        [RESOLVER_PREFER_IPV6] = "preferIPv6",
        [RESOLVER_ONLY_IPV4] = "onlyIPv4",
        [RESOLVER_ONLY_IPV6] = "onlyIPv6",
        [RESOLVER_ANY] = "any",
    };

    for (size_t i = 0; i < countof(words); i++) {
        if (str_eq_nocase(word, str_of(words[i]))) {
            *ret_policy = (enum resolver_policy)i;
            return true;
        }
    }
    return false;
}

/* ---- entries ---- */

static void entry_add(struct entry *e, struct net_addr a)
{
    if (e->list.n < RESOLVER_MAX_ADDRS)
        e->list.addrs[e->list.n++] = a;
}

static struct entry *entry_new(struct resolver *r, struct str host)
{
    struct entry *e = xnew(struct entry);

    e->resolver = r;
    memcpy(e->host, host.p, host.n);
    coro_waitlist_init(&e->waiting);
    table_set(&r->entries, host, e);
    return e;
}

enum sweep {
    SWEEP_EXPIRED,
    SWEEP_ALL,
};

static void entries_sweep(struct resolver *r, enum sweep what)
{
    mono_ns now = loop_now(r->loop);
    struct table kept = {0};
    struct table_entry *t;

    table_each(t, &r->entries) {
        struct entry *e = t->value;

        if (e->fixed || e->asking || e->n_users > 0 ||
            (what == SWEEP_EXPIRED && e->expires > now)) {
            table_set(&kept, t->key, e);
        } else {
            free(e);
        }
    }
    table_fini(&r->entries);
    r->entries = kept;
}

static struct entry *entry_get(struct resolver *r, struct str host)
{
    struct entry *e = table_get(&r->entries, host);

    if (e)
        return e;
    if (r->entries.n_live >= MAX_ENTRIES)
        entries_sweep(r, SWEEP_EXPIRED);
    if (r->entries.n_live >= MAX_ENTRIES)
        entries_sweep(r, SWEEP_ALL);
    return entry_new(r, host);
}

/* ---- the hosts file ---- */

static void hosts_name(struct resolver *r, struct str name, struct net_addr a)
{
    char lower[HOST_MAX_BYTES];

    if (name.n == 0 || name.n > HOST_MAX_BYTES)
        return;
    for (size_t i = 0; i < name.n; i++)
        lower[i] = ascii_lower(name.p[i]);

    struct str key = str_from(lower, name.n);
    struct entry *e = table_get(&r->entries, key);

    if (!e)
        e = entry_new(r, key);
    e->fixed = true;
    e->expires = MONO_NEVER;
    entry_add(e, a);
}

static bool next_word(struct str *rest, struct str *ret_word)
{
    *rest = str_trim(*rest);

    size_t n = 0;

    while (n < rest->n && !ascii_space(rest->p[n]))
        n++;
    *ret_word = str_from(rest->p, n);
    *rest = str_from_index(*rest, n);
    return n > 0;
}

static void hosts_line(struct resolver *r, struct str line)
{
    struct str word;
    struct net_addr a;

    line = str_from(line.p, str_find(line, '#'));
    if (!next_word(&line, &word) || !net_addr_parse(word, &a))
        return;
    while (next_word(&line, &word))
        hosts_name(r, word, a);
}

/* A missing file is an empty one; localhost is known all the same (RFC 6761, section 6.3). */
static void hosts_read(struct resolver *r, const char *path)
{
    FILE *f = fopen(path, "re");
    char line[HOSTS_LINE_BYTES];

    while (f && fgets(line, sizeof(line), f))
        hosts_line(r, str_of(line));
    if (f)
        fclose(f);
    if (!table_get(&r->entries, STR("localhost"))) {
        hosts_line(r, STR("127.0.0.1 localhost"));
        hosts_line(r, STR("::1 localhost"));
    }
}

/* ---- c-ares on the loop ---- */

static void timer_fired(struct loop *l, struct timer *t);

/* After every call of c-ares: when does it want to look again? */
static void timer_renew(struct resolver *r)
{
    struct timeval tv;

    if (!ares_timeout(r->channel, NULL, &tv)) {
        timer_disarm(&r->timer);
        return;
    }

    span_ns wait = (span_ns)tv.tv_sec * NS_PER_S + (span_ns)tv.tv_usec * NS_PER_US;

    /* It looks at milliseconds only; a moment later saves a round in vain. */
    timer_set(r->loop, &r->timer, loop_clock(r->loop) + wait + NS_PER_MS, timer_fired);
}

static void timer_fired(struct loop *l UNUSED, struct timer *t)
{
    struct resolver *r = container_of(t, struct resolver, timer);

    ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    timer_renew(r);
}

static struct dns_socket *socket_find(struct resolver *r, int fd)
{
    struct dns_socket *s;

    list_each(s, &r->sockets, link) {
        if (s->watch.fd == fd)
            return s;
    }
    return NULL;
}

/*
 * c-ares reads once per call and expects to be told again, an edge is told once: so it is called
 * until nothing is left. The socket may be gone after any call.
 */
static void socket_ready(struct loop *l UNUSED, struct watch *w, unsigned events)
{
    struct resolver *r = container_of(w, struct dns_socket, watch)->resolver;
    int fd = w->fd;
    int can_write = events & WATCH_WRITE ? fd : ARES_SOCKET_BAD;

    ares_process_fd(r->channel, fd, can_write);
    for (int i = 0; i < READS_PER_EVENT && socket_find(r, fd); i++) {
        struct pollfd p = {.fd = fd, .events = POLLIN};

        if (poll(&p, 1, 0) <= 0)
            break;
        ares_process_fd(r->channel, fd, ARES_SOCKET_BAD);
    }
    timer_renew(r);
}

static void socket_changed(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct resolver *r = arg;
    struct dns_socket *s = socket_find(r, fd);

    if (!s && (readable || writable)) {
        s = xnew(struct dns_socket);
        s->resolver = r;
        list_add_tail(&r->sockets, &s->link);
        /* Without a watch the question runs into its timeout, which is reported. */
        ignored(watch_open(r->loop, &s->watch, fd, socket_ready));
    } else if (s && !readable && !writable) {
        watch_remove(r->loop, &s->watch);
        list_remove(&s->link);
        free(s);
    }
}

/* ---- asking ---- */

static enum net_status ask_failed(struct entry *e, int status)
{
    switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_EBADNAME:
    case ARES_ENONAME:
        return net_error_set(&e->error, NET_NO_HOST);
    case ARES_ETIMEOUT:
        return net_error_setf(&e->error, NET_DNS, "lookup %s: i/o timeout", e->host);
    case ARES_ECONNREFUSED:
        return net_error_setf(&e->error, NET_DNS, "lookup %s: connection refused", e->host);
    case ARES_ESERVFAIL:
    case ARES_EREFUSED:
        return net_error_setf(&e->error, NET_DNS, "lookup %s: server misbehaving", e->host);
    default:
        return net_error_setf(&e->error, NET_DNS, "lookup %s: %s", e->host, ares_strerror(status));
    }
}

/* The clock may have moved far since the answer was read: it counts from now. */
static void set_expiry(struct entry *e)
{
    span_ns ttl = e->resolver->options.ttl;

    if (e->status != NET_OK && ttl > TTL_OF_FAILURE)
        ttl = TTL_OF_FAILURE;
    e->expires = ttl == RESOLVER_TTL_FOREVER ? MONO_NEVER : loop_now(e->resolver->loop) + ttl;
}

static void answered(void *arg, int status, int n_timeouts UNUSED, struct ares_addrinfo *info)
{
    struct entry *e = arg;

    if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) {
        e->asking = false;
        coro_waitlist_wake_all(&e->waiting, -ECANCELED);
        return;
    }
    e->list.n = 0;
    for (const struct ares_addrinfo_node *n = info ? info->nodes : NULL; n; n = n->ai_next)
        entry_add(e, net_addr_from_sockaddr(n->ai_addr));
    if (info)
        ares_freeaddrinfo(info);
    if (status == ARES_SUCCESS && e->list.n == 0)
        status = ARES_ENODATA;
    e->status = status == ARES_SUCCESS ? NET_OK : ask_failed(e, status);
    e->asking = false;
    set_expiry(e);
    coro_waitlist_wake_all(&e->waiting, 0);
}

static void ask(struct resolver *r, struct entry *e)
{
    static const int families[] = {
        [RESOLVER_PREFER_IPV4] = AF_UNSPEC, [RESOLVER_PREFER_IPV6] = AF_UNSPEC,
        [RESOLVER_ONLY_IPV4] = AF_INET,     [RESOLVER_ONLY_IPV6] = AF_INET6,
        [RESOLVER_ANY] = AF_UNSPEC,
    };
    struct ares_addrinfo_hints hints = {
        .ai_family = families[r->options.policy],
        .ai_flags = ARES_AI_NOSORT,
        .ai_socktype = SOCK_STREAM,
    };

    e->asking = true;
    r->n_lookups++;
    ares_getaddrinfo(r->channel, e->host, NULL, &hints, answered, e);
    timer_renew(r);
}

/* ---- choosing ---- */

static uint64_t random_below(struct resolver *r, uint64_t n)
{
    /* splitmix64: small, seedable, and good enough to spread connections. */
    uint64_t z = r->random += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (z ^ (z >> 31)) % n;
}

static void choose_family(struct resolver_answer *a, const struct addr_list *list, int family)
{
    for (size_t i = 0; i < list->n; i++) {
        if (family == AF_UNSPEC || list->addrs[i].family == family)
            a->addrs[a->n_addrs++] = list->addrs[i];
    }
}

static void choose_families(struct resolver_answer *a, const struct addr_list *list,
                            enum resolver_policy policy)
{
    static const int first[] = {
        [RESOLVER_PREFER_IPV4] = AF_INET, [RESOLVER_PREFER_IPV6] = AF_INET6,
        [RESOLVER_ONLY_IPV4] = AF_INET,   [RESOLVER_ONLY_IPV6] = AF_INET6,
        [RESOLVER_ANY] = AF_UNSPEC,
    };

    a->n_addrs = 0;
    choose_family(a, list, first[policy]);
    if (a->n_addrs == 0 && (policy == RESOLVER_PREFER_IPV4 || policy == RESOLVER_PREFER_IPV6))
        choose_family(a, list, AF_UNSPEC);
}

static void rotate(struct resolver_answer *a, size_t by)
{
    struct resolver_answer old = *a;

    for (size_t i = 0; i < a->n_addrs; i++)
        a->addrs[i] = old.addrs[(i + by) % a->n_addrs];
}

static enum net_status choose(struct resolver *r, struct entry *e, struct resolver_answer *a,
                              struct net_error *error)
{
    choose_families(a, &e->list, r->options.policy);
    if (a->n_addrs == 0)
        return net_error_set(error, NET_NO_HOST);
    if (a->n_addrs == 1)
        return NET_OK;
    if (r->options.select == RESOLVER_ROUND_ROBIN)
        rotate(a, e->turn++ % a->n_addrs);
    for (size_t i = a->n_addrs; r->options.select == RESOLVER_RANDOM && i > 1; i--) {
        size_t j = random_below(r, i);
        struct net_addr swap = a->addrs[i - 1];

        a->addrs[i - 1] = a->addrs[j];
        a->addrs[j] = swap;
    }
    return NET_OK;
}

/* ---- looking up ---- */

/* Suspends until the entry is answered, in whatever way. Returns as coro_park_until. */
static int entry_wait(struct entry *e, mono_ns deadline)
{
    int value = 0;

    while (e->asking && value == 0)
        value = coro_waitlist_wait(&e->waiting, deadline);
    return value;
}

static enum net_status entry_result(struct entry *e, struct resolver_answer *a,
                                    struct net_error *error)
{
    if (e->status == NET_OK)
        return choose(e->resolver, e, a, error);
    if (error)
        *error = e->error;
    return e->status;
}

static enum net_status entry_use(struct entry *e, mono_ns deadline, struct resolver_answer *a,
                                 struct net_error *error)
{
    enum net_status status;

    e->n_users++;

    int value = entry_wait(e, deadline);

    e->n_users--;
    if (value == -ETIMEDOUT) {
        status = net_error_set(error, NET_TIMEOUT);
    } else if (value < 0 || !e->resolver) {
        status = net_error_set(error, NET_CANCELLED);
    } else {
        status = entry_result(e, a, error);
    }
    /* The resolver is gone and left its entry to whoever still looks at it. */
    if (!e->resolver && e->n_users == 0)
        free(e);
    return status;
}

enum net_status resolver_lookup(struct resolver *r, struct str host, mono_ns deadline,
                                struct resolver_answer *ret_answer, struct net_error *ret_error)
{
    char lower[HOST_MAX_BYTES + 1];
    struct net_addr literal;

    if (net_addr_parse(host, &literal)) {
        *ret_answer = (struct resolver_answer){.addrs = {literal}, .n_addrs = 1};
        return NET_OK;
    }
    if (host.n > 0 && host.p[host.n - 1] == '.')
        host.n--;
    if (host.n == 0 || host.n > HOST_MAX_BYTES || memchr(host.p, '\0', host.n))
        return net_error_set(ret_error, NET_NO_HOST);
    for (size_t i = 0; i < host.n; i++)
        lower[i] = ascii_lower(host.p[i]);

    struct entry *e = entry_get(r, str_from(lower, host.n));

    if (!e->asking && !e->fixed && e->expires <= loop_now(r->loop))
        ask(r, e);

    return entry_use(e, deadline, ret_answer, ret_error);
}

uint64_t resolver_n_lookups(const struct resolver *r)
{
    return r->n_lookups;
}

/* ---- beginning and end ---- */

static int channel_open(struct resolver *r)
{
    char lookups[] = "b"; /* questions only; the hosts file is ours */
    struct ares_options options = {
        .sock_state_cb = socket_changed,
        .sock_state_cb_data = r,
        .lookups = lookups,
    };
    int status;

    status = ares_init_options(&r->channel, &options, ARES_OPT_SOCK_STATE_CB | ARES_OPT_LOOKUPS);
    if (status != ARES_SUCCESS)
        return fault(-EINVAL, "cannot start the resolver: %s", ares_strerror(status));
    if (!r->options.servers)
        return 0;
    status = ares_set_servers_ports_csv(r->channel, r->options.servers);
    if (status != ARES_SUCCESS) {
        return fault(-EINVAL, "bad list of DNS servers '%s': %s", r->options.servers,
                     ares_strerror(status));
    }
    return 0;
}

int resolver_new(struct loop *l, const struct resolver_options *options,
                 struct resolver **ret_resolver)
{
    struct resolver *r = xnew(struct resolver);

    r->loop = l;
    r->options = options ? *options : RESOLVER_OPTIONS_INIT;
    r->random = r->options.seed;
    list_init(&r->sockets);

    int result = channel_open(r);

    if (result < 0) {
        resolver_free(r);
        return result;
    }
    hosts_read(r, r->options.hosts_path ? r->options.hosts_path : "/etc/hosts");
    *ret_resolver = r;
    return 0;
}

void resolver_free(struct resolver *r)
{
    struct table_entry *t;

    if (!r)
        return;
    if (r->channel)
        ares_destroy(r->channel);
    timer_clear(&r->timer);
    table_each(t, &r->entries) {
        struct entry *e = t->value;

        e->resolver = NULL;
        if (e->n_users == 0)
            free(e);
    }
    table_fini(&r->entries);
    free(r);
}
