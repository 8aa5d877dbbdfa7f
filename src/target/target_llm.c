/*
 * A chat API in the shape that OpenAI's has: models, completions whose time grows with their
 * tokens, streamed answers, a quota of tokens a minute, refusals and failures. A token is a word of
 * the answer, and four bytes of the question; the answer's length is drawn, so that the cost of n
 * requests is known from the seed. What was answered is counted, for /v1/usage to say.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "loop/loop.h"
#include "proto/http1/http1.h"
#include "proto/http1/http1_encode.h"
#include "target/target_json.h"
#include "target/target_model.h"
#include "target/target_priv.h"

enum {
    MESSAGES_MAX = 1000,
    MESSAGE_TOKENS = 4, /* what each message costs besides its text */
    ANSWER_TOKENS = 3,  /* what the beginning of the answer costs */
    TOKENS_MAX = 4096,  /* of an answer */
    TOKENS_DEFAULT = 256,
    BYTES_PER_TOKEN = 4,
    CHUNKS_MAX = 128, /* of a streamed answer; longer ones have more words in each */
    LIMITED_PERCENT = 2,
    ERRORS_PERCENT = 1,
    TOKENS_PER_MINUTE = 600000,
};

static const struct model {
    const char *name;
    double first_ms, token_ms; /* to the first token, and for each */
} models[] = {
    {"gpt-4", 90, 4},
    {"gpt-4o", 60, 2},
    {"gpt-4o-mini", 40, 1},
};

struct tally {
    uint64_t requests, prompt_tokens, completion_tokens;
};

struct target_llm {
    pthread_mutex_t lock;
    struct quota quota;
    struct tally tallies[countof(models)];
    uint64_t n_limited, n_failed;
};

struct target_llm *target_llm_new(void)
{
    struct target_llm *llm = xnew(struct target_llm);

    pthread_mutex_init(&llm->lock, NULL);
    return llm;
}

void target_llm_free(struct target_llm *llm)
{
    if (!llm)
        return;
    pthread_mutex_destroy(&llm->lock);
    free(llm);
}

/* A question as it was understood, and how long the answer will be. */
struct chat {
    size_t model;
    uint64_t id;
    uint64_t prompt_tokens, completion_tokens;
    uint64_t max_tokens;
    bool is_cut; /* the answer would have been longer than max_tokens */
    bool is_streamed, has_usage;
};

/* ---- refusals ---- */

static void refuse(struct exchange *x, int status, const char *type, const char *code,
                   const char *message)
{
    struct json_out j = answer_json(x);

    x->status = status;
    json_open_object(&j);
    json_key(&j, "error");
    json_open_object(&j);
    json_key(&j, "message");
    json_put_cstr(&j, message);
    json_key(&j, "type");
    json_put_cstr(&j, type);
    json_key(&j, "param");
    json_put_null(&j);
    json_key(&j, "code");
    json_put_cstr(&j, code);
    json_close(&j);
    json_close(&j);
}

static bool is_bad(struct exchange *x, const char *code, const char *message)
{
    refuse(x, 400, "invalid_request_error", code, message);
    return false;
}

static bool has_key(struct exchange *x)
{
    struct str auth = exchange_header(x, "Authorization");

    if (str_starts_nocase(auth, STR("Bearer ")) && str_trim(str_from_index(auth, 7)).n)
        return true;
    answer_header(x, "WWW-Authenticate", STR("Bearer"));
    refuse(x, 401, "invalid_request_error", "invalid_api_key",
           "an API key is needed: Authorization: Bearer KEY; any key will do here");
    return false;
}

/* ---- reading the question ---- */

static bool take_model(struct exchange *x, struct chat *chat)
{
    struct str name = json_member(&x->arena, x->body, "model");

    for (size_t i = 0; i < countof(models); i++) {
        if (str_is(name, models[i].name)) {
            chat->model = i;
            return true;
        }
    }
    refuse(x, 404, "invalid_request_error", "model_not_found",
           "no such model: GET /v1/models lists those there are");
    return false;
}

static bool take_messages(struct exchange *x, struct chat *chat)
{
    struct str list = json_member(&x->arena, x->body, "messages"), one;
    uint64_t n_messages = 0, n_tokens = ANSWER_TOKENS;

    while (json_next_element(&list, &one)) {
        struct str role = json_member(&x->arena, one, "role");
        struct str content = json_member(&x->arena, one, "content");

        if (++n_messages > MESSAGES_MAX)
            return is_bad(x, "too_many_messages", "more than 1000 messages");
        if (!role.n || !content.p)
            return is_bad(x, "invalid_message", "each message needs a role and a content");
        n_tokens += MESSAGE_TOKENS + (content.n + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
    }
    if (!n_messages)
        return is_bad(x, "missing_messages", "messages must be an array of {role, content}");
    chat->prompt_tokens = n_tokens;
    return true;
}

static bool take_limit(struct exchange *x, struct chat *chat)
{
    struct str text = json_member(&x->arena, x->body, "max_tokens");

    if (!text.p)
        text = json_member(&x->arena, x->body, "max_completion_tokens");
    chat->max_tokens = TOKENS_DEFAULT;
    if (!text.p || str_is(text, "null"))
        return true;
    if (!str_u64(text, &chat->max_tokens) || chat->max_tokens < 1 || chat->max_tokens > TOKENS_MAX)
        return is_bad(x, "invalid_max_tokens", "max_tokens must be a number from 1 to 4096");
    return true;
}

static void take_streaming(struct exchange *x, struct chat *chat)
{
    struct str options = json_member(&x->arena, x->body, "stream_options");

    /* There are no chunks before HTTP/1.1: the answer then comes in one piece. */
    chat->is_streamed = str_is(json_member(&x->arena, x->body, "stream"), "true") &&
                        x->request->msg.version == HTTP_1_1;
    chat->has_usage = str_is(json_member(&x->arena, options, "include_usage"), "true");
}

/* From a quarter of what is allowed to a tenth more than that, which is cut off. */
static void draw_answer(struct chat *chat, struct rng *r)
{
    uint64_t most = chat->max_tokens + chat->max_tokens / 10;
    uint64_t n = (uint64_t)rng_between(r, (int64_t)(chat->max_tokens + 3) / 4, (int64_t)most);

    chat->id = rng_u64(r);
    chat->is_cut = n > chat->max_tokens;
    chat->completion_tokens = chat->is_cut ? chat->max_tokens : n;
}

/* ---- the quota ---- */

/* As OpenAI has it: what was granted a minute, and what is left of it. */
static void put_quota_headers(struct exchange *x, uint64_t limit, double left)
{
    answer_header(x, "x-ratelimit-limit-tokens",
                  str_of(arena_printf(&x->arena, "%lu", (unsigned long)limit)));
    answer_header(x, "x-ratelimit-remaining-tokens",
                  str_of(arena_printf(&x->arena, "%lu", (unsigned long)left)));
}

static void refuse_for_now(struct exchange *x, span_ns wait)
{
    long seconds = (long)((wait + NS_PER_S - 1) / NS_PER_S);

    answer_header(x, "Retry-After", str_of(arena_printf(&x->arena, "%ld", seconds)));
    refuse(x, 429, "requests", "rate_limit_exceeded",
           "too many tokens a minute: wait as long as Retry-After says");
}

/* Whether the request is served; draws refusals and failures, and takes its tokens off the quota.
 */
static bool is_served(struct exchange *x, const struct chat *chat, struct rng *r)
{
    struct target_llm *llm = x->worker->target->llm;
    uint64_t limit = exchange_arg_u64(x, "tpm", TOKENS_PER_MINUTE, 1000000000);
    bool is_limited = draw_percent(r, exchange_arg_u64(x, "limited", LIMITED_PERCENT, 100));
    bool is_failed = draw_percent(r, exchange_arg_u64(x, "errors", ERRORS_PERCENT, 100));
    double n_tokens = (double)(chat->prompt_tokens + chat->completion_tokens);
    mono_ns now = loop_now(x->worker->loop);
    span_ns wait = is_limited ? NS_PER_S : 0;

    limit = limit ? limit : 1;
    pthread_mutex_lock(&llm->lock);
    if (!is_limited && !is_failed)
        wait = quota_take(&llm->quota, (double)limit, n_tokens, now);
    double left = quota_left(&llm->quota, (double)limit, now);

    llm->n_limited += wait > 0;
    llm->n_failed += !wait && is_failed;
    pthread_mutex_unlock(&llm->lock);
    put_quota_headers(x, limit, left);
    if (wait) {
        refuse_for_now(x, wait);
    } else if (is_failed) {
        refuse(x, 500, "server_error", "internal_error", "the model failed");
    }
    return !wait && !is_failed;
}

static void count(struct target_llm *llm, const struct chat *chat)
{
    struct tally *t = &llm->tallies[chat->model];

    pthread_mutex_lock(&llm->lock);
    t->requests++;
    t->prompt_tokens += chat->prompt_tokens;
    t->completion_tokens += chat->completion_tokens;
    pthread_mutex_unlock(&llm->lock);
}

/* ---- the answer ---- */

static const char *word_of(const struct chat *chat, uint64_t i)
{
    static const char *const words[] = {"load",  "tests", "tell",   "how", "a",    "system",
                                        "does",  "when",  "many",   "ask", "it",   "at",
                                        "once,", "and",   "where",  "it",  "will", "bend",
                                        "first", "under", "weight", "of",  "use"};

    return words[(chat->id + i * 7) % countof(words)];
}

static void put_words(struct buf *out, const struct chat *chat, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++)
        buf_printf(out, "%s%s", i ? " " : "", word_of(chat, i));
}

static void put_head(struct exchange *x, const struct chat *chat, struct json_out *j,
                     const char *object)
{
    char id[40];

    snprintf(id, sizeof(id), "chatcmpl-%016lx", (unsigned long)chat->id);
    json_key(j, "id");
    json_put_cstr(j, id);
    json_key(j, "object");
    json_put_cstr(j, object);
    json_key(j, "created");
    json_put_int(j, worker_wall(x->worker) / NS_PER_S);
    json_key(j, "model");
    json_put_cstr(j, models[chat->model].name);
}

static void put_usage(const struct chat *chat, struct json_out *j)
{
    json_key(j, "usage");
    json_open_object(j);
    json_key(j, "prompt_tokens");
    json_put_u64(j, chat->prompt_tokens);
    json_key(j, "completion_tokens");
    json_put_u64(j, chat->completion_tokens);
    json_key(j, "total_tokens");
    json_put_u64(j, chat->prompt_tokens + chat->completion_tokens);
    json_close(j);
}

static const char *finish_reason(const struct chat *chat)
{
    return chat->is_cut ? "length" : "stop";
}

static void answer_whole(struct exchange *x, const struct chat *chat)
{
    const struct model *m = &models[chat->model];
    scoped(buf_fini) struct buf text = {0};

    if (!exchange_work(x, m->first_ms + m->token_ms * (double)chat->completion_tokens))
        return;
    struct json_out j = answer_json(x);

    json_open_object(&j);
    put_head(x, chat, &j, "chat.completion");
    json_key(&j, "choices");
    json_open_array(&j);
    json_open_object(&j);
    json_key(&j, "index");
    json_put_int(&j, 0);
    json_key(&j, "message");
    json_open_object(&j);
    json_key(&j, "role");
    json_put_cstr(&j, "assistant");
    json_key(&j, "content");
    put_words(&text, chat, 0, chat->completion_tokens);
    json_put_str(&j, buf_str(&text));
    json_close(&j);
    json_key(&j, "finish_reason");
    json_put_cstr(&j, finish_reason(chat));
    json_close(&j);
    json_close(&j);
    put_usage(chat, &j);
    json_close(&j);
    count(x->worker->target->llm, chat);
}

enum event {
    EVENT_FIRST, /* words, and who speaks */
    EVENT_WORDS,
    EVENT_END,
    EVENT_USAGE,
};

static void put_choice(const struct chat *chat, struct json_out *j, enum event event,
                       struct str text)
{
    json_open_object(j);
    json_key(j, "index");
    json_put_int(j, 0);
    json_key(j, "delta");
    json_open_object(j);
    if (event == EVENT_FIRST) {
        json_key(j, "role");
        json_put_cstr(j, "assistant");
    }
    if (event != EVENT_END) {
        json_key(j, "content");
        json_put_str(j, text);
    }
    json_close(j);
    json_key(j, "finish_reason");
    json_put_cstr(j, event == EVENT_END ? finish_reason(chat) : NULL);
    json_close(j);
}

/* One server-sent event; false when the client is gone. */
static bool send_event(struct exchange *x, const struct chat *chat, enum event event,
                       struct str text)
{
    scoped(buf_fini) struct buf line = {0};
    struct json_out j = JSON_OUT(&line, 0);

    buf_puts(&line, "data: ");
    json_open_object(&j);
    put_head(x, chat, &j, "chat.completion.chunk");
    json_key(&j, "choices");
    json_open_array(&j);
    if (event != EVENT_USAGE)
        put_choice(chat, &j, event, text);
    json_close(&j);
    if (event == EVENT_USAGE)
        put_usage(chat, &j);
    json_close(&j);
    buf_puts(&line, "\n\n");
    return answer_chunk(x, buf_str(&line));
}

static bool send_words(struct exchange *x, const struct chat *chat)
{
    const struct model *m = &models[chat->model];
    uint64_t step = (chat->completion_tokens + CHUNKS_MAX - 1) / CHUNKS_MAX;

    for (uint64_t i = 0; i < chat->completion_tokens; i += step) {
        scoped(buf_fini) struct buf text = {0};
        uint64_t to = i + step < chat->completion_tokens ? i + step : chat->completion_tokens;

        if (!exchange_work(x, m->token_ms * (double)(to - i)))
            return false;
        put_words(&text, chat, i, to);
        if (!send_event(x, chat, i ? EVENT_WORDS : EVENT_FIRST, buf_str(&text)))
            return false;
    }
    return true;
}

static void answer_stream(struct exchange *x, const struct chat *chat)
{
    answer_type(x, "text/event-stream");
    if (!exchange_work(x, models[chat->model].first_ms) || !answer_start(x, HTTP1_CHUNKED))
        return;
    if (!send_words(x, chat) || !send_event(x, chat, EVENT_END, (struct str){0}) ||
        (chat->has_usage && !send_event(x, chat, EVENT_USAGE, (struct str){0})) ||
        !answer_chunk(x, STR("data: [DONE]\n\n")))
        return;
    count(x->worker->target->llm, chat);
    answer_last_chunk(x);
}

void llm_chat(struct exchange *x)
{
    struct chat chat = {0};

    if (!has_key(x) || !take_model(x, &chat) || !take_messages(x, &chat) || !take_limit(x, &chat))
        return;
    take_streaming(x, &chat);
    struct rng r = exchange_draw(x, DRAW_LLM);

    draw_answer(&chat, &r);
    if (!is_served(x, &chat, &r))
        return;
    if (chat.is_streamed) {
        answer_stream(x, &chat);
    } else {
        answer_whole(x, &chat);
    }
}

/* ---- what there is, and what was used ---- */

void llm_models(struct exchange *x)
{
    if (!has_key(x))
        return;
    struct json_out j = answer_json(x);

    json_open_object(&j);
    json_key(&j, "object");
    json_put_cstr(&j, "list");
    json_key(&j, "data");
    json_open_array(&j);
    for (size_t i = 0; i < countof(models); i++) {
        json_open_object(&j);
        json_key(&j, "id");
        json_put_cstr(&j, models[i].name);
        json_key(&j, "object");
        json_put_cstr(&j, "model");
        json_key(&j, "owned_by");
        json_put_cstr(&j, "brunt-target");
        json_close(&j);
    }
    json_close(&j);
    json_close(&j);
}

static void put_tally(struct json_out *j, const struct tally *t)
{
    json_key(j, "requests");
    json_put_u64(j, t->requests);
    json_key(j, "prompt_tokens");
    json_put_u64(j, t->prompt_tokens);
    json_key(j, "completion_tokens");
    json_put_u64(j, t->completion_tokens);
}

void llm_usage(struct exchange *x)
{
    struct target_llm *llm = x->worker->target->llm;
    struct json_out j = answer_json(x);

    pthread_mutex_lock(&llm->lock);
    json_open_object(&j);
    json_key(&j, "models");
    json_open_object(&j);
    for (size_t i = 0; i < countof(models); i++) {
        json_key(&j, models[i].name);
        json_open_object(&j);
        put_tally(&j, &llm->tallies[i]);
        json_close(&j);
    }
    json_close(&j);
    json_key(&j, "rate_limited");
    json_put_u64(&j, llm->n_limited);
    json_key(&j, "failed");
    json_put_u64(&j, llm->n_failed);
    json_close(&j);
    pthread_mutex_unlock(&llm->lock);
}
