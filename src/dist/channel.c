/*
 * A frame is the length of what follows (4 bytes, low ones first), the kind (1 byte), the bytes. On
 * one machine both ends are of one build, so nothing is negotiated here.
 */
#include "dist/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "loop/loop.h"

enum {
    HEAD = 5,
    READ_BYTES = 64 << 10,
    WAITING_MAX = 4 * CHANNEL_MESSAGE_MAX, /* then the peer does not read, and is given up */
};

struct channel {
    struct channel_config config;
    struct watch watch;
    struct buf in, out;
    size_t sent; /* of `out` */
    bool closed;
};

static void close_with(struct channel *c, const char *why)
{
    if (c->closed)
        return;
    c->closed = true;
    watch_close(c->config.loop, &c->watch);
    if (c->config.on_closed)
        c->config.on_closed(c->config.arg, why);
}

static const char *reason(int error)
{
    const char *text = strerrordesc_np(error);

    return text ? text : "unknown error";
}

/* ---- sending ---- */

static void flush(struct channel *c)
{
    while (!c->closed && c->sent < c->out.len) {
        ssize_t n = send(c->watch.fd, c->out.data + c->sent, c->out.len - c->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) {
            close_with(c, reason(errno));
            return;
        }
        c->sent += (size_t)n;
    }
    buf_reset(&c->out);
    c->sent = 0;
}

void channel_send(struct channel *c, unsigned kind, struct str bytes)
{
    uint32_t n = (uint32_t)bytes.n + 1;
    char head[HEAD] = {(char)n, (char)(n >> 8), (char)(n >> 16), (char)(n >> 24), (char)kind};

    if (c->closed || bytes.n >= CHANNEL_MESSAGE_MAX)
        return;
    if (buf_reserve(&c->out, sizeof(head) + bytes.n)) {
        close_with(c, "it does not read");
        return;
    }
    buf_put(&c->out, head, sizeof(head));
    buf_putstr(&c->out, bytes);
    flush(c);
}

size_t channel_waiting(const struct channel *c)
{
    return c->closed ? 0 : c->out.len - c->sent;
}

/* ---- receiving ---- */

static uint32_t length_at(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;

    return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

/* Gives out whole messages; the beginning of the next one stays. */
static void deliver(struct channel *c)
{
    struct str rest = buf_str(&c->in);

    while (!c->closed && rest.n >= HEAD) {
        uint32_t n = length_at(rest.p);

        if (n < 1 || n > CHANNEL_MESSAGE_MAX) {
            close_with(c, "it sent what is no message");
            return;
        }
        if (rest.n < HEAD - 1 + (size_t)n)
            break;
        c->config.on_message(c->config.arg, (unsigned char)rest.p[HEAD - 1],
                             str_from(rest.p + HEAD, n - 1));
        rest = str_from_index(rest, HEAD - 1 + (size_t)n);
    }
    buf_drop(&c->in, c->in.len - rest.n);
}

static void receive(struct channel *c)
{
    while (!c->closed) {
        if (buf_reserve(&c->in, READ_BYTES)) {
            close_with(c, "it sent a message that is too long");
            return;
        }
        ssize_t n = recv(c->watch.fd, c->in.data + c->in.len, READ_BYTES, MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            close_with(c, n ? reason(errno) : "it ended");
            return;
        }
        c->in.len += (size_t)n;
        deliver(c);
    }
}

static void on_watch(struct loop *l UNUSED, struct watch *w, unsigned events)
{
    struct channel *c = container_of(w, struct channel, watch);

    if (events & WATCH_WRITE)
        flush(c);
    if (events & WATCH_READ)
        receive(c);
}

/* ---- beginning and end ---- */

int channel_new(const struct channel_config *config, struct channel **ret_channel)
{
    struct channel *c = xnew(struct channel);

    c->config = *config;
    c->watch.fd = config->fd;
    c->in.limit = CHANNEL_MESSAGE_MAX + HEAD + 2 * READ_BYTES;
    c->out.limit = WAITING_MAX;
    int r = watch_open(config->loop, &c->watch, config->fd, on_watch);

    if (r < 0) {
        close(config->fd);
        free(c);
        return r;
    }
    *ret_channel = c;
    return 0;
}

void channel_free(struct channel *c)
{
    if (!c)
        return;
    c->config.on_closed = NULL;
    flush(c);
    close_with(c, "");
    buf_fini(&c->in);
    buf_fini(&c->out);
    free(c);
}
