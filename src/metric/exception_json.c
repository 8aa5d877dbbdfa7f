#include "metric/exception_json.h"

static void put_text(struct json_out *j, const char *key, struct str value)
{
    json_key(j, key);
    json_put_str(j, value);
}

static void put_ms(struct json_out *j, const char *key, wall_ns at)
{
    json_key(j, key);
    json_put_int(j, at / NS_PER_MS);
}

static void put_since(struct json_out *j, const char *key, wall_ns at, wall_ns started)
{
    span_ns span = started && at > started ? at - started : 0;

    json_key(j, key);
    json_put_f64(j, (double)((span + NS_PER_MS / 2) / NS_PER_MS) / 1e3);
}

static void put_workers(struct json_out *j, uint64_t workers)
{
    json_key(j, "workers");
    json_open_array(j);
    for (int i = 0; i < EXCEPTION_WORKERS_MAX; i++) {
        if (workers & 1ULL << i)
            json_put_int(j, i + 1);
    }
    json_close(j);
}

void exception_put_json(struct json_out *j, const struct exception *e, wall_ns started)
{
    json_open_object(j);
    put_text(j, "kind", e->kind);
    put_text(j, "message", e->message);
    put_text(j, "place", e->place);
    put_text(j, "scenario", e->scenario);
    json_key(j, "count");
    json_put_u64(j, e->count);
    put_ms(j, "first_ms", e->first);
    put_ms(j, "last_ms", e->last);
    put_since(j, "first_t", e->first, started);
    put_since(j, "last_t", e->last, started);
    put_workers(j, e->workers);
    json_key(j, "others");
    json_put_bool(j, e->is_others);
    put_text(j, "stack", e->stack);
    json_close(j);
}
