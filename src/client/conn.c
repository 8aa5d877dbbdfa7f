/*
 * The connections of one user. There are few of them, most recently used first, so a walk is faster
 * than any index. Idle ones that went bad are found when they are looked at; nothing watches them.
 */
#include "base/mem.h"
#include "client/client_priv.h"
#include "net/tls.h"

static bool conn_serves(const struct conn *conn, const struct url *u)
{
    return conn->url == u ||
           (conn->url->is_tls == u->is_tls && str_eq(conn->url->host_port, u->host_port));
}

void conn_account(struct conn *conn)
{
    uint64_t in = stream_bytes_in(conn->stream);
    uint64_t out = stream_bytes_out(conn->stream);

    conn->client->bytes.received += in - conn->seen_in;
    conn->client->bytes.sent += out - conn->seen_out;
    conn->seen_in = in;
    conn->seen_out = out;
}

void conn_close(struct conn *conn)
{
    struct client *c = conn->client;

    conn_account(conn);
    list_remove(&conn->link);
    c->n_conns--;
    stream_close(conn->stream, STREAM_CLOSE);
    url_unref(conn->url);
    conn->url = NULL;
    conn->stream = NULL;
    list_add_head(&c->cl->free_conns, &conn->link);
}

/* Only over TLS is there a difference. */
static bool is_insecure(const struct leg *leg)
{
    return leg->req->insecure && leg->url->is_tls;
}

static struct conn *find_idle(struct client *c, const struct leg *leg)
{
    struct conn *conn, *tmp;

    list_each_safe(conn, tmp, &c->conns, link) {
        if (conn->n_active >= conn->max_active || !conn_serves(conn, leg->url) ||
            conn->insecure != is_insecure(leg))
            continue;
        if (stream_is_idle_good(conn->stream))
            return conn;
        if (conn->n_active == 0)
            conn_close(conn);
    }
    return NULL;
}

static struct conn *conn_new(struct client *c, struct stream *stream, struct url *u)
{
    struct list *spare = list_pop(&c->cl->free_conns);
    struct conn *conn = spare ? list_entry(spare, struct conn, link) : xnew_lines(struct conn);

    conn->client = c;
    conn->stream = stream;
    conn->url = url_ref(u);
    conn->insecure = false;
    conn->via_http_proxy = stream_info(stream)->via_http_proxy;
    conn->n_active = 0;
    conn->max_active = 1;
    conn->seen_in = 0;
    conn->seen_out = 0;
    list_init(&conn->link);
    list_add_head(&c->conns, &conn->link);
    c->n_conns++;
    return conn;
}

/* Out of line: its frame is large, and most requests find a connection. */
static COLD struct conn *dial_new(struct client *c, struct leg *leg)
{
    const struct client_policy *p = c->cl->policy;
    const struct url *u = leg->url;
    struct stream *stream = NULL;

    if (u->is_tls && !c->sessions)
        c->sessions = tls_sessions_new();
    struct dialer dialer = {.loop = c->cl->loop,
                            .resolver = c->cl->resolver,
                            .policy = p->net,
                            .proxies = p->proxies,
                            .tls = p->tls,
                            .sessions = c->sessions,
                            .local = c->local,
                            .congestion = p->congestion};
    struct dial_target target = {.host = u->host,
                                 .port = u->port,
                                 .security = u->is_tls ? DIAL_TLS : DIAL_PLAIN,
                                 .alpn = u->is_tls ? STR("http/1.1") : STR(""),
                                 .insecure = leg->req->insecure,
                                 .deadline = leg->deadline};
    struct dial_report report = {0};
    enum net_status status = dial(&dialer, &target, &stream, &report);

    leg->connecting = report.connect_done ? report.connect_done - report.connect_start : 0;
    leg->resolving = report.lookup_done ? report.lookup_done - report.start : 0;
    leg->tls_handshaking = report.tls_done ? report.tls_done - report.tls_start : 0;
    if (status != NET_OK) {
        c->bytes.received += report.bytes_in;
        c->bytes.sent += report.bytes_out;
        leg->error = report.error;
        return NULL;
    }
    struct conn *conn = conn_new(c, stream, leg->url);

    conn->insecure = is_insecure(leg);
    return conn;
}

struct conn *conn_get(struct client *c, struct leg *leg, bool fresh)
{
    bool may_reuse = !fresh && c->cl->policy->reuse == CLIENT_REUSE;
    struct conn *conn = may_reuse ? find_idle(c, leg) : NULL;

    leg->reused = conn != NULL;
    if (!conn)
        conn = dial_new(c, leg);
    leg->obtained = leg->reused ? leg->asked : loop_now(c->cl->loop);
    if (conn)
        conn->n_active++;
    return conn;
}

/* Beyond what a user may keep idle, the least recently used connection goes. */
static void trim_idle(struct client *c, const struct conn *newest)
{
    const struct client_policy *p = c->cl->policy;
    uint32_t n_all = 0, n_host = 0;
    struct conn *conn, *tmp;

    list_each_safe(conn, tmp, &c->conns, link) {
        if (conn->n_active)
            continue;
        bool same = conn_serves(conn, newest->url);

        n_all++;
        n_host += same;
        if (conn != newest && (n_all > p->max_idle || (same && n_host > p->max_idle_per_host)))
            conn_close(conn);
    }
}

void conn_put(struct conn *conn, enum conn_fate fate)
{
    struct client *c = conn->client;

    conn->n_active--;
    if (fate == CONN_CLOSE || c->cl->policy->reuse == CLIENT_NEW_EACH) {
        if (conn->n_active == 0)
            conn_close(conn);
        return;
    }
    conn_account(conn);
    if (c->conns.next != &conn->link) {
        list_remove(&conn->link);
        list_add_head(&c->conns, &conn->link);
    }
    if (unlikely(c->n_conns > c->cl->policy->trim_above))
        trim_idle(c, conn);
}
