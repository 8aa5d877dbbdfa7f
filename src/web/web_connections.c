/*
 * /api/connections: what cli's table gives, one call at a time. A key comes in and never goes out;
 * its bytes are wiped once they were handed on.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "web/web_body.h"
#include "web/web_site_priv.h"

static void put_text(struct json_out *j, const char *key, struct str value)
{
    json_key(j, key);
    json_put_str(j, value);
}

static void put_connection(void *arg, const struct web_connection *c)
{
    struct json_out *j = arg;

    json_open_object(j);
    put_text(j, "name", c->name);
    put_text(j, "provider", STR("grafana"));
    put_text(j, "endpoint", c->endpoint);
    put_text(j, "username", c->username);
    json_key(j, "has_key");
    json_put_bool(j, c->has_key);
    put_text(j, "namespace", c->namespace);
    json_key(j, "default_tags");
    json_open_array(j);
    for (size_t i = 0; i < c->n_tags; i++)
        json_put_str(j, c->tags[i]);
    json_close(j);
    json_key(j, "enabled");
    json_put_bool(j, c->enabled);
    json_close(j);
}

static const struct web_connection_ops *begin(struct web_call *c)
{
    pthread_mutex_lock(&c->site->connections_lock);
    return c->site->config.connections;
}

static int end(struct web_call *c, int r)
{
    pthread_mutex_unlock(&c->site->connections_lock);
    return r;
}

int web_connections_list(struct web_call *c)
{
    const struct web_connection_ops *ops = begin(c);

    json_open_array(&c->j);
    int r = ops ? ops->list(c->site->config.connections_self, put_connection, &c->j) : 0;

    json_close(&c->j);
    return end(c, r);
}

static int refuse(void)
{
    return fault(-ENOTSUP, "connections cannot be changed here");
}

int web_connections_put(struct web_call *c)
{
    scoped(buf_fini) struct buf key = {0};
    struct web_connection_change change;
    int r = web_connection_change_parse(c->arena, c->req->body, &change, &key);

    if (r == 0) {
        const struct web_connection_ops *ops = begin(c);
        const struct web_connection one = {
            .name = c->params[0],
            .endpoint = change.endpoint,
            .username = change.username,
            .namespace = change.namespace,
            .enabled = change.enabled,
            .tags = change.tags,
            .n_tags = change.n_tags,
        };

        r = ops ? ops->put(c->site->config.connections_self, &one, buf_str(&key)) : refuse();
        end(c, r);
    }
    if (key.data)
        explicit_bzero(key.data, key.cap);
    if (r == 0)
        json_put_raw(&c->j, STR("{}"));
    return r;
}

int web_connections_delete(struct web_call *c)
{
    const struct web_connection_ops *ops = begin(c);

    TRY(end(c, ops ? ops->remove(c->site->config.connections_self, c->params[0]) : refuse()));
    json_put_raw(&c->j, STR("{}"));
    return 0;
}

int web_connections_test(struct web_call *c)
{
    scoped(buf_fini) struct buf text = {0};
    const struct web_connection_ops *ops = begin(c);

    TRY(end(c, ops ? ops->test(c->site->config.connections_self, c->params[0], &text) : refuse()));
    json_open_object(&c->j);
    put_text(&c->j, "text", buf_str(&text));
    json_close(&c->j);
    return 0;
}
