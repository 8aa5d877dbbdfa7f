/*
 * A dial runs down a list of steps: where to (policy, proxy, names), a TCP connection to one of the
 * addresses, the proxy's handshake, TLS. Attempts race as RFC 8305 has it: a new one starts when
 * the last has failed or a quarter of a second has passed, and the first to connect wins.
 */
#include "net/dial.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "net/dial_priv.h"
#include "net/net_policy.h"
#include "net/proxy.h"
#include "net/resolver.h"
#include "net/stream_priv.h"
#include "net/tls.h"

/* RFC 8305, section 8: Connection Attempt Delay. */
#define STAGGER (250 * NS_PER_MS)

/* One socket on its way; the stream becomes the connection if it wins. */
struct attempt {
    struct stream *stream; /* NULL: over */
    struct race *race;
    mono_ns start;
    struct net_addr addr;
};

struct race {
    const struct dialer *dialer;
    struct coro *coro;
    struct attempt attempts[RESOLVER_MAX_ADDRS];
    size_t n_started;
    size_t n_running;
    struct attempt *winner;
    bool changed;           /* since the dialling coroutine last looked */
    struct net_error error; /* of the first attempt: what the user should hear of */
};

/* ---- one attempt ---- */

static void attempt_over(struct attempt *a, int err)
{
    struct race *race = a->race;

    if (race->error.status == NET_OK)
        net_error_errno(&race->error, "dial", err);
    stream_close(a->stream, STREAM_CLOSE_RESET);
    a->stream = NULL;
    race->n_running--;
}

/* The attempts share one coroutine, which is told by resuming it; an attempt is found by its watch.
 */
static void connect_ready(struct loop *l UNUSED, struct watch *w, unsigned events)
{
    struct stream *s = container_of(w, struct stream, watch);
    struct attempt *a = s->connecting;
    struct race *race = a->race;
    int err = 0;
    socklen_t n = sizeof(err);

    if (!(events & (WATCH_WRITE | WATCH_ERROR)) || race->winner)
        return;
    ignored(getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &err, &n));
    if (err == 0) {
        race->winner = a;
        s->info.connect_done = loop_now(l);
        /* Bytes or the end may have come with the same edge. */
        s->readable = events & WATCH_READ;
        s->hangup = events & WATCH_HANGUP;
    } else {
        attempt_over(a, err);
    }
    race->changed = true;
    coro_resume_now(race->coro, 0);
}

/* Returns 0 or the errno. */
static int socket_prepare(int fd, const struct dialer *d, const struct net_addr *to)
{
    union net_sockaddr sa;
    int on = 1;

    if (d->congestion && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, d->congestion,
                                    (socklen_t)strlen(d->congestion)) < 0)
        return errno;
    if (d->local.family != to->family)
        return 0;
    /* The port is chosen at connect, by the whole tuple, so that more than 64 k fit one address. */
    ignored(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)));

    socklen_t n = net_addr_to_sockaddr(&d->local, &sa);

    return bind(fd, &sa.any, n) < 0 ? errno : 0;
}

/* Opens the socket and starts connecting. Returns 0 or the errno. */
static int attempt_connect(struct attempt *a)
{
    const struct dialer *d = a->race->dialer;
    union net_sockaddr sa;
    int fd = socket(a->addr.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

    if (fd < 0)
        return errno;

    int err = socket_prepare(fd, d, &a->addr);
    socklen_t n = net_addr_to_sockaddr(&a->addr, &sa);

    /* Registered after connect: a socket that is not connecting yet reports a hang-up. */
    if (err == 0 && connect(fd, &sa.any, n) < 0 && errno != EINPROGRESS)
        err = errno;
    if (err != 0) {
        close(fd);
        return err;
    }
    if (stream_new(d->loop, fd, connect_ready, &a->stream) < 0) {
        a->stream = NULL;
        return ENOMEM; /* the limit of watched descriptors, max_user_watches */
    }
    a->stream->connecting = a;
    a->stream->info.connect_start = a->start;
    a->stream->info.remote = a->addr;
    return 0;
}

static void attempt_start(struct race *race, const struct net_addr *addr)
{
    struct attempt *a = &race->attempts[race->n_started++];

    a->race = race;
    a->addr = *addr;
    a->start = loop_clock(race->dialer->loop);

    int err = attempt_connect(a);

    if (err == 0) {
        race->n_running++;
    } else if (race->error.status == NET_OK) {
        net_error_errno(&race->error, "dial", err);
    }
}

/* ---- the race ---- */

static void race_end(struct race *race)
{
    for (size_t i = 0; i < race->n_started; i++) {
        struct attempt *a = &race->attempts[i];

        if (a != race->winner && a->stream)
            stream_close(a->stream, STREAM_CLOSE_RESET);
    }
}

/* Suspends until an attempt has changed or it is time for the next. Returns as coro_park_until. */
static int race_wait(struct race *race, mono_ns until)
{
    int value = 0;

    while (!race->changed && value == 0)
        value = coro_park_until(until);
    race->changed = false;
    return value;
}

static enum net_status race_timeout(struct race *race, bool is_dial_timeout)
{
    return net_error_set(&race->error, is_dial_timeout ? NET_DIAL_TIMEOUT : NET_TIMEOUT);
}

static enum net_status race_run(struct race *race, const struct net_addr *addrs, size_t n,
                                mono_ns dial_deadline, mono_ns deadline)
{
    mono_ns limit = dial_deadline < deadline ? dial_deadline : deadline;
    mono_ns next = 0;

    while (!race->winner) {
        mono_ns now = loop_clock(race->dialer->loop);

        if (race->n_started < n && (now >= next || race->n_running == 0)) {
            attempt_start(race, &addrs[race->n_started]);
            next = now + STAGGER;
            continue;
        }
        if (race->n_running == 0)
            return race->error.status;

        mono_ns until = race->n_started < n && next < limit ? next : limit;
        int value = race_wait(race, until);

        if (value == -ECANCELED)
            return net_error_set(&race->error, NET_CANCELLED);
        if (value == -ETIMEDOUT && loop_clock(race->dialer->loop) >= limit)
            return race_timeout(race, dial_deadline <= deadline);
    }
    return NET_OK;
}

static void note_race(const struct race *race, struct dial_report *report)
{
    const struct attempt *a = race->winner;

    if (!a && race->n_started > 0)
        a = &race->attempts[race->n_started - 1];
    if (!a)
        return;
    report->remote = a->addr;
    report->connect_start = a->start;
    if (race->winner)
        report->connect_done = a->stream->info.connect_done;
}

/* A TCP connection to one of the addresses. */
static enum net_status connect_any(const struct dial_state *st, const struct resolver_answer *to,
                                   struct stream **ret_stream)
{
    struct race *race = xnew(struct race); /* too large for a small stack */
    enum net_status status;

    race->dialer = st->dialer;
    race->coro = coro_self();
    status = race_run(race, to->addrs, to->n_addrs, st->dial_deadline, st->deadline);
    note_race(race, st->report);
    if (status == NET_OK) {
        *ret_stream = race->winner->stream;
        (*ret_stream)->connecting = NULL;
        stream_established(*ret_stream);
    } else {
        race->winner = NULL;
        st->report->error = race->error;
    }
    race_end(race);
    free(race);
    return status;
}

/* ---- where to ---- */

/* Leaves out forbidden addresses; the error is theirs when none is left. */
static enum net_status drop_forbidden(const struct dial_state *st, struct resolver_answer *a)
{
    size_t n = 0;

    for (size_t i = 0; i < a->n_addrs; i++) {
        if (!net_policy_forbids(st->dialer->policy, &a->addrs[i]))
            a->addrs[n++] = a->addrs[i];
    }
    if (n == 0) {
        st->report->remote = a->addrs[0];
        return net_error_setf(&st->report->error, NET_BLACKLISTED, "ip is blacklisted");
    }
    a->n_addrs = n;
    return NET_OK;
}

static enum net_status lookup(const struct dial_state *st, struct str host,
                              struct resolver_answer *a)
{
    const struct dialer *d = st->dialer;
    mono_ns limit = st->dial_deadline < st->deadline ? st->dial_deadline : st->deadline;
    enum net_status status;

    if (!d->resolver) {
        if (!net_addr_parse(host, &a->addrs[0]))
            return net_error_set(&st->report->error, NET_NO_HOST);
        a->n_addrs = 1;
        return NET_OK;
    }
    status = resolver_lookup(d->resolver, host, limit, a, &st->report->error);
    if (status == NET_TIMEOUT && st->dial_deadline <= st->deadline)
        return net_error_set(&st->report->error, NET_DIAL_TIMEOUT);
    return status;
}

/* k6's order: blocked name, override, literal address, DNS, forbidden ranges. */
static enum net_status find_addrs(const struct dial_state *st, struct str host, uint16_t port,
                                  struct resolver_answer *a)
{
    const struct net_policy *policy = st->dialer->policy;

    if (net_policy_blocks(policy, host))
        return net_error_setf(&st->report->error, NET_BLOCKED, "hostname is blocked");
    if (net_policy_override(policy, host, port, &a->addrs[0])) {
        a->n_addrs = 1;
    } else {
        enum net_status status = lookup(st, host, a);

        if (status != NET_OK)
            return status;
        for (size_t i = 0; i < a->n_addrs; i++)
            a->addrs[i].port = port;
    }
    st->report->lookup_done = loop_clock(st->dialer->loop);
    return drop_forbidden(st, a);
}

/* ---- the whole ---- */

/* A stream that failed after it was connected: keep what its bytes and words tell, and drop it. */
static enum net_status drop_stream(const struct dial_state *st, struct stream *s,
                                   enum net_status status)
{
    st->report->bytes_in = s->bytes_in;
    st->report->bytes_out = s->bytes_out;
    st->report->tls_start = s->info.tls_start;
    if (s->error && s->error->status == status) {
        st->report->error = *s->error;
    } else if (st->report->error.status != status) {
        net_error_set(&st->report->error, status);
    }
    stream_close(s, STREAM_CLOSE_RESET);
    return status;
}

/* What comes after the TCP connection: the proxy's handshake, then TLS. */
static enum net_status set_up(const struct dial_state *st, struct stream *s)
{
    const struct dial_target *t = st->target;
    enum net_status status = NET_OK;

    if (st->proxy && st->proxy->kind == PROXY_SOCKS5) {
        status = dial_socks5(st, s);
    } else if (st->proxy && t->security == DIAL_TLS) {
        status = dial_http_connect(st, s);
    } else if (st->proxy) {
        s->info.via_http_proxy = true;
    }
    if (status != NET_OK || t->security == DIAL_PLAIN)
        return status;
    return tls_connect(s, &(struct tls_connect){
                              .config = st->dialer->tls,
                              .sessions = t->insecure ? NULL : st->dialer->sessions,
                              .host = t->host,
                              .port = t->port,
                              .alpn = t->alpn,
                              .insecure = t->insecure,
                              .deadline = st->deadline,
                          });
}

static enum net_status dial_steps(struct dial_state *st, struct stream **ret_stream)
{
    struct resolver_answer to = {.n_addrs = 0};
    struct str host = st->proxy ? st->proxy->host : st->target->host;
    uint16_t port = st->proxy ? st->proxy->port : st->target->port;
    struct stream *s = NULL;
    enum net_status status = find_addrs(st, host, port, &to);

    if (status == NET_OK)
        status = connect_any(st, &to, &s);
    if (status != NET_OK)
        return status;
    status = set_up(st, s);
    if (status != NET_OK)
        return drop_stream(st, s, status);
    st->report->tls_start = s->info.tls_start;
    st->report->tls_done = s->info.tls_done;
    *ret_stream = s;
    return NET_OK;
}

enum net_status dial(const struct dialer *d, const struct dial_target *t,
                     struct stream **ret_stream, struct dial_report *ret_report)
{
    struct dial_state st = {.dialer = d, .target = t, .report = ret_report};
    span_ns timeout = d->dial_timeout > 0 ? d->dial_timeout : DIAL_TIMEOUT_DEFAULT;

    assert(coro_self() && (t->security == DIAL_PLAIN || d->tls));
    memset(ret_report, 0, sizeof(*ret_report));
    ret_report->start = loop_clock(d->loop);
    st.dial_deadline = ret_report->start + timeout;
    st.deadline = t->deadline > 0 ? t->deadline : MONO_NEVER;
    st.proxy = proxy_for(d->proxies, t->security == DIAL_TLS ? PROXY_FOR_HTTPS : PROXY_FOR_HTTP,
                         t->host, t->port);
    return dial_steps(&st, ret_stream);
}
