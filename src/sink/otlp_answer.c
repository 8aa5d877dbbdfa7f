/*
 * Answers are small messages whose fields are walked one by one. What a receiver says in protocol
 * buffers, JSON or plain text is shown as it is; only what may come of the points is judged by
 * status.
 */
#include "sink/otlp_answer.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "base/varint.h"
#include "proto/http.h"
#include "sink/protobuf.h"

/* ---- reading protocol buffers ---- */

/* One field; `number` has varints and the bits of fixed ones, `bytes` the rest. */
struct field {
    uint64_t id;
    enum pb_wire wire;
    uint64_t number;
    struct str bytes;
};

static bool take_varint(struct str *rest, uint64_t *ret_n)
{
    uint64_t n = 0;

    for (size_t i = 0; i < rest->n && i < VARINT_MAX_BYTES; i++) {
        n |= (uint64_t)(rest->p[i] & 0x7f) << (7 * i);
        if (!(rest->p[i] & 0x80)) {
            *rest = str_from_index(*rest, i + 1);
            *ret_n = n;
            return true;
        }
    }
    return false;
}

static bool take_bytes(struct str *rest, uint64_t n, struct str *ret_bytes)
{
    if (n > rest->n)
        return false;
    *ret_bytes = str_from(rest->p, n);
    *rest = str_from_index(*rest, n);
    return true;
}

/* Takes a field off *rest. False when there is none that can be read. */
static bool take_field(struct str *rest, struct field *ret)
{
    uint64_t key, n = 0;

    *ret = (struct field){0};
    if (!take_varint(rest, &key) || key >> 3 == 0 || key > UINT32_MAX)
        return false;
    ret->id = key >> 3;
    ret->wire = (enum pb_wire)(key & 7);
    switch (ret->wire) {
    case PB_VARINT:
        return take_varint(rest, &ret->number);
    case PB_FIXED64:
        return take_bytes(rest, 8, &ret->bytes);
    case PB_FIXED32:
        return take_bytes(rest, 4, &ret->bytes);
    case PB_BYTES:
        return take_varint(rest, &n) && take_bytes(rest, n, &ret->bytes);
    }
    return false; /* groups are of the past */
}

/* ExportMetricsPartialSuccess{rejected_data_points 1, error_message 2} */
static bool read_partial(struct str rest, struct otlp_success *ret)
{
    struct field f;

    while (rest.n) {
        if (!take_field(&rest, &f))
            return false;
        if (f.id == 1 && f.wire == PB_VARINT) {
            ret->n_rejected = (int64_t)f.number > 0 ? f.number : 0;
        } else if (f.id == 2 && f.wire == PB_BYTES) {
            ret->message = f.bytes;
        }
    }
    return true;
}

bool otlp_success_parse(struct str body, struct otlp_success *ret_success)
{
    struct otlp_success s = {0};
    struct field f;

    while (body.n) {
        if (!take_field(&body, &f))
            return false;
        if (f.id == 1 && f.wire == PB_BYTES && !read_partial(f.bytes, &s))
            return false;
    }
    *ret_success = s;
    return true;
}

bool otlp_status_parse(struct str body, struct str *ret_message)
{
    struct str message = {0};
    struct field f;

    /* Text often reads as a field or two: a Status begins with its code or its message. */
    if (body.n == 0 || (body.p[0] != '\x08' && body.p[0] != '\x12'))
        return false;
    while (body.n) {
        if (!take_field(&body, &f))
            return false;
        if (f.id == 2 && f.wire == PB_BYTES)
            message = f.bytes;
    }
    *ret_message = message;
    return message.n > 0;
}

/* ---- words ---- */

/* Appends the first line of a text, fit for a terminal. */
static void put_said(struct buf *out, struct str text)
{
    struct push_answer a = {0};

    buf_putstr(&a.body, text);
    push_said(&a, out, 200);
    buf_fini(&a.body);
}

/* Appends the message of a JSON object, {"code": 3, "message": "..."}; false: it is none. */
static bool put_json_message(struct buf *out, struct str body)
{
    json_t *root = body.n && body.p[0] == '{' ? json_loadb(body.p, body.n, 0, NULL) : NULL;
    const char *message = json_string_value(json_object_get(root, "message"));

    if (message)
        put_said(out, str_of(message));
    json_decref(root);
    return message != NULL;
}

static void put_reason(struct buf *out, const struct push_answer *answer)
{
    struct str message;

    if (otlp_status_parse(buf_str(&answer->body), &message)) {
        put_said(out, message);
    } else if (!put_json_message(out, buf_str(&answer->body))) {
        push_said(answer, out, 200);
    }
}

/* The result's words: the status and what the receiver said. */
static void tell(struct push_result *r, enum push_outcome outcome, const struct push_answer *answer,
                 const char *note)
{
    struct buf said = {0};

    put_reason(&said, answer);
    push_result_set(r, outcome, "status %d %s%s%.*s%s", answer->status, http_reason(answer->status),
                    said.len ? ": " : "", STR_ARG(buf_str(&said)), note);
    buf_fini(&said);
}

/* ---- success ---- */

/* All were taken but `n`, and that is what the receiver says of it; either may be nothing. */
static void tell_partial(struct push_result *r, const struct otlp_rules *rules, uint64_t n,
                         struct str message)
{
    struct buf said = {0};

    put_said(&said, message);
    r->outcome = PUSH_DONE;
    r->n_rejected = n < rules->n_points ? n : rules->n_points;
    if (n || said.len) {
        push_result_set(r, PUSH_DONE, "%s%s%.*s",
                        n ? "refused by the receiver" : "the receiver warns", said.len ? ": " : "",
                        STR_ARG(buf_str(&said)));
    }
    buf_fini(&said);
}

static struct str type_of(const struct push_answer *answer)
{
    for (size_t i = 0; i < answer->n_headers; i++) {
        if (str_eq_nocase(answer->headers[i].name, STR("content-type")))
            return str_trim(answer->headers[i].value);
    }
    return (struct str){0};
}

/* {"partialSuccess": {"rejectedDataPoints": "3", "errorMessage": "..."}}; int64 may be a number. */
static void judge_json(const struct otlp_rules *rules, const struct push_answer *answer,
                       struct push_result *r)
{
    json_t *root = json_loadb(answer->body.data, answer->body.len, 0, NULL);
    const json_t *partial = json_object_get(root, "partialSuccess");
    const json_t *count = json_object_get(partial, "rejectedDataPoints");
    const char *message = json_string_value(json_object_get(partial, "errorMessage"));
    uint64_t n = 0;

    if (json_is_integer(count)) {
        n = json_integer_value(count) > 0 ? (uint64_t)json_integer_value(count) : 0;
    } else if (!str_u64(str_of(json_string_value(count)), &n)) {
        n = 0;
    }
    tell_partial(r, rules, n, str_of(message));
    json_decref(root);
}

/* A page that some server has for any address is no answer to us. */
static void judge_success(const struct otlp_rules *rules, const struct push_answer *answer,
                          struct push_result *r)
{
    struct str body = buf_str(&answer->body), type = type_of(answer);
    struct otlp_success s;

    r->outcome = PUSH_DONE;
    if (str_starts_nocase(type, STR("text/html"))) {
        tell(r, PUSH_BLOCKED, answer, " (a web page: is there an OTLP receiver at this address?)");
        return;
    }
    if (body.n && body.p[0] == '{') {
        judge_json(rules, answer, r);
        return;
    }
    /* what cannot be read is "OK" and the like */
    if (otlp_success_parse(body, &s))
        tell_partial(r, rules, s.n_rejected, s.message);
}

/* ---- failures ---- */

enum rule {
    RULE_RETRY,
    RULE_BLOCKED,
    RULE_SPLIT,
    RULE_BAD,   /* one point spoils the rest */
    RULE_FINAL, /* not to be sent again, in whatever form */
};

static enum rule rule_of(int status)
{
    static const struct {
        int status;
        enum rule rule;
    } rules[] = {
        {429, RULE_RETRY},   {502, RULE_RETRY},   {503, RULE_RETRY},   {504, RULE_RETRY},
        {401, RULE_BLOCKED}, {402, RULE_BLOCKED}, {403, RULE_BLOCKED}, {404, RULE_BLOCKED},
        {405, RULE_BLOCKED}, {407, RULE_BLOCKED}, {410, RULE_BLOCKED}, {415, RULE_BLOCKED},
        {501, RULE_BLOCKED}, {413, RULE_SPLIT},
    };

    for (size_t i = 0; i < countof(rules); i++) {
        if (rules[i].status == status)
            return rules[i].rule;
    }
    if (status < 400)
        return RULE_BLOCKED; /* redirects: a wrong address */
    return status < 500 ? RULE_BAD : RULE_FINAL;
}

static void judge_failure(const struct otlp_rules *rules, const struct push_answer *answer,
                          struct push_result *r)
{
    enum rule rule = rule_of(answer->status);

    if (rule == RULE_FINAL && rules->retry_500)
        rule = RULE_RETRY;
    switch (rule) {
    case RULE_RETRY:
        tell(r, PUSH_RETRY, answer, "");
        r->retry_after = answer->retry_after;
        break;
    case RULE_BLOCKED:
        tell(r, PUSH_BLOCKED, answer, "");
        break;
    case RULE_SPLIT:
        tell(r, PUSH_SPLIT, answer, "");
        break;
    case RULE_BAD:
        tell(r, PUSH_REFUSED, answer, "");
        break;
    case RULE_FINAL:
        /* Cutting it up would be sending it again. */
        tell(r, PUSH_DONE, answer, " (OTLP forbids to send them again; retry_500 does it)");
        r->n_rejected = rules->n_points;
        break;
    }
}

void otlp_judge(const struct otlp_rules *rules, const struct push_answer *answer,
                struct push_result *ret_result)
{
    *ret_result = (struct push_result){0};
    if (answer->status == 0) {
        push_result_set(ret_result, PUSH_RETRY, "%s", answer->error);
    } else if (answer->status >= 200 && answer->status < 300) {
        judge_success(rules, answer, ret_result);
    } else {
        judge_failure(rules, answer, ret_result);
    }
}
