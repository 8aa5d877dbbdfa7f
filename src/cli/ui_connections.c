/*
 * The file is read for each call, so that page and command line never overwrite each other's. A
 * page can be somebody else's screen: it may store a key, but neither read one, nor have a file of
 * this machine sent as one, nor send the stored one to another place.
 */
#include "cli/ui_connections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/connection_trial.h"
#include "sink/connection.h"
#include "web/web_site.h"

static int load(void *self, struct connections *list, const char **ret_path)
{
    const char *file = *(const char **)self;

    *ret_path = file ? file : connections_path(list, cli_env, NULL);
    if (!*ret_path)
        return fault(-ENOTSUP, "there is no home directory for connections");
    TRY(connections_load(list, *ret_path));
    return 0;
}

static int find_one(struct connections *list, struct str name, struct connection **ret_one)
{
    scoped(freep) char *text = xstrndup(name.p, name.n);

    *ret_one = connections_find(list, text);
    return *ret_one ? 0 : fault(-ENOENT, "there is no connection '%.64s'", text);
}

static void tell(const struct connection *one, void (*fn)(void *arg, const struct web_connection *),
                 void *arg)
{
    struct str *tags = xnew_n(struct str, one->n_default_tags + 1);

    for (size_t i = 0; i < one->n_default_tags; i++)
        tags[i] = str_of(one->default_tags[i]);
    fn(arg, &(struct web_connection){
                .name = str_of(one->name),
                .endpoint = str_of(one->endpoint),
                .username = str_of(one->username),
                .namespace = str_of(one->namespace),
                .has_key = one->api_key && one->api_key[0],
                .enabled = one->enabled,
                .tags = tags,
                .n_tags = one->n_default_tags,
            });
    free(tags);
}

static int list(void *self, void (*fn)(void *arg, const struct web_connection *), void *arg)
{
    scoped(connections_fini) struct connections all = {0};
    const char *path;

    TRY(load(self, &all, &path));
    for (size_t i = 0; i < all.n; i++)
        tell(&all.items[i], fn, arg);
    return 0;
}

/* The key that the connection is to have. */
static int choose_key(const struct connection *old, const struct web_connection *c,
                      struct str given, struct str *ret_key)
{
    if (str_starts(given, STR("env:")) || str_starts(given, STR("file:"))) {
        return fault(-EINVAL, "a key that is in a file or the environment is named with "
                              "`brunt connection add`, not here");
    }
    *ret_key = given;
    if (given.n)
        return 0;
    if (!old || !old->api_key)
        return fault(-EINVAL, "a new connection needs its access token");
    if (!str_is(c->endpoint, old->endpoint ? old->endpoint : ""))
        return fault(-EINVAL, "the endpoint is another one: give the access token again");
    *ret_key = str_of(old->api_key);
    return 0;
}

static int fill(struct connections *all, struct connection *one, const struct web_connection *c,
                struct str key)
{
    one->endpoint = arena_str(&all->arena, c->endpoint).p;
    one->username = arena_str(&all->arena, c->username).p;
    one->api_key = arena_str(&all->arena, key).p;
    one->enabled = c->enabled;
    if (c->namespace.n)
        one->namespace = arena_str(&all->arena, c->namespace).p;
    TRY(connection_check(one));
    for (size_t i = 0; i < c->n_tags; i++)
        TRY(connection_add_tag(all, one, arena_str(&all->arena, c->tags[i]).p));
    return 0;
}

static int put(void *self, const struct web_connection *c, struct str key)
{
    scoped(connections_fini) struct connections all = {0};
    const char *path, *name;

    TRY(load(self, &all, &path));
    name = arena_str(&all.arena, c->name).p;
    TRY(connection_check_name(name));
    struct connection *old = connections_find(&all, name);

    TRY(choose_key(old, c, key, &key));
    if (old)
        connections_remove(&all, old);
    TRY(fill(&all, connections_add(&all, name), c, key));
    TRY(connections_save(&all, path));
    return 0;
}

static int remove_one(void *self, struct str name)
{
    scoped(connections_fini) struct connections all = {0};
    struct connection *one;
    const char *path;

    TRY(load(self, &all, &path));
    TRY(find_one(&all, name, &one));
    connections_remove(&all, one);
    TRY(connections_save(&all, path));
    return 0;
}

static int test(void *self, struct str name, struct buf *ret_text)
{
    scoped(connections_fini) struct connections all = {0};
    struct connection *one;
    const char *path;

    TRY(load(self, &all, &path));
    TRY(find_one(&all, name, &one));
    int r = connection_trial(one, ret_text);

    /* What the other end said is the answer, not a failure of ours. */
    return r == -EACCES || r == -EIO ? fault(-EINVAL, "%s", fault_text()) : r;
}

const struct web_connection_ops ui_connection_ops = {list, put, remove_one, test};
