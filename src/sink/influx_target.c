/* The URL goes over all else that was said: k6 orders its sources so. */
#include "sink/influx_target.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/mem.h"
#include "proto/form.h"
#include "proto/url.h"
#include "sink/line_protocol.h"

#define UDP_SCHEME "udp://"

static bool is_said(const char *text)
{
    return text && text[0];
}

/* `a`, or `b` when that is empty. */
static struct str either(struct str a, const char *b)
{
    return a.n ? a : str_of(b);
}

static void add_query(struct buf *url, const char *key, struct str value)
{
    if (!value.n)
        return;
    buf_putc(url, memchr(url->data, '?', url->len) ? '&' : '?');
    buf_printf(url, "%s=", key);
    ignored(form_escape(url, value));
}

/* ---- who we are ---- */

static char *basic(struct str user, struct str password)
{
    struct buf plain = {0}, out = {0};

    buf_putstr(&plain, user);
    buf_putc(&plain, ':');
    buf_putstr(&plain, password);
    buf_puts(&out, "Basic ");
    ignored(base64_encode(BASE64_STD, buf_str(&plain), &out));
    buf_fini(&plain);
    return buf_take(&out, NULL);
}

static char *authorization_of(enum influx_version version, const struct influx_options *o,
                              struct str user, struct str password)
{
    if (is_said(o->token))
        return xasprintf("Token %s", o->token);
    if (!user.n)
        return NULL;
    if (version == INFLUX_V1)
        return basic(user, password);
    return xasprintf("Token %.*s:%.*s", STR_ARG(user), STR_ARG(password));
}

/* ---- paths ---- */

/* The last segment is the database, what is before it belongs to the address. */
static void split_path(struct str path, struct str *ret_prefix, struct str *ret_last)
{
    size_t slash = path.n;

    while (slash > 0 && path.p[slash - 1] != '/')
        slash--;
    *ret_prefix = str_from(path.p, slash ? slash - 1 : 0);
    *ret_last = str_from_index(path, slash);
}

static int decode_path(struct str path, struct buf *out)
{
    return percent_decode(out, path) == 0 ? 0 : fault(FAULT_EXIT(104), "the path is too long");
}

static int set_v1(struct influx_target *t, const struct influx_options *o, const struct url *u,
                  const char *precision)
{
    scoped(buf_fini) struct buf db_text = {0};
    struct buf write = {0}, create = {0};
    struct str prefix, last;

    split_path(u->path, &prefix, &last);
    TRY(decode_path(last, &db_text));
    struct str db = either(buf_str(&db_text), o->db);

    buf_printf(&write, "%.*s%.*s/write", STR_ARG(u->origin), STR_ARG(prefix));
    add_query(&write, "db", db);
    add_query(&write, "rp", str_of(o->retention));
    add_query(&write, "precision", str_of(precision));
    add_query(&write, "consistency", str_of(o->consistency));
    t->write_url = buf_take(&write, NULL);
    t->query_url = xasprintf("%.*s%.*s/query", STR_ARG(u->origin), STR_ARG(prefix));
    if (!db.n)
        return 0;
    buf_puts(&create, "q=CREATE+DATABASE+%22");
    for (size_t i = 0; i < db.n; i++) {
        if (db.p[i] == '"' || db.p[i] == '\\')
            buf_puts(&create, "%5C");
        ignored(form_escape(&create, str_from(db.p + i, 1)));
    }
    buf_puts(&create, "%22");
    t->create = buf_take(&create, NULL);
    return 0;
}

static int set_v2(struct influx_target *t, const struct influx_options *o, const struct url *u,
                  const char *precision)
{
    scoped(buf_fini) struct buf path = {0};
    struct buf write = {0};

    TRY(decode_path(str_from_index(u->path, 1), &path));
    struct str bucket = buf_str(&path);

    while (bucket.n && bucket.p[bucket.n - 1] == '/')
        bucket.n--;
    bucket = either(bucket, o->bucket);
    if (!bucket.n) {
        return fault(FAULT_EXIT(104),
                     "InfluxDB 2 needs a bucket: http://host:8086/BUCKET, ?bucket= or "
                     "K6_INFLUXDB_BUCKET");
    }
    buf_printf(&write, "%.*s/api/v2/write", STR_ARG(u->origin));
    add_query(&write, "org", str_of(o->org));
    add_query(&write, "bucket", bucket);
    add_query(&write, "precision", str_of(precision));
    t->write_url = buf_take(&write, NULL);
    return 0;
}

/* ---- all of it ---- */

static enum influx_version version_of(const struct influx_options *o, enum influx_dialect dialect)
{
    if (is_said(o->version) && strcmp(o->version, "auto") != 0)
        return o->version[0] == '2' ? INFLUX_V2 : INFLUX_V1;
    if (dialect == INFLUX_DIALECT_XK6)
        return INFLUX_V2;
    return is_said(o->token) || is_said(o->bucket) ? INFLUX_V2 : INFLUX_V1;
}

/* The word for the request, or NULL to say nothing: nanoseconds. */
static int precision_of(struct influx_target *t, const struct influx_options *o, bool exact,
                        const char **ret_word)
{
    t->unit = 1;
    *ret_word = NULL;
    if (!is_said(o->precision))
        return 0;
    if (!line_precision(str_of(o->precision), &t->unit)) {
        return fault(FAULT_EXIT(104), "precision is n, u, ms, s, m or h, and not \"%s\"",
                     o->precision);
    }
    if (!exact)
        return 0;
    *ret_word = t->version == INFLUX_V1 ? line_precision_v1(t->unit) : line_precision_v2(t->unit);
    if (!*ret_word)
        return fault(FAULT_EXIT(104), "InfluxDB 2 has no precision \"%s\"", o->precision);
    return 0;
}

static int init_udp(struct influx_target *t, struct str address)
{
    struct str host = str_from(address.p, str_find(address, '/'));

    t->is_udp = true;
    if (t->version == INFLUX_V2)
        return fault(FAULT_EXIT(104), "InfluxDB 2 takes nothing over UDP");
    return endpoint_parse(host, 8089, &t->endpoint);
}

static int init(struct influx_target *t, const struct influx_options *o,
                enum influx_dialect dialect, const char *arg, bool exact)
{
    scoped(url_unrefp) struct url *u = NULL;
    struct str address = str_of(is_said(arg) ? arg : o->addr);
    const char *precision;

    t->version = version_of(o, dialect);
    if (is_said(o->proxy))
        return fault(FAULT_EXIT(104), "a proxy for InfluxDB is not supported (K6_INFLUXDB_PROXY)");
    if (o->concurrent_writes < 1 || o->concurrent_writes > 64)
        return fault(FAULT_EXIT(104), "concurrentWrites is from 1 to 64");
    if (o->payload_size < 64 || o->payload_size > 65507)
        return fault(FAULT_EXIT(104), "payload_size is from 64 to 65507 bytes");
    TRY(precision_of(t, o, exact, &precision));
    if (str_starts(address, STR(UDP_SCHEME)))
        return init_udp(t, str_from_index(address, strlen(UDP_SCHEME)));
    if (url_parse(address, NULL, &u)) {
        scoped(freep) char *why = xstrdup(fault_text());

        return fault(FAULT_EXIT(104), "InfluxDB's address: %s", why);
    }
    if (u->is_websocket)
        return fault(FAULT_EXIT(104), "InfluxDB's address begins with http, https or udp");
    t->authorization = authorization_of(t->version, o, either(u->username, o->username),
                                        either(u->password, o->password));
    return t->version == INFLUX_V1 ? set_v1(t, o, u, precision) : set_v2(t, o, u, precision);
}

int influx_target_init(struct influx_target *t, const struct influx_options *options,
                       enum influx_dialect dialect, const char *arg, bool exact)
{
    *t = (struct influx_target){0};
    int r = init(t, options, dialect, arg, exact);

    if (r)
        influx_target_fini(t);
    return r;
}

void influx_target_fini(struct influx_target *t)
{
    free(t->write_url);
    free(t->query_url);
    free(t->create);
    free(t->authorization);
    *t = (struct influx_target){0};
}
