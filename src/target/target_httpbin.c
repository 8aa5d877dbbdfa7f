/* httpbin's mirrors: what was sent comes back as JSON, in the shapes of the original. */
#include <stdio.h>

#include "base/base64.h"
#include "base/mem.h"
#include "net/stream.h"
#include "proto/content.h"
#include "proto/http1/http1.h"
#include "target/target_json.h"
#include "target/target_priv.h"

/* Well-formed UTF-8 (RFC 3629): no surrogates, no overlong forms. */
static bool is_utf8(struct str s)
{
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
        unsigned second = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;

        if (n == 0 || (c >= 0x80 && c < 0xc2) || i + n > s.n)
            return false;
        if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
            (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f))
            return false;
        for (size_t k = 1; k < n; k++) {
            if (((unsigned char)s.p[i + k] & 0xc0) != 0x80)
                return false;
        }
        i += n;
    }
    return true;
}

/* Bytes as a JSON string; what is not text becomes a data URL, as httpbin has it. */
static void put_data(struct json_out *j, struct str data)
{
    if (is_utf8(data)) {
        json_put_str(j, data);
        return;
    }
    scoped(buf_fini) struct buf url = {0};

    buf_puts(&url, "data:application/octet-stream;base64,");
    ignored(base64_encode(BASE64_STD, data, &url));
    json_put_str(j, buf_str(&url));
}

/* ---- pairs with repeated names: {"a": "1", "b": ["2", "3"]} ---- */

struct pair {
    struct str name, value;
    bool is_done;
};

struct pairs {
    struct pair *items;
    size_t n, cap;
};

enum {
    PAIRS_MAX = 2000 /* more are left out: finding repeated names is quadratic */
};

static void pairs_add(struct pairs *p, struct str name, struct str value)
{
    if (p->n < PAIRS_MAX)
        vec_push(p->items, p->n, p->cap) = (struct pair){name, value, false};
}

static void pairs_fini(struct pairs *p)
{
    free(p->items);
}

static bool is_repeated(const struct pairs *p, size_t first)
{
    for (size_t i = first + 1; i < p->n; i++) {
        if (str_eq(p->items[i].name, p->items[first].name))
            return true;
    }
    return false;
}

static void put_values_of(struct json_out *j, struct pairs *p, size_t first)
{
    bool is_list = is_repeated(p, first);

    json_key_str(j, p->items[first].name);
    if (is_list)
        json_open_array(j);
    for (size_t i = first; i < p->n; i++) {
        if (i > first && (!is_list || !str_eq(p->items[i].name, p->items[first].name)))
            continue;
        put_data(j, p->items[i].value);
        p->items[i].is_done = true;
    }
    if (is_list)
        json_close(j);
}

static void pairs_put(struct json_out *j, struct pairs *p)
{
    json_open_object(j);
    for (size_t i = 0; i < p->n; i++) {
        if (!p->items[i].is_done)
            put_values_of(j, p, i);
    }
    json_close(j);
}

/* Adds the pairs of an urlencoded text. */
static void pairs_read(struct exchange *x, struct pairs *p, struct str text)
{
    struct str name, value;

    while (p->n < PAIRS_MAX && exchange_next_pair(x, &text, &name, &value))
        pairs_add(p, name, value);
}

/* ---- the parts of httpbin's answers ---- */

void bin_put_args(struct exchange *x, struct json_out *j)
{
    scoped(pairs_fini) struct pairs args = {0};

    pairs_read(x, &args, x->query);
    json_key(j, "args");
    pairs_put(j, &args);
}

/* All values of the header at `first` in one, joined by commas, unless an earlier one had them. */
static bool joined_value(struct exchange *x, size_t first, struct buf *value)
{
    const struct http_head *head = x->request->msg.head;
    struct str name = head->headers[first].name;

    for (size_t i = 0; i < first; i++) {
        if (str_eq_nocase(head->headers[i].name, name))
            return false;
    }
    for (size_t i = first; i < head->n_headers; i++) {
        if (!str_eq_nocase(head->headers[i].name, name))
            continue;
        if (value->len)
            buf_putc(value, ',');
        buf_putstr(value, head->headers[i].value);
    }
    return true;
}

/* "x-a" as "X-A", which is how httpbin spells what it got. */
static struct str canonical(struct exchange *x, struct str name)
{
    char *p = arena_alloc(&x->arena, name.n);
    bool at_start = true;

    for (size_t i = 0; i < name.n; i++) {
        char c = ascii_lower(name.p[i]);

        p[i] = (char)(at_start && c >= 'a' && c <= 'z' ? c - 32 : c);
        at_start = p[i] == '-';
    }
    return str_from(p, name.n);
}

void bin_put_headers(struct exchange *x, struct json_out *j)
{
    const struct http_head *head = x->request->msg.head;

    json_key(j, "headers");
    json_open_object(j);
    for (size_t i = 0; i < head->n_headers; i++) {
        scoped(buf_fini) struct buf value = {0};

        if (!joined_value(x, i, &value))
            continue;
        json_key_str(j, canonical(x, head->headers[i].name));
        json_put_str(j, buf_str(&value));
    }
    json_close(j);
}

static void put_origin(struct exchange *x, struct json_out *j)
{
    json_key(j, "origin");
    json_put_cstr(j, stream_info(x->stream)->remote_ip);
}

static void put_url(struct exchange *x, struct json_out *j)
{
    scoped(buf_fini) struct buf url = {0};

    buf_putstr(&url, exchange_origin(x));
    buf_putstr(&url, x->path);
    if (x->query.n) {
        buf_putc(&url, '?');
        buf_putstr(&url, x->query);
    }
    json_key(j, "url");
    json_put_str(j, buf_str(&url));
}

/* ---- bodies ---- */

struct bodies {
    struct pairs form, files;
    struct str data; /* what is neither form nor file */
};

static void bodies_fini(struct bodies *b)
{
    pairs_fini(&b->form);
    pairs_fini(&b->files);
}

/* The parameter of a header value: `boundary` of `multipart/form-data; boundary="x"`. */
static struct str parameter(struct str value, const char *name)
{
    struct str part;

    ignored(str_split(&value, ';', &part));
    while (str_split(&value, ';', &part)) {
        struct str text = str_trim(part);
        size_t equals = str_find(text, '=');

        if (!str_eq_nocase(str_from(text.p, equals), str_of(name)))
            continue;
        text = str_from_index(text, equals + 1);
        if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
            text = str_from(text.p + 1, text.n - 2);
        return text;
    }
    return (struct str){0};
}

/* The value of Content-Disposition in the head of a part. */
static struct str disposition(struct str head)
{
    struct str line;

    while (str_split(&head, '\n', &line)) {
        size_t colon = str_find(line, ':');

        if (str_eq_nocase(str_trim(str_from(line.p, colon)), STR("Content-Disposition")))
            return str_trim(str_from_index(line, colon + 1));
    }
    return (struct str){0};
}

static void add_part(struct bodies *b, struct str part)
{
    size_t blank = str_find_str(part, STR("\r\n\r\n"));
    struct str value = disposition(str_from(part.p, blank));
    struct str name = parameter(value, "name");

    if (blank == part.n || !name.p)
        return;
    bool is_file = parameter(value, "filename").p != NULL;

    pairs_add(is_file ? &b->files : &b->form, name, str_from_index(part, blank + 4));
}

static void read_multipart(struct exchange *x, struct bodies *b, struct str boundary)
{
    struct str mark = str_of(arena_printf(&x->arena, "\r\n--%.*s", STR_ARG(boundary)));
    struct str rest = x->body;
    /* The first mark has no line end before it when nothing precedes it. */
    struct str first = str_from_index(mark, 2);
    size_t at = str_starts(rest, first) ? first.n : str_find_str(rest, mark) + mark.n;

    for (rest = str_from_index(rest, at); rest.n && !str_starts(rest, STR("--"));) {
        size_t end = str_find_str(rest, mark);

        if (end == rest.n)
            return;
        add_part(b, str_from(rest.p, end));
        rest = str_from_index(rest, end + mark.n);
    }
}

static void read_bodies(struct exchange *x, struct bodies *b)
{
    struct str type = exchange_header(x, "Content-Type");
    struct str boundary = parameter(type, "boundary");

    if (str_starts_nocase(type, STR("application/x-www-form-urlencoded"))) {
        pairs_read(x, &b->form, x->body);
    } else if (str_starts_nocase(type, STR("multipart/form-data")) && boundary.n) {
        read_multipart(x, b, boundary);
    } else {
        b->data = x->body;
    }
}

static void put_bodies(struct exchange *x, struct json_out *j)
{
    scoped(bodies_fini) struct bodies b = {0};

    read_bodies(x, &b);
    json_key(j, "data");
    put_data(j, b.data);
    json_key(j, "files");
    pairs_put(j, &b.files);
    json_key(j, "form");
    pairs_put(j, &b.form);
    json_key(j, "json");
    if (b.data.n && is_utf8(b.data) && json_is_valid(b.data)) {
        json_put_raw(j, str_trim(b.data));
    } else {
        json_put_null(j);
    }
}

/* ---- handlers ---- */

void bin_get(struct exchange *x)
{
    struct json_out j = answer_json(x);

    json_open_object(&j);
    bin_put_args(x, &j);
    bin_put_headers(x, &j);
    put_origin(x, &j);
    put_url(x, &j);
    json_close(&j);
}

static void put_post(struct exchange *x, struct json_out *j)
{
    bin_put_args(x, j);
    put_bodies(x, j);
    bin_put_headers(x, j);
    put_origin(x, j);
    put_url(x, j);
}

void bin_post(struct exchange *x)
{
    struct json_out j = answer_json(x);

    json_open_object(&j);
    put_post(x, &j);
    json_close(&j);
}

void bin_anything(struct exchange *x)
{
    struct json_out j = answer_json(x);

    json_open_object(&j);
    put_post(x, &j);
    json_key(&j, "method");
    json_put_str(&j, x->request->method);
    json_close(&j);
}

void bin_headers(struct exchange *x)
{
    struct json_out j = answer_json(x);

    json_open_object(&j);
    bin_put_headers(x, &j);
    json_close(&j);
}

void bin_ip(struct exchange *x)
{
    struct json_out j = answer_json(x);

    json_open_object(&j);
    put_origin(x, &j);
    json_close(&j);
}

void bin_user_agent(struct exchange *x)
{
    struct json_out j = answer_json(x);
    struct str agent = exchange_header(x, "User-Agent");

    json_open_object(&j);
    json_key(&j, "user-agent");
    if (agent.p) {
        json_put_str(&j, agent);
    } else {
        json_put_null(&j);
    }
    json_close(&j);
}

/* /gzip, /deflate, /brotli, /zstd: the path names the coding. */
void bin_encoded(struct exchange *x)
{
    static const struct {
        const char *path, *flag;
        enum content_coding coding;
    } codings[] = {
        {"/gzip", "gzipped", CONTENT_GZIP},
        {"/deflate", "deflated", CONTENT_DEFLATE},
        {"/brotli", "brotli", CONTENT_BR},
        {"/zstd", "zstd", CONTENT_ZSTD},
    };
    scoped(buf_fini) struct buf plain = {0};
    struct json_out j = JSON_OUT(&plain, 0);
    size_t i = 0;

    while (!str_is(x->path, codings[i].path))
        i++;
    json_open_object(&j);
    json_key(&j, codings[i].flag);
    json_put_bool(&j, true);
    bin_put_headers(x, &j);
    json_key(&j, "method");
    json_put_str(&j, x->request->method);
    put_origin(x, &j);
    json_close(&j);
    answer_type(x, "application/json");
    answer_header(x, "Content-Encoding", content_coding_name(codings[i].coding));
    if (content_encode(codings[i].coding, buf_str(&plain), &x->out))
        answer_error(x, 500, "Encoding failed");
}

static bool is_header_safe(struct str name, struct str value)
{
    for (size_t i = 0; i < value.n; i++) {
        if ((unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7f)
            return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        if (!ascii_digit(name.p[i]) && name.p[i] != '-' &&
            (ascii_lower(name.p[i]) < 'a' || ascii_lower(name.p[i]) > 'z'))
            return false;
    }
    return name.n > 0;
}

static bool is_framing(struct str name)
{
    return str_eq_nocase(name, STR("Content-Length")) ||
           str_eq_nocase(name, STR("Transfer-Encoding")) || str_eq_nocase(name, STR("Connection"));
}

/* Every argument becomes a header of the answer; those that would break it do not. */
void bin_response_headers(struct exchange *x)
{
    struct json_out j = answer_json(x);
    struct str rest = x->query, name, value;

    json_open_object(&j);
    while (exchange_next_pair(x, &rest, &name, &value)) {
        if (!is_header_safe(name, value) || is_framing(name) ||
            x->n_headers == EXCHANGE_HEADERS_MAX)
            continue;
        if (str_eq_nocase(name, STR("Content-Type"))) {
            x->headers[0].value = value;
        } else {
            answer_header(x, name.p, value);
        }
        json_key_str(&j, name);
        json_put_str(&j, value);
    }
    json_close(&j);
}

void bin_base64(struct exchange *x)
{
    struct str text = exchange_param(x, 0);

    answer_type(x, "text/html; charset=utf-8");
    if (base64_decode(BASE64_URL, text, &x->out, NULL) == 0)
        return;
    buf_reset(&x->out);
    if (base64_decode(BASE64_STD, text, &x->out, NULL) == 0)
        return;
    buf_reset(&x->out);
    buf_puts(&x->out, "Incorrect Base64 data try: SFRUUEJJTiBpcyBhd2Vzb21l");
}

void bin_uuid(struct exchange *x)
{
    uint64_t a = rng_u64(&x->worker->rng), b = rng_u64(&x->worker->rng);
    struct json_out j = answer_json(x);
    char text[40];

    snprintf(text, sizeof(text), "%08x-%04x-4%03x-%04x-%012lx", (unsigned)(a >> 32),
             (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
             (unsigned)(b >> 48 & 0x3fff) | 0x8000U, (unsigned long)(b & 0xffffffffffffU));
    json_open_object(&j);
    json_key(&j, "uuid");
    json_put_cstr(&j, text);
    json_close(&j);
}
