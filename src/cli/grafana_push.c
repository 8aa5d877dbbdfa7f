/*
 * Everything goes by uid, so that pushing twice changes nothing: a folder's is made of its title, a
 * data source's is brunt-TYPE, a dashboard's is in its file.
 */
#include "cli/grafana_push.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/http_ask.h"
#include "dashboard/push_form.h"
#include "dashboard/query_format.h"
#include "report/markup.h"

void grafana_push_fini(struct grafana_push *p)
{
    grafana_fini(&p->grafana);
    json_decref(p->sources);
    free(p->uid);
    opt_list_fini(&p->datasources);
    opt_list_fini(&p->inputs);
}

static void say(const char *what, const char *name, const char *more)
{
    scoped(buf_fini) struct buf out = {0};

    buf_printf(&out, "%s ", what);
    markup_put_terminal(&out, str_of(name), 0);
    buf_printf(&out, "%s\n", more);
    cli_write(STDOUT_FILENO, buf_str(&out));
}

static const char *member(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "";
}

static int get(struct grafana_push *p, const char *path, const char *part,
               struct grafana_answer *ret)
{
    scoped(buf_fini) struct buf whole = {0};
    struct str text = str_of(part);

    buf_puts(&whole, path);
    ignored(query_format(STR("percentencode"), &text, 1, &whole));
    return grafana_call(&p->grafana, "GET", buf_cstr(&whole), NULL, ret);
}

/* ---- the folder ---- */

/* Letters, digits and dashes of a title. */
static char *uid_of(const char *title)
{
    scoped(buf_fini) struct buf out = {0};

    for (; *title && out.len < PUSH_UID_BYTES; title++) {
        char c = ascii_lower(*title);
        bool is_plain = ascii_digit(c) || (c >= 'a' && c <= 'z');

        if (is_plain)
            buf_putc(&out, c);
        else if (out.len && out.data[out.len - 1] != '-')
            buf_putc(&out, '-');
    }
    while (out.len && out.data[out.len - 1] == '-')
        out.len--;
    return xstrdup(out.len ? buf_cstr(&out) : "brunt");
}

static int make_folder(struct grafana_push *p)
{
    scoped(grafana_answer_fini) struct grafana_answer a = {0};
    json_t *body = json_pack("{s:s, s:s}", "uid", p->uid, "title", p->folder);
    int r = grafana_call(&p->grafana, "POST", "/api/folders", body, &a);

    json_decref(body);
    TRY(r);
    /* The same uid: it is there, and was not shown to an account that may write into it. */
    if (a.status == 412 && strcmp(a.kind, "version-mismatch") == 0) {
        say("folder", p->folder, " is there");
        return 0;
    }
    if (a.status == 409 || a.status == 412)
        return fault(
            -EEXIST,
            "the folder '%s': Grafana has another one of that title, or does not show it to "
            "this account (status %d%s%s); name it by --folder-uid",
            p->folder, a.status, a.message[0] ? ": " : "", a.message);
    if (a.status != 200)
        return grafana_fault(&a, "the folder cannot be made");
    say("folder", p->folder, " is made");
    return 0;
}

int grafana_push_folder(struct grafana_push *p)
{
    scoped(grafana_answer_fini) struct grafana_answer a = {0};

    if (!p->folder && !p->folder_uid)
        return 0;
    p->uid = p->folder_uid ? xstrdup(p->folder_uid) : uid_of(p->folder);
    TRY(get(p, "/api/folders/", p->uid, &a));
    if (a.status == 200) {
        say("folder", member(a.body, "title"), " is there");
        return 0;
    }
    /* Grafana shows an editor no folder but those there are: others are 403 as well. */
    if (a.status != 404 && a.status != 403)
        return grafana_fault(&a, "the folder cannot be looked up");
    if (!p->folder)
        return fault(
            -ENOENT,
            "there is no folder with the uid '%s' that this account may see; with --folder TITLE it is made",
            p->uid);
    if (p->dry_run) {
        say("folder", p->folder, " would be made");
        return 0;
    }
    return make_folder(p);
}

/* ---- data sources ---- */

/* What the address says besides itself: "?db=k6", "?org=me&bucket=b". */
static void take_words(struct str question, json_t *data, bool is_flux)
{
    static const struct {
        const char *word, *key;
        bool is_flux;
    } words[] = {
        {"db", "dbName", false}, {"org", "organization", true}, {"bucket", "defaultBucket", true}};
    struct str part;

    while (str_split(&question, '&', &part)) {
        size_t eq = str_find(part, '=');
        struct str value = str_from_index(part, eq + 1);

        for (size_t i = 0; i < countof(words); i++) {
            if (str_is(str_from(part.p, eq), words[i].word) && words[i].is_flux == is_flux)
                json_object_set_new(data, words[i].key,
                                    json_stringn(value.p ? value.p : "", value.n));
        }
    }
}

static json_t *source_data(struct str type, struct str question)
{
    if (str_is(type, "prometheus"))
        return json_pack("{s:s, s:s}", "httpMethod", "POST", "timeInterval", "2s");
    if (str_is(type, "graphite"))
        return json_pack("{s:s, s:s}", "graphiteVersion", "1.1", "graphiteType", "default");

    bool is_flux = str_is(type, "influxdb2");
    json_t *data = is_flux ? json_pack("{s:s}", "version", "Flux")
                           : json_pack("{s:s, s:s}", "dbName", "k6", "httpMode", "POST");

    take_words(question, data, is_flux);
    return data;
}

static json_t *source_body(struct str type, struct str address)
{
    size_t mark = str_find(address, '?');
    scoped(freep) char *name = xasprintf("brunt-%.*s", STR_ARG(type));
    const char *token = str_is(type, "influxdb2") ? cli_env(NULL, "BRUNT_INFLUXDB2_TOKEN") : NULL;
    json_t *body = json_pack("{s:s, s:s, s:s#, s:s, s:s#, s:o}", "name", name, "uid", name, "type",
                             str_is(type, "influxdb2") ? "influxdb" : type.p,
                             (int)(str_is(type, "influxdb2") ? strlen("influxdb") : type.n),
                             "access", "proxy", "url", address.p, (int)mark, "jsonData",
                             source_data(type, str_from_index(address, mark + 1)));

    if (token)
        json_object_set_new(body, "secureJsonData", json_pack("{s:s}", "token", token));
    return body;
}

static int make_source(struct grafana_push *p, const json_t *body)
{
    scoped(grafana_answer_fini) struct grafana_answer a = {0};

    if (p->dry_run) {
        say("data source", member(body, "name"), " would be made");
        return 0;
    }
    TRY(grafana_call(&p->grafana, "POST", "/api/datasources", body, &a));
    if (a.status == 409)
        return fault(-EEXIST,
                     "the data source '%s': Grafana has another one of that name (status 409%s%s)",
                     member(body, "name"), a.message[0] ? ": " : "", a.message);
    if (a.status != 200)
        return grafana_fault(&a, "the data source cannot be made");
    say("data source", member(body, "name"), " is made");
    return 0;
}

static int push_source(struct grafana_push *p, struct str type, struct str address)
{
    scoped(grafana_answer_fini) struct grafana_answer a = {0};
    json_t *body = source_body(type, address);
    int r = get(p, "/api/datasources/uid/", member(body, "uid"), &a);

    if (r == 0 && a.status == 200)
        say("data source", member(body, "name"), " is there");
    else if (r == 0 && a.status == 404)
        r = make_source(p, body);
    else if (r == 0)
        r = grafana_fault(&a, "the data source cannot be looked up");
    json_decref(body);
    return r;
}

int grafana_push_datasources(struct grafana_push *p)
{
    static const char *const types[] = {"prometheus", "influxdb", "influxdb2", "graphite"};

    for (size_t i = 0; i < p->datasources.n_items; i++) {
        struct str text = str_of(p->datasources.items[i]);
        size_t eq = str_find(text, '=');
        struct str type = str_from(text.p, eq), address = str_from_index(text, eq + 1);
        bool is_known = false;

        for (size_t t = 0; t < countof(types); t++)
            is_known = is_known || str_is(type, types[t]);
        if (!is_known)
            return fault(FAULT_EXIT(104),
                         "--datasource %s: write prometheus=URL, influxdb=URL?db=NAME, "
                         "influxdb2=URL?org=NAME&bucket=NAME or graphite=URL",
                         text.p);
        TRY(http_ask_check_url("--datasource", address));
        TRY(push_source(p, type, address));
    }
    return 0;
}

/* ---- inputs of exports ---- */

static bool find_given(const struct grafana_push *p, struct str name, struct buf *ret_uid)
{
    for (size_t i = 0; i < p->inputs.n_items; i++) {
        struct str text = str_of(p->inputs.items[i]);
        size_t eq = str_find(text, '=');

        if (str_eq(str_from(text.p, eq), name) && eq < text.n) {
            buf_putstr(ret_uid, str_from_index(text, eq + 1));
            return true;
        }
    }
    return false;
}

static int list_sources(struct grafana_push *p)
{
    scoped(grafana_answer_fini) struct grafana_answer a = {0};

    if (p->sources)
        return 0;
    TRY(grafana_call(&p->grafana, "GET", "/api/datasources", NULL, &a));
    if (a.status != 200 || !json_is_array(a.body))
        return grafana_fault(&a, "data sources cannot be listed");
    p->sources = json_incref(a.body);
    return 0;
}

/* One that was made here before all, then the default one, then the first. */
static int find_source(void *arg, struct str name, struct str plugin, struct buf *ret_uid)
{
    struct grafana_push *p = arg;
    const json_t *best = NULL, *one;
    int best_rank = 0;
    size_t i;

    if (find_given(p, name, ret_uid))
        return 0;
    if (!plugin.n)
        return fault(FAULT_EXIT(104), "it leaves ${%.*s} open: give --input %.*s=VALUE",
                     STR_ARG(name), STR_ARG(name));
    TRY(list_sources(p));
    json_array_foreach(p->sources, i, one)
    {
        int rank = str_starts(str_of(member(one, "uid")), STR("brunt-")) ? 3
                   : json_is_true(json_object_get(one, "isDefault"))     ? 2
                                                                         : 1;

        if (str_is(plugin, member(one, "type")) && rank > best_rank) {
            best = one;
            best_rank = rank;
        }
    }
    if (!best)
        return fault(-ENOENT,
                     "it asks a data source of type %.*s (${%.*s}), and Grafana has none: make "
                     "one with --datasource, or name one with --input %.*s=UID",
                     STR_ARG(plugin), STR_ARG(name), STR_ARG(name));
    buf_puts(ret_uid, member(best, "uid"));
    return 0;
}

/* ---- dashboards ---- */

/* What a 412 means for who pushed. */
static int explain(const struct grafana_answer *a, const char *label, const json_t *d)
{
    const char *title = member(d, "title");

    if (strcmp(a->kind, "version-mismatch") == 0)
        return fault(-EEXIST,
                     "%s: somebody has changed '%s' in Grafana since version %lld; push without "
                     "--keep to replace it, or export it from there first",
                     label, title, (long long)json_integer_value(json_object_get(d, "version")));
    if (strcmp(a->kind, "name-exists") == 0)
        return fault(-EEXIST,
                     "%s: the folder has another dashboard named '%s', with another uid; rename "
                     "one, or push into another --folder",
                     label, title);
    if (strcmp(a->kind, "plugin-dashboard") == 0)
        return fault(-EEXIST, "%s: '%s' belongs to a plug-in of Grafana and cannot be replaced",
                     label, title);
    return fault(-EEXIST, "%s: Grafana says status 412, %s: %s", label, a->kind, a->message);
}

static int send(struct grafana_push *p, const char *label, json_t *d)
{
    scoped(grafana_answer_fini) struct grafana_answer a = {0};
    json_t *body = json_pack("{s:O, s:b}", "dashboard", d, "overwrite", !p->keep);

    if (p->uid)
        json_object_set_new(body, "folderUid", json_string(p->uid));
    json_object_set_new(body, "message",
                        json_string(p->message ? p->message : "brunt dashboard push"));
    int r = grafana_call(&p->grafana, "POST", "/api/dashboards/db", body, &a);

    json_decref(body);
    TRY(r);
    if (a.status == 412)
        return explain(&a, label, d);
    if (a.status != 200)
        return grafana_fault(&a, label);
    scoped(freep) char *more = xasprintf(
        "  version %lld  %s%s", (long long)json_integer_value(json_object_get(a.body, "version")),
        p->grafana.base, member(a.body, "url"));

    say("dashboard", member(d, "title"), more);
    return 0;
}

static int look(struct grafana_push *p, const json_t *d)
{
    scoped(grafana_answer_fini) struct grafana_answer a = {0};
    const char *uid = member(d, "uid");

    if (uid[0])
        TRY(get(p, "/api/dashboards/uid/", uid, &a));
    say("dashboard", member(d, "title"), a.status == 200 ? " would be replaced" : " would be made");
    return 0;
}

int grafana_push_dashboard(struct grafana_push *p, const char *label, struct str text)
{
    json_t *d;
    int r = push_form(text, find_source, p, &d);

    if (r) {
        scoped(freep) char *words = xstrdup(fault_text());

        return fault(r == -EINVAL ? FAULT_EXIT(104) : r, "%s: %s", label, words);
    }
    r = p->dry_run ? look(p, d) : send(p, label, d);
    json_decref(d);
    return r;
}
