/* A run as lists, documents and frames have it. */
#include "report/doc_run.h"

#include "base/json_check.h"
#include "report/doc_json.h"

static void put_git(struct json_out *j, const struct store_run *run)
{
    json_key(j, "git");
    if (!run->git_commit.n) {
        json_put_null(j);
        return;
    }
    json_open_object(j);
    doc_put_named(j, "commit", run->git_commit);
    doc_put_named(j, "branch", run->git_branch);
    json_key(j, "dirty");
    json_put_bool(j, run->git_dirty);
    json_close(j);
}

static void put_exit_code(struct json_out *j, int exit_code)
{
    json_key(j, "exit_code");
    if (exit_code < 0) {
        json_put_null(j);
    } else {
        json_put_int(j, exit_code);
    }
}

/* How far it has come. */
static void put_progress(struct json_out *j, const struct store_run *run)
{
    json_key(j, "state");
    json_put_cstr(j, store_state_name(run->state));
    json_key(j, "started_ms");
    doc_put_wall(j, run->started);
    json_key(j, "ended_ms");
    doc_put_wall(j, run->ended);
    json_key(j, "duration_s");
    doc_put_seconds(j, run->duration);
    put_exit_code(j, run->exit_code);
    doc_put_named(j, "reason", run->reason);
}

struct text_member {
    const char *key;
    struct str json;
    char first;
    const char *otherwise; /* NULL: it is left out */
};

static void put_texts(struct json_out *j, const struct text_member *members, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!members[i].otherwise && !json_check(members[i].json, members[i].first))
            continue;
        json_key(j, members[i].key);
        doc_put_text(j, members[i].json, members[i].first, members[i].otherwise);
    }
}

static void put_origin(struct json_out *j, const struct store_run *run)
{
    json_key(j, "key");
    json_put_int(j, run->key);
    doc_put_named(j, "id", run->id);
    doc_put_named(j, "name", run->name);
    json_key(j, "created_ms");
    json_put_int(j, run->created / NS_PER_MS);
    doc_put_named(j, "script", run->script);
    doc_put_named(j, "kind", run->kind);
    doc_put_named(j, "script_hash", run->script_hash);
    put_git(j, run);
    json_key(j, "baseline");
    json_put_bool(j, run->is_baseline);
    doc_put_named(j, "note", run->note);
}

static void put_live(struct json_out *j, const struct run_doc_live *live)
{
    if (!live || !live->stage)
        return;
    json_key(j, "stage");
    json_put_cstr(j, live->stage);
    json_key(j, "paused");
    json_put_bool(j, live->paused);
    json_key(j, "controllable");
    json_put_bool(j, live->controllable);
}

void doc_put_run(struct json_out *j, const struct store_run *run, const struct run_doc_live *live,
                 enum doc_run_parts parts)
{
    const struct text_member texts[] = {
        {"labels", run->labels_json, '[', "[]"},
        {"tags", run->tags_json, '{', "{}"},
        {"environment", run->environment_json, '{', "{}"},
        {"thresholds", run->thresholds_json, '[', "[]"},
        {"scenarios", run->scenarios_json, '[', "[]"},
        {"verdict", run->verdict_json, '{', "null"},
        {"outputs", run->outputs_json, '{', "{}"},
        {"headline", run->headline_json, '{', "null"},
    };
    const struct text_member more[] = {
        {"generator", run->generator_json, '{', NULL},
        {"options", run->options_json, '{', NULL},
    };

    json_open_object(j);
    put_origin(j, run);
    put_progress(j, run);
    put_texts(j, texts, countof(texts));
    if (parts == DOC_RUN_WHOLE)
        put_texts(j, more, countof(more));
    put_live(j, live);
    json_close(j);
}

void doc_put_run_changes(struct json_out *j, const struct store_run *run,
                         const struct run_doc_live *live)
{
    const struct text_member texts[] = {
        {"thresholds", run->thresholds_json, '[', NULL},
        {"scenarios", run->scenarios_json, '[', NULL},
        {"verdict", run->verdict_json, '{', NULL},
        {"generator", run->generator_json, '{', NULL},
        {"outputs", run->outputs_json, '{', NULL},
        {"headline", run->headline_json, '{', NULL},
    };

    put_progress(j, run);
    put_texts(j, texts, countof(texts));
    put_live(j, live);
}
