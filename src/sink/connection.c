/*
 * The list of connections and its file. What an entry may have is a table, so that reading, the
 * refusal of unknown keys, and writing agree.
 */
#include "sink/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/json_out.h"
#include "base/mem.h"

enum {
    FILE_BYTES = 4 << 20,
    KEY_BYTES = 64 << 10,
    NAME_BYTES = 64,
    CONNECTIONS_MAX = 1000,
    TAG_VALUE_BYTES = 191, /* what the databases of graphite-web hold */
};

#define ENDPOINT_END "/graphite/metrics"

void connections_fini(struct connections *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->items[i].default_tags);
    free(c->items);
    arena_fini(&c->arena);
    *c = (struct connections){0};
}

const char *connections_path(struct connections *c, connection_env_fn *env, void *arg)
{
    const char *path = env(arg, "BRUNT_CONNECTIONS");
    const char *config = env(arg, "XDG_CONFIG_HOME");
    const char *home = env(arg, "HOME");

    if (path && path[0])
        return arena_str(&c->arena, str_of(path)).p;
    if (config && config[0] == '/')
        return arena_printf(&c->arena, "%s/brunt/connections.json", config);
    if (home && home[0] == '/')
        return arena_printf(&c->arena, "%s/.config/brunt/connections.json", home);
    return NULL;
}

struct connection *connections_find(const struct connections *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->items[i].name, name) == 0)
            return &c->items[i];
    }
    return NULL;
}

struct connection *connections_add(struct connections *c, const char *name)
{
    struct connection *one = &vec_push(c->items, c->n, c->cap);

    one->name = arena_str(&c->arena, str_of(name)).p;
    one->namespace = CONNECTION_NAMESPACE;
    one->enabled = true;
    return one;
}

void connections_remove(struct connections *c, struct connection *one)
{
    size_t i = (size_t)(one - c->items);

    free(one->default_tags);
    memmove(one, one + 1, (c->n - i - 1) * sizeof(*one));
    c->n--;
}

/* ---- one connection ---- */

static void split_tag(const char *text, struct tag *ret)
{
    struct str s = str_of(text);
    size_t n = strcspn(text, ":=");

    *ret = (struct tag){.key = str_trim(str_from(s.p, n)),
                        .value = str_trim(str_from_index(s, n + 1))};
}

static bool is_key(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = ascii_lower(s.p[i]);

        if (!ascii_digit(c) && c != '_' && !(c >= 'a' && c <= 'z'))
            return false;
    }
    return s.n > 0 && !str_is(s, "name");
}

int connection_add_tag(struct connections *c, struct connection *one, const char *text)
{
    struct tag tag;

    split_tag(text, &tag);
    if (!is_key(tag.key)) {
        return fault(FAULT_EXIT(104),
                     "default tag \"%s\": write key:value; a key has letters, digits and _, and is "
                     "not \"name\"",
                     text);
    }
    if (!tag.value.n || tag.value.n > TAG_VALUE_BYTES || tag.value.p[0] == '~' ||
        str_find(tag.value, ';') < tag.value.n) {
        return fault(FAULT_EXIT(104),
                     "default tag \"%s\": a value is not empty, has at most %d bytes and no ; and "
                     "does not begin with ~",
                     text, TAG_VALUE_BYTES);
    }
    one->default_tags =
        xrealloc(one->default_tags, (one->n_default_tags + 1) * sizeof(one->default_tags[0]));
    one->default_tags[one->n_default_tags++] = arena_str(&c->arena, str_of(text)).p;
    return 0;
}

void connection_tags(const struct connection *one, struct tag *ret_tags)
{
    for (size_t i = 0; i < one->n_default_tags; i++)
        split_tag(one->default_tags[i], &ret_tags[i]);
}

static bool is_missing(const char *text)
{
    return !text || !text[0];
}

int connection_check(const struct connection *one)
{
    if (is_missing(one->endpoint))
        return fault(FAULT_EXIT(104), "Grafana connection is missing endpoint");
    if (is_missing(one->username))
        return fault(FAULT_EXIT(104), "Grafana connection is missing username");
    if (is_missing(one->api_key))
        return fault(FAULT_EXIT(104), "Grafana connection is missing apiKey");
    struct str url = str_of(one->endpoint);

    if (!str_starts(url, STR("http://")) && !str_starts(url, STR("https://")))
        return fault(FAULT_EXIT(104), "the endpoint \"%s\" is no http or https URL", one->endpoint);
    if (!str_ends(url, STR(ENDPOINT_END))) {
        return fault(FAULT_EXIT(104),
                     "the endpoint \"%s\" does not end with " ENDPOINT_END
                     "; that ending without /metrics is for queries",
                     one->endpoint);
    }
    if (str_find(str_of(one->username), ':') < strlen(one->username))
        return fault(FAULT_EXIT(104), "the username is the instance's number, without a colon");
    return 0;
}

static int key_of_file(const char *path, struct buf *ret_key)
{
    FILE *f = fopen(path, "re");

    if (!f)
        return fault(FAULT_EXIT(104), "the file of the access token, %s, cannot be read: %m", path);
    ignored(buf_reserve(ret_key, KEY_BYTES));
    size_t n = fread(ret_key->data, 1, KEY_BYTES, f);

    fclose(f);
    struct str key = str_trim(str_from(ret_key->data, n));

    memmove(ret_key->data, key.p, key.n);
    ret_key->len = key.n;
    if (!key.n)
        return fault(FAULT_EXIT(104), "the file of the access token, %s, is empty", path);
    return 0;
}

int connection_key(const struct connection *one, connection_env_fn *env, void *arg,
                   struct buf *ret_key)
{
    struct str stored = str_of(one->api_key);

    buf_reset(ret_key);
    if (str_starts(stored, STR("file:")))
        return key_of_file(one->api_key + 5, ret_key);
    if (str_starts(stored, STR("env:"))) {
        const char *value = env(arg, one->api_key + 4);

        if (is_missing(value)) {
            return fault(FAULT_EXIT(104), "the variable %s, which has the access token, is not set",
                         one->api_key + 4);
        }
        stored = str_of(value);
    }
    buf_putstr(ret_key, str_trim(stored));
    for (size_t i = 0; i < ret_key->len; i++) {
        if ((unsigned char)ret_key->data[i] <= ' ') {
            return fault(FAULT_EXIT(104), "the access token of connection \"%s\" has a blank in it",
                         one->name);
        }
    }
    return 0;
}

void connection_authorization(const char *username, struct str key, struct buf *out)
{
    struct buf pair = {0};

    buf_printf(&pair, "%s:", username);
    buf_putstr(&pair, key);
    buf_puts(out, "Basic ");
    ignored(base64_encode(BASE64_STD, buf_str(&pair), out));
    explicit_bzero(pair.data, pair.len);
    buf_fini(&pair);
}

void connection_query_url(const struct connection *one, struct buf *out)
{
    struct str url = str_of(one->endpoint);

    buf_put(out, url.p, url.n - (str_ends(url, STR(ENDPOINT_END)) ? strlen("/metrics") : 0));
}

/* ---- reading ---- */

#define AT(field) offsetof(struct connection, field)

/* The strings of an entry. */
static const struct field {
    const char *key;
    size_t offset;
} fields[] = {
    {"endpoint", AT(endpoint)},
    {"username", AT(username)},
    {"apiKey", AT(api_key)},
    {"metricNamespace", AT(namespace)},
};

static const struct field *find_field(const char *key)
{
    for (size_t i = 0; i < countof(fields); i++) {
        if (strcmp(fields[i].key, key) == 0)
            return &fields[i];
    }
    return NULL;
}

static int read_tags(struct connections *c, struct connection *one, const json_t *list)
{
    size_t i;
    json_t *value;

    if (!json_is_array(list))
        return fault(FAULT_EXIT(104), "defaultTags is no array");
    json_array_foreach(list, i, value)
    {
        if (!json_is_string(value))
            return fault(FAULT_EXIT(104), "defaultTags has something that is no string");
        TRY(connection_add_tag(c, one, json_string_value(value)));
    }
    return 0;
}

static int read_string(struct connections *c, struct connection *one, const char *key,
                       const json_t *value)
{
    const struct field *field = find_field(key);

    if (!field)
        return fault(FAULT_EXIT(104), "there is no setting \"%s\"", key);
    if (!json_is_string(value))
        return fault(FAULT_EXIT(104), "%s is no string", key);
    if (strcmp(key, "metricNamespace") == 0 && !json_string_length(value))
        return 0;
    *(const char **)((char *)one + field->offset) =
        arena_str(&c->arena, str_of(json_string_value(value))).p;
    return 0;
}

static int read_member(struct connections *c, struct connection *one, const char *key,
                       const json_t *value)
{
    if (strcmp(key, "name") == 0)
        return 0;
    if (strcmp(key, "defaultTags") == 0)
        return read_tags(c, one, value);
    if (strcmp(key, "enabled") == 0) {
        one->enabled = json_is_true(value);
        return json_is_boolean(value) ? 0
                                      : fault(FAULT_EXIT(104), "enabled is neither true nor false");
    }
    if (strcmp(key, "provider") == 0) {
        const char *provider = json_string_value(value);

        return provider && str_eq_nocase(str_of(provider), STR("grafana"))
                   ? 0
                   : fault(FAULT_EXIT(104), "the only provider is \"grafana\"");
    }
    return read_string(c, one, key, value);
}

int connection_check_name(const char *name)
{
    size_t n = name ? strlen(name) : 0;

    if (!n || n > NAME_BYTES)
        return fault(FAULT_EXIT(104), "a connection has a \"name\" of 1 to %d bytes", NAME_BYTES);
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)name[i] < ' ' || strchr("?&=/\\\"", name[i])) {
            return fault(FAULT_EXIT(104), "a connection's name has no control characters, quotes, "
                                          "slashes, ?, & and =");
        }
    }
    return 0;
}

static int read_one(struct connections *c, json_t *entry)
{
    const char *key, *name = json_string_value(json_object_get(entry, "name"));
    json_t *value;

    if (!json_is_object(entry))
        return fault(FAULT_EXIT(104), "a connection is no object");
    TRY(connection_check_name(name));
    if (connections_find(c, name))
        return fault(FAULT_EXIT(104), "two connections have the name \"%s\"", name);
    struct connection *one = connections_add(c, name);

    json_object_foreach(entry, key, value)
    {
        if (read_member(c, one, key, value) == 0)
            continue;
        scoped(freep) char *why = xstrdup(fault_text());

        return fault(FAULT_EXIT(104), "connection \"%s\": %s", name, why);
    }
    return 0;
}

static int read_list(struct connections *c, const json_t *root)
{
    const json_t *version = json_object_get(root, "version");
    const json_t *list = json_is_array(root) ? root : json_object_get(root, "connections");
    size_t i;
    json_t *entry;

    if (version && json_integer_value(version) != 1)
        return fault(FAULT_EXIT(104), "it is of a version that this program does not know");
    if (!json_is_array(list))
        return fault(FAULT_EXIT(104), "there is no array \"connections\"");
    if (json_array_size(list) > CONNECTIONS_MAX)
        return fault(FAULT_EXIT(104), "there are more than %d connections", CONNECTIONS_MAX);
    json_array_foreach(list, i, entry)
    {
        TRY(read_one(c, entry));
    }
    return 0;
}

static int wrong(const char *where)
{
    scoped(freep) char *why = xstrdup(fault_text());

    return fault(FAULT_EXIT(104), "%s: %s", where, why);
}

int connections_parse(struct connections *c, struct str json, const char *where)
{
    json_error_t error;
    json_t *root = json_loadb(json.n ? json.p : "", json.n, JSON_REJECT_DUPLICATES, &error);
    size_t n = c->n;

    /* The parser's own words may quote what stands there, a key for instance. */
    if (!root) {
        return fault(FAULT_EXIT(104), "%s: no JSON (line %d, column %d)", where, error.line,
                     error.column);
    }
    int r = read_list(c, root);

    json_decref(root);
    if (r == 0)
        return 0;
    while (c->n > n)
        connections_remove(c, &c->items[c->n - 1]);
    return wrong(where);
}

static int read_all(int fd, const char *path, struct buf *out)
{
    for (;;) {
        if (buf_reserve(out, 4096))
            return fault(FAULT_EXIT(104), "%s has more than %d bytes", path, FILE_BYTES);
        ssize_t n = read(fd, out->data + out->len, out->cap - out->len);

        if (n < 0)
            return fault(-errno, "cannot read %s: %m", path);
        if (n == 0)
            return 0;
        out->len += (size_t)n;
    }
}

static int read_private(int fd, const char *path, struct buf *out)
{
    struct stat st;

    if (fstat(fd, &st))
        return fault(-errno, "cannot look at %s: %m", path);
    if (!S_ISREG(st.st_mode))
        return fault(FAULT_EXIT(104), "%s is no file", path);
    if (st.st_mode & 077) {
        return fault(FAULT_EXIT(104),
                     "%s has access tokens and can be read by others: run chmod 600 on it", path);
    }
    TRY(read_all(fd, path, out));
    return 0;
}

int connections_load(struct connections *c, const char *path)
{
    struct buf text = BUF_INIT(FILE_BYTES);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? 0 : fault(-errno, "cannot read %s: %m", path);
    int r = read_private(fd, path, &text);

    close(fd);
    if (r == 0)
        r = connections_parse(c, buf_str(&text), path);
    if (text.data)
        explicit_bzero(text.data, text.cap);
    buf_fini(&text);
    TRY(r);
    return 0;
}

/* ---- writing ---- */

static void put_member(struct json_out *j, const char *key, const char *value)
{
    if (!value)
        return;
    json_key(j, key);
    json_put_cstr(j, value);
}

static void put_one(const struct connection *one, struct json_out *j)
{
    json_open_object(j);
    put_member(j, "name", one->name);
    put_member(j, "provider", "grafana");
    json_key(j, "enabled");
    json_put_bool(j, one->enabled);
    for (size_t i = 0; i < countof(fields); i++)
        put_member(j, fields[i].key, *(char *const *)((const char *)one + fields[i].offset));
    json_key(j, "defaultTags");
    json_open_array(j);
    for (size_t i = 0; i < one->n_default_tags; i++)
        json_put_cstr(j, one->default_tags[i]);
    json_close(j);
    json_close(j);
}

static void put_all(const struct connections *c, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 2);

    json_open_object(&j);
    json_key(&j, "version");
    json_put_int(&j, 1);
    json_key(&j, "connections");
    json_open_array(&j);
    for (size_t i = 0; i < c->n; i++)
        put_one(&c->items[i], &j);
    json_close(&j);
    json_close(&j);
    buf_putc(out, '\n');
}

/* Each folder of the path that is missing. */
static int make_folders(const char *path)
{
    scoped(freep) char *folder = xstrdup(path);

    for (char *at = strchr(folder + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        if (mkdir(folder, 0700) && errno != EEXIST)
            return fault(-errno, "cannot make the folder %s: %m", folder);
        *at = '/';
    }
    return 0;
}

static int write_all(int fd, struct str text, const char *path)
{
    while (text.n) {
        ssize_t n = write(fd, text.p, text.n);

        if (n < 0)
            return fault(-errno, "cannot write %s: %m", path);
        text = str_from_index(text, (size_t)n);
    }
    if (fsync(fd))
        return fault(-errno, "cannot write %s: %m", path);
    return 0;
}

/* Beside the file, then in its place: a crash leaves the old one or the new one. */
static int replace(const char *path, struct str text)
{
    scoped(freep) char *beside = xasprintf("%s.%d", path, (int)getpid());
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return fault(-errno, "cannot write %s: %m", beside);
    int r = write_all(fd, text, beside);

    close(fd);
    if (r == 0 && rename(beside, path))
        r = fault(-errno, "cannot write %s: %m", path);
    if (r)
        unlink(beside);
    return r;
}

int connections_save(const struct connections *c, const char *path)
{
    struct buf text = {0};

    TRY(make_folders(path));
    put_all(c, &text);
    int r = replace(path, buf_str(&text));

    explicit_bzero(text.data, text.len);
    buf_fini(&text);
    TRY(r);
    return 0;
}
