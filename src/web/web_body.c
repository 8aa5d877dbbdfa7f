/* A table per kind of body: a member's name and what reads it. */
#include "web/web_body.h"

#include <errno.h>
#include <jansson.h>

#include "base/json_out.h"

static void release(json_t **root)
{
    json_decref(*root);
}

/* ---- values ---- */

/* Text that may stand in a list and a log: no control characters but, with `lines`, line ends. */
static int check_text(const char *name, struct str text, size_t max, bool lines)
{
    if (text.n > max)
        return fault(-EINVAL, "'%s' is longer than %zu bytes", name, max);
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if ((c < ' ' && !(lines && (c == '\n' || c == '\t'))) || c == 0x7f)
            return fault(-EINVAL, "'%s' has control characters in it", name);
    }
    return 0;
}

static int read_text(const json_t *value, const char *name, size_t max, struct str *ret_text)
{
    if (!json_is_string(value))
        return fault(-EINVAL, "'%s' must be a string", name);
    *ret_text = str_from(json_string_value(value), json_string_length(value));
    TRY(check_text(name, *ret_text, max, false));
    return 0;
}

static int read_bool(const json_t *value, const char *name, bool *ret_bool)
{
    if (!json_is_boolean(value))
        return fault(-EINVAL, "'%s' must be true or false", name);
    *ret_bool = json_is_true(value);
    return 0;
}

static int check_array(const json_t *value, const char *name, size_t max)
{
    if (!json_is_array(value))
        return fault(-EINVAL, "'%s' must be an array of strings", name);
    if (json_array_size(value) > max)
        return fault(-EINVAL, "'%s' has more than %zu of them", name, max);
    return 0;
}

/* ---- objects ---- */

struct member {
    const char *name;
    int (*read)(struct arena *arena, const json_t *value, const char *name, void *object);
};

static int read_member(struct arena *arena, const struct member *members, size_t n,
                       const char *name, const json_t *value, void *object)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(members[i].name, name) == 0)
            return members[i].read(arena, value, name, object);
    }
    return fault(-EINVAL, "'%.64s' is nothing that can be set here", name);
}

static int read_object(struct arena *arena, struct str body, const struct member *members, size_t n,
                       void *object)
{
    json_error_t error;
    scoped(release) json_t *root =
        json_loadb(body.p ? body.p : "", body.n, JSON_REJECT_DUPLICATES, &error);
    const char *name;
    json_t *value;

    if (!root) {
        return fault(-EINVAL, "the body is not the JSON expected here: %s (line %d, column %d)",
                     error.text, error.line, error.column);
    }
    if (!json_is_object(root))
        return fault(-EINVAL, "the body is no object");
    json_object_foreach(root, name, value) TRY(read_member(arena, members, n, name, value, object));
    return 0;
}

/* ---- a run ---- */

static int read_labels(struct arena *arena, const json_t *value, const char *name, void *object)
{
    struct web_run_change *c = object;
    scoped(buf_fini) struct buf out = {0};
    struct json_out j = JSON_OUT(&out, 0);
    struct str label = {0};

    TRY(check_array(value, name, WEB_LABELS_MAX));
    json_open_array(&j);
    for (size_t i = 0; i < json_array_size(value); i++) {
        TRY(read_text(json_array_get(value, i), "labels", WEB_LABEL_BYTES, &label));
        label = str_trim(label);
        if (!label.n)
            return fault(-EINVAL, "a label is empty");
        json_put_str(&j, label);
    }
    json_close(&j);
    c->labels_json = arena_str(arena, buf_str(&out));
    c->has_labels = true;
    return 0;
}

static int read_note(struct arena *arena, const json_t *value, const char *name, void *object)
{
    struct web_run_change *c = object;

    if (!json_is_string(value))
        return fault(-EINVAL, "'%s' must be a string", name);
    struct str note = str_from(json_string_value(value), json_string_length(value));

    TRY(check_text(name, note, WEB_NOTE_BYTES, true));
    c->note = arena_str(arena, note);
    c->has_note = true;
    return 0;
}

static int read_baseline(struct arena *arena UNUSED, const json_t *value, const char *name,
                         void *object)
{
    struct web_run_change *c = object;

    c->has_baseline = true;
    return read_bool(value, name, &c->is_baseline);
}

static const struct member run_members[] = {
    {"labels", read_labels},
    {"note", read_note},
    {"baseline", read_baseline},
};

int web_run_change_parse(struct arena *arena, struct str body, struct web_run_change *ret_change)
{
    struct web_run_change c = {0};

    TRY(read_object(arena, body, run_members, countof(run_members), &c));
    if (!c.has_labels && !c.has_note && !c.has_baseline)
        return fault(-EINVAL, "the body has none of labels, note and baseline");
    *ret_change = c;
    return 0;
}

/* ---- a connection ---- */

struct connection_body {
    struct web_connection_change change;
    struct buf *key;
};

static int read_field(struct arena *arena, const json_t *value, const char *name, void *object)
{
    struct web_connection_change *c = &((struct connection_body *)object)->change;
    struct str *to = name[0] == 'e' ? &c->endpoint : name[0] == 'u' ? &c->username : &c->namespace;
    struct str text = {0};

    TRY(read_text(value, name, WEB_TEXT_BYTES, &text));
    *to = arena_str(arena, str_trim(text));
    return 0;
}

static int read_key(struct arena *arena UNUSED, const json_t *value, const char *name, void *object)
{
    struct str text = {0};

    TRY(read_text(value, name, (size_t)4 * WEB_TEXT_BYTES, &text));
    buf_putstr(((struct connection_body *)object)->key, str_trim(text));
    return 0;
}

static int read_tags(struct arena *arena, const json_t *value, const char *name, void *object)
{
    struct web_connection_change *c = &((struct connection_body *)object)->change;
    struct str text = {0};

    TRY(check_array(value, name, WEB_TAGS_MAX));
    for (size_t i = 0; i < json_array_size(value); i++) {
        TRY(read_text(json_array_get(value, i), name, WEB_TEXT_BYTES, &text));
        c->tags[c->n_tags++] = arena_str(arena, text);
    }
    return 0;
}

static int read_enabled(struct arena *arena UNUSED, const json_t *value, const char *name,
                        void *object)
{
    return read_bool(value, name, &((struct connection_body *)object)->change.enabled);
}

static const struct member connection_members[] = {
    {"endpoint", read_field}, {"username", read_field},    {"namespace", read_field},
    {"key", read_key},        {"default_tags", read_tags}, {"enabled", read_enabled},
};

int web_connection_change_parse(struct arena *arena, struct str body,
                                struct web_connection_change *ret_change, struct buf *ret_key)
{
    struct connection_body c = {.change.enabled = true, .key = ret_key};

    TRY(read_object(arena, body, connection_members, countof(connection_members), &c));
    *ret_change = c.change;
    return 0;
}
