/*
 * A run and its row: a table says which field is which column, and all statements are made of it.
 * JSON that is none, in a file of somebody else's, reads as empty.
 */
#include "base/mem.h"
#include "store/store_priv.h"

enum kind {
    KIND_TEXT,
    KIND_OBJECT, /* JSON */
    KIND_ARRAY,  /* JSON */
    KIND_TIME,
    KIND_INT,
    KIND_BOOL,
    KIND_STATE,
};

enum role {
    ROLE_FIXED,    /* of the run's beginning */
    ROLE_MEASURED, /* changes while it runs */
    ROLE_USER,     /* what users put on it */
};

struct column {
    const char *name;
    enum kind kind;
    enum role role;
    size_t offset;
};

#define AT(field) offsetof(struct store_run, field)

/* clang-format off */
static const struct column columns[] = {
    {"id", KIND_TEXT, ROLE_FIXED, AT(id)},
    {"created", KIND_TIME, ROLE_FIXED, AT(created)},
    {"script", KIND_TEXT, ROLE_FIXED, AT(script)},
    {"kind", KIND_TEXT, ROLE_FIXED, AT(kind)},
    {"script_hash", KIND_TEXT, ROLE_FIXED, AT(script_hash)},
    {"name", KIND_TEXT, ROLE_MEASURED, AT(name)},
    {"state", KIND_STATE, ROLE_MEASURED, AT(state)},
    {"started", KIND_TIME, ROLE_MEASURED, AT(started)},
    {"ended", KIND_TIME, ROLE_MEASURED, AT(ended)},
    {"duration", KIND_TIME, ROLE_MEASURED, AT(duration)},
    {"exit_code", KIND_INT, ROLE_MEASURED, AT(exit_code)},
    {"reason", KIND_TEXT, ROLE_MEASURED, AT(reason)},
    {"git_commit", KIND_TEXT, ROLE_FIXED, AT(git_commit)},
    {"git_branch", KIND_TEXT, ROLE_FIXED, AT(git_branch)},
    {"git_dirty", KIND_BOOL, ROLE_FIXED, AT(git_dirty)},
    {"tags", KIND_OBJECT, ROLE_MEASURED, AT(tags_json)},
    {"options", KIND_OBJECT, ROLE_MEASURED, AT(options_json)},
    {"environment", KIND_OBJECT, ROLE_MEASURED, AT(environment_json)},
    {"thresholds", KIND_ARRAY, ROLE_MEASURED, AT(thresholds_json)},
    {"scenarios", KIND_ARRAY, ROLE_MEASURED, AT(scenarios_json)},
    {"verdict", KIND_OBJECT, ROLE_MEASURED, AT(verdict_json)},
    {"generator", KIND_OBJECT, ROLE_MEASURED, AT(generator_json)},
    {"outputs", KIND_OBJECT, ROLE_MEASURED, AT(outputs_json)},
    {"submetrics", KIND_ARRAY, ROLE_MEASURED, AT(submetrics_json)},
    {"headline", KIND_OBJECT, ROLE_MEASURED, AT(headline_json)},
    {"baseline", KIND_BOOL, ROLE_USER, AT(is_baseline)},
    {"note", KIND_TEXT, ROLE_USER, AT(note)},
    {"labels", KIND_ARRAY, ROLE_USER, AT(labels_json)},
};
/* clang-format on */

static const char *const state_names[] = {
    [STORE_RUNNING] = "running", [STORE_FINISHED] = "finished",       [STORE_STOPPED] = "stopped",
    [STORE_FAILED] = "failed",   [STORE_INTERRUPTED] = "interrupted",
};

const char *store_state_name(enum store_state state)
{
    return state_names[state];
}

static enum store_state state_of(struct str name)
{
    for (size_t i = 0; i < countof(state_names); i++) {
        if (str_is(name, state_names[i]))
            return (enum store_state)i;
    }
    return STORE_INTERRUPTED;
}

/* ---- texts ---- */

/* What one column is selected as. */
static void put_selected(struct buf *b, const struct column *c)
{
    const char *type = c->kind == KIND_OBJECT ? "object" : c->kind == KIND_ARRAY ? "array" : NULL;

    if (!type) {
        buf_puts(b, c->name);
        return;
    }
    buf_printf(b, "iif(json_valid(%s), iif(json_type(%s) = '%s', %s, ''), '')", c->name, c->name,
               type, c->name);
}

static char *make_insert(void)
{
    struct buf b = {0};

    buf_puts(&b, "INSERT INTO runs(");
    for (size_t i = 0; i < countof(columns); i++)
        buf_printf(&b, "%s, ", columns[i].name);
    buf_puts(&b, "boot, pid, pid_start, pid_ns) VALUES(");
    for (size_t i = 0; i < countof(columns); i++)
        buf_puts(&b, "?, ");
    buf_puts(&b, "?, ?, ?, ?)");
    return buf_take(&b, NULL);
}

static char *make_update(enum role first, enum role last)
{
    struct buf b = {0};
    const char *comma = "";

    buf_puts(&b, "UPDATE runs SET ");
    for (size_t i = 0; i < countof(columns); i++) {
        if (columns[i].role < first || columns[i].role > last)
            continue;
        buf_printf(&b, "%s%s = ?", comma, columns[i].name);
        comma = ", ";
    }
    buf_puts(&b, " WHERE key = ?");
    return buf_take(&b, NULL);
}

static char *make_select(const char *rest)
{
    struct buf b = {0};

    buf_puts(&b, "SELECT key, ");
    for (size_t i = 0; i < countof(columns); i++) {
        put_selected(&b, &columns[i]);
        buf_puts(&b, ", ");
    }
    buf_printf(&b, "boot, pid, pid_start, pid_ns FROM runs %s", rest);
    return buf_take(&b, NULL);
}

#define LIST_WHERE                                                                             \
    "WHERE (?1 = '' OR script = ?1) AND (?2 = '' OR script_hash = ?2) "                        \
    "AND (?3 = '' OR EXISTS(SELECT 1 FROM json_each(iif(json_valid(labels), labels, '[]')) "   \
    "WHERE value = ?3)) "                                                                      \
    "AND (?4 = '' OR instr(lower(id || char(10) || name || char(10) || script || char(10) || " \
    "labels || char(10) || note || char(10) || git_commit), lower(?4))) "                      \
    "AND (?5 = 0 OR baseline) AND (?6 = 0 OR state <> 'running') "                             \
    "AND (?7 = 0 OR created >= ?7) AND (?8 = 0 OR created < ?8) "

const char store_count_sql[] = "SELECT count(*) FROM runs " LIST_WHERE;

void store_sql_make(struct store_sql *sql)
{
    *sql = (struct store_sql){
        .insert_run = make_insert(),
        .update_run = make_update(ROLE_MEASURED, ROLE_USER),
        .update_measured = make_update(ROLE_MEASURED, ROLE_MEASURED),
        .update_user = make_update(ROLE_USER, ROLE_USER),
        .select_by_key = make_select("WHERE key = ?"),
        .select_list =
            make_select(LIST_WHERE "ORDER BY created DESC, key DESC LIMIT ?9 OFFSET ?10"),
    };
}

void store_sql_fini(struct store_sql *sql)
{
    freep(&sql->insert_run);
    freep(&sql->update_run);
    freep(&sql->update_measured);
    freep(&sql->update_user);
    freep(&sql->select_by_key);
    freep(&sql->select_list);
}

/* ---- values ---- */

static struct str or_empty(struct str text, const char *empty)
{
    return text.n ? text : str_of(empty);
}

static void bind(struct query *q, const struct column *c, const struct store_run *run)
{
    const void *field = (const char *)run + c->offset;

    switch (c->kind) {
    case KIND_TEXT:
    case KIND_OBJECT:
        query_text(q, *(const struct str *)field);
        break;
    case KIND_ARRAY:
        query_text(q, or_empty(*(const struct str *)field, "[]"));
        break;
    case KIND_TIME:
        query_int(q, *(const int64_t *)field);
        break;
    case KIND_INT:
        query_int(q, *(const int *)field);
        break;
    case KIND_BOOL:
        query_int(q, *(const bool *)field);
        break;
    case KIND_STATE:
        query_text(q, str_of(state_names[*(const enum store_state *)field]));
        break;
    }
}

static void bind_roles(struct query *q, const struct store_run *run, enum role first,
                       enum role last)
{
    for (size_t i = 0; i < countof(columns); i++) {
        if (columns[i].role >= first && columns[i].role <= last)
            bind(q, &columns[i], run);
    }
}

void store_row_bind_insert(struct query *q, const struct store_run *run)
{
    bind_roles(q, run, ROLE_FIXED, ROLE_USER);
}

void store_row_bind_update(struct query *q, const struct store_run *run)
{
    bind_roles(q, run, ROLE_MEASURED, ROLE_USER);
    query_int(q, run->key);
}

void store_row_bind_measured(struct query *q, const struct store_run *run)
{
    bind_roles(q, run, ROLE_MEASURED, ROLE_MEASURED);
    query_int(q, run->key);
}

void store_row_bind_user(struct query *q, const struct store_run *run)
{
    bind_roles(q, run, ROLE_USER, ROLE_USER);
    query_int(q, run->key);
}

void store_row_copy(const struct store_run *run, struct arena *arena, struct store_run *ret_run)
{
    *ret_run = *run;
    for (size_t i = 0; i < countof(columns); i++) {
        struct str *text = (struct str *)((char *)ret_run + columns[i].offset);

        if (columns[i].kind <= KIND_ARRAY)
            *text = arena_str(arena, *text);
    }
    ret_run->script_text = arena_str(arena, run->script_text);
}

static void get(struct query *q, int at, const struct column *c, struct arena *arena,
                struct store_run *run)
{
    void *field = (char *)run + c->offset;

    switch (c->kind) {
    case KIND_TEXT:
    case KIND_OBJECT:
    case KIND_ARRAY:
        *(struct str *)field = arena_str(arena, query_get_text(q, at));
        break;
    case KIND_TIME:
        *(int64_t *)field = query_get_time(q, at);
        break;
    case KIND_INT:
        *(int *)field = (int)query_get_int(q, at);
        break;
    case KIND_BOOL:
        *(bool *)field = query_get_int(q, at) != 0;
        break;
    case KIND_STATE:
        *(enum store_state *)field = state_of(query_get_text(q, at));
        break;
    }
}

void store_row_get(struct query *q, struct arena *arena, struct store_run *ret_run)
{
    struct store_run run = {.key = query_get_int(q, 0)};
    int at = 1;

    for (size_t i = 0; i < countof(columns); i++)
        get(q, at++, &columns[i], arena, &run);
    *ret_run = run;
}
