/*
 * Runs the cases of tests/wire/cases (README.md there) against the HTTP/1.x readers. The transcript
 * of a case must not depend on how its input is split.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "proto/http1/http1.h"

enum {
    N_RANDOM_SPLITS = 12,
    BODY_SHOWN_MAX = 120,
    CASES_LEAST = 60,
};

static const char cases_dir[] = "tests/wire/cases";

enum kind {
    KIND_GET,
    KIND_HEAD,
    KIND_CONNECT,
    KIND_REQUEST,
};

struct wire_case {
    const char *file;
    struct str name;
    enum kind kind;
    bool show_headers;
    bool closes;
    struct buf input;
    struct buf expected;
};

/* What is being written about one run. */
struct run {
    const struct wire_case *c;
    struct http1_memo *memo; /* NULL: heads are not remembered */
    struct buf transcript;
    struct buf body; /* joined until something else happens */
};

static void put_escaped(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c == '\r')
            buf_puts(out, "\\r");
        else if (c == '\n')
            buf_puts(out, "\\n");
        else if (c == '\\')
            buf_puts(out, "\\\\");
        else if (c < 0x20 || c >= 0x7f)
            buf_printf(out, "\\x%02x", c);
        else
            buf_putc(out, (char)c);
    }
}

static void put_unescaped(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '\\' || i + 1 == s.n) {
            buf_putc(out, s.p[i]);
            continue;
        }
        char c = s.p[++i];

        if (c == 'x' && i + 2 < s.n) {
            buf_putc(out, (char)(ascii_hex(s.p[i + 1]) << 4 | ascii_hex(s.p[i + 2])));
            i += 2;
        } else {
            buf_putc(out, (char)(c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c));
        }
    }
}

static void flush_body(struct run *r)
{
    if (!r->body.len)
        return;
    if (r->body.len > BODY_SHOWN_MAX) {
        buf_printf(&r->transcript, "body %zu bytes\n", r->body.len);
    } else {
        buf_puts(&r->transcript, "body ");
        put_escaped(&r->transcript, buf_str(&r->body));
        buf_putc(&r->transcript, '\n');
    }
    buf_reset(&r->body);
}

static const char *framing_name(const struct http1_message *m)
{
    static const char *const names[] = {"none", "length", "chunked", "until close"};

    return names[m->framing];
}

static void put_head(struct run *r, const struct http1_message *m,
                     const struct http_header *headers, size_t n_headers)
{
    buf_printf(&r->transcript, ", %s, %s%s\n", m->keep_alive ? "keep" : "close", framing_name(m),
               m->is_upgrade ? ", upgrade" : "");
    for (size_t i = 0; r->c->show_headers && i < n_headers; i++) {
        buf_puts(&r->transcript, "header ");
        put_escaped(&r->transcript, headers[i].name);
        buf_puts(&r->transcript, headers[i].value.n ? ": " : ":");
        put_escaped(&r->transcript, headers[i].value);
        buf_putc(&r->transcript, '\n');
    }
}

static void put_error(struct run *r, const struct http1_message *m)
{
    scoped(buf_fini) struct buf text = {0};

    http1_error_text(m, &text);
    buf_puts(&r->transcript, "error ");
    put_escaped(&r->transcript, buf_str(&text));
    buf_putc(&r->transcript, '\n');
}

/* Tells one event of a response; false when the message is over. */
static bool on_response(struct run *r, struct http1_response *p, enum http1_event e,
                        struct str body)
{
    const struct http_header *headers;
    size_t n_headers;

    if (e == HTTP1_BODY) {
        buf_putstr(&r->body, body);
        return true;
    }
    if (e == HTTP1_MORE)
        return true;
    flush_body(r);
    switch (e) {
    case HTTP1_INTERIM:
        buf_printf(&r->transcript, "interim %d\n", p->status);
        return true;
    case HTTP1_HEAD:
        buf_printf(&r->transcript, "head %d %s ", p->status, http_version_name(p->msg.version));
        put_escaped(&r->transcript, p->reason);
        headers = http1_response_headers(p, &n_headers);
        put_head(r, &p->msg, headers, n_headers);
        return true;
    case HTTP1_END:
        buf_puts(&r->transcript, "end\n");
        return false;
    default:
        put_error(r, &p->msg);
        return false;
    }
}

static bool on_request(struct run *r, struct http1_request *p, enum http1_event e, struct str body)
{
    if (e == HTTP1_BODY) {
        buf_putstr(&r->body, body);
        return true;
    }
    if (e == HTTP1_MORE)
        return true;
    flush_body(r);
    if (e == HTTP1_HEAD) {
        buf_printf(&r->transcript, "head %.*s %.*s %s host %.*s%s", STR_ARG(p->method),
                   STR_ARG(p->target), http_version_name(p->msg.version), STR_ARG(p->host),
                   p->expect_continue ? " expects continue" : "");
        put_head(r, &p->msg, p->msg.head->headers, p->msg.head->n_headers);
        return true;
    }
    if (e == HTTP1_END) {
        buf_puts(&r->transcript, "end\n");
        return false;
    }
    put_error(r, &p->msg);
    if (p->msg.error != HTTP1_ERR_EOF)
        buf_printf(&r->transcript, "status %d\n", http1_request_error_status(p));
    return false;
}

/* How much of the input is given at a time: 0 all, 1 one byte, else random below. */
static size_t next_piece(size_t left, unsigned split, uint64_t *seed)
{
    if (split == 0)
        return left;
    if (split == 1)
        return 1;
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    size_t n = 1 + (*seed >> 33) % (split % 2 ? 7 : 300);

    return n < left ? n : left;
}

/*
 * Gives a copy of the piece, exactly as long as it is, so that a sanitizer sees a reader that goes
 * past it or comes back to it later.
 */
static bool feed_response(struct run *r, struct http1_response *p, struct str piece,
                          size_t *ret_left)
{
    scoped(freep) char *copy = xmemdup(piece.p, piece.n);
    struct str in = str_from(copy, piece.n);
    struct str body = {0};
    enum http1_event e;

    do {
        e = http1_response_next(p, &in, &body);
        if (!on_response(r, p, e, body)) {
            *ret_left = in.n;
            return false;
        }
    } while (e != HTTP1_MORE);
    assert_int_equal(in.n, 0);
    return true;
}

static void run_response(struct run *r, unsigned split)
{
    static const enum http1_expect expects[] = {
        [KIND_GET] = HTTP1_EXPECT_BODY,
        [KIND_HEAD] = HTTP1_EXPECT_NO_BODY,
        [KIND_CONNECT] = HTTP1_EXPECT_TUNNEL,
    };
    struct http_head head = {0};
    struct http1_response p = {0};
    struct str rest = buf_str(&r->c->input);
    uint64_t seed = split;
    size_t left = 0;
    bool going = true;

    http1_response_start(&p, &head, expects[r->c->kind]);
    p.memo = r->memo;
    while (going && rest.n) {
        size_t n = next_piece(rest.n, split, &seed);

        going = feed_response(r, &p, str_from(rest.p, n), &left);
        rest = str_from_index(rest, n);
    }
    left += rest.n;
    if (going && r->c->closes)
        going = on_response(r, &p, http1_response_eof(&p), (struct str){0});
    flush_body(r);
    if (going)
        buf_puts(&r->transcript, "more\n");
    if (!going && left && p.msg.error == HTTP1_ERR_NONE)
        buf_printf(&r->transcript, "left %zu\n", left);
    http1_response_fini(&p);
    http_head_fini(&head);
}

/* Requests are read on after END: pipelining. False after an error. */
static bool feed_request(struct run *r, struct http1_request *p, struct http_head *head,
                         struct str piece)
{
    scoped(freep) char *copy = xmemdup(piece.p, piece.n);
    struct str in = str_from(copy, piece.n);
    struct str body = {0};
    enum http1_event e;

    do {
        e = http1_request_next(p, &in, &body);
        if (!on_request(r, p, e, body)) {
            if (e == HTTP1_ERROR)
                return false;
            http1_request_start(p, head);
        }
    } while (e != HTTP1_MORE);
    return true;
}

static void run_request(struct run *r, unsigned split)
{
    struct http_head head = {0};
    struct http1_request p = {0};
    struct str rest = buf_str(&r->c->input);
    uint64_t seed = split;
    bool going = true;

    http1_request_start(&p, &head);
    while (going && rest.n) {
        size_t n = next_piece(rest.n, split, &seed);

        going = feed_request(r, &p, &head, str_from(rest.p, n));
        rest = str_from_index(rest, n);
    }
    if (going && r->c->closes)
        going = on_request(r, &p, http1_request_eof(&p), (struct str){0});
    flush_body(r);
    if (going)
        buf_puts(&r->transcript, "more\n");
    http1_request_fini(&p);
    http_head_fini(&head);
}

/* False when the transcript is not the expected one. */
static bool run_once(const struct wire_case *c, unsigned split, struct http1_memo *memo)
{
    struct run r = {.c = c, .memo = memo};

    if (c->kind == KIND_REQUEST)
        run_request(&r, split);
    else
        run_response(&r, split);
    bool same = str_eq(buf_str(&r.transcript), buf_str(&c->expected));

    if (!same)
        print_error("%s: %.*s (split %u)\n--- got\n%.*s--- expected\n%.*s", c->file,
                    STR_ARG(c->name), split, STR_ARG(buf_str(&r.transcript)),
                    STR_ARG(buf_str(&c->expected)));
    buf_fini(&r.transcript);
    buf_fini(&r.body);
    return same;
}

/* The same again with a reader that remembers heads: the second time it knows the one that comes.
 */
static bool run_case(const struct wire_case *c, unsigned split)
{
    struct http1_memo memo = {0};
    bool same = run_once(c, split, NULL);

    if (c->kind == KIND_GET)
        same = same && run_once(c, 0, &memo) && run_once(c, split, &memo);
    http1_memo_fini(&memo);
    return same;
}

static enum kind kind_of(struct str name)
{
    if (str_is(name, "request"))
        return KIND_REQUEST;
    if (str_is(name, "head"))
        return KIND_HEAD;
    assert_true(str_is(name, "connect"));
    return KIND_CONNECT;
}

static void put_repeated(struct buf *out, struct str argument)
{
    size_t blank = str_find(argument, ' ');
    uint64_t n = 0;

    assert_true(str_u64(str_from(argument.p, blank), &n));
    while (n--)
        put_unescaped(out, str_from_index(argument, blank + 1));
}

/* One line of a case other than `case` itself. */
static void case_line(struct wire_case *c, struct str line)
{
    size_t blank = str_find(line, ' ');
    struct str word = str_from(line.p, blank);
    struct str argument = str_from_index(line, blank + 1);

    if (str_is(word, "=")) {
        buf_putstr(&c->expected, argument);
        buf_putc(&c->expected, '\n');
    } else if (str_is(word, "send")) {
        put_unescaped(&c->input, argument);
    } else if (str_is(word, "repeat")) {
        put_repeated(&c->input, argument);
    } else if (str_is(word, "kind")) {
        c->kind = kind_of(argument);
    } else if (str_is(word, "close")) {
        c->closes = true;
    } else if (str_is(word, "show")) {
        c->show_headers = true;
    } else if (line.n && line.p[0] != '#') {
        fail_msg("%s: what is '%.*s'?", c->file, STR_ARG(line));
    }
}

/* Runs a case at every split up to the first that fails; counts in *n_failed. */
static void case_run(struct wire_case *c, size_t *n_failed)
{
    bool ok = true;

    for (unsigned split = 0; ok && c->name.n && split < 2 + N_RANDOM_SPLITS; split++)
        ok = run_case(c, split);
    *n_failed += !ok;
    buf_fini(&c->input);
    buf_fini(&c->expected);
}

static size_t run_file(const char *name, struct str text, size_t *n_failed)
{
    struct wire_case c = {.file = name};
    size_t n = 0;
    struct str line;

    while (str_split(&text, '\n', &line)) {
        if (!str_starts(line, STR("case "))) {
            case_line(&c, line);
            continue;
        }
        case_run(&c, n_failed);
        c = (struct wire_case){.file = name, .name = str_from_index(line, 5)};
        n++;
    }
    case_run(&c, n_failed);
    return n;
}

static struct buf read_file(const char *path)
{
    struct buf text = {0};
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    for (;;) {
        assert_int_equal(buf_reserve(&text, 4096), 0);
        size_t n = fread(text.data + text.len, 1, 4096, f);

        if (!n)
            break;
        text.len += n;
    }
    fclose(f);
    return text;
}

static void cases_give_the_same_events_on_any_split(void **state)
{
    DIR *dir = opendir(cases_dir);
    size_t n_cases = 0;
    size_t n_failed = 0;
    struct dirent *entry;

    (void)state;
    assert_non_null(dir);
    while ((entry = readdir(dir))) { /* NOLINT(concurrency-mt-unsafe): one thread */
        if (!str_ends(str_of(entry->d_name), STR(".wire")))
            continue;
        scoped(freep) char *path = xasprintf("%s/%s", cases_dir, entry->d_name);
        scoped(buf_fini) struct buf text = read_file(path);

        n_cases += run_file(entry->d_name, buf_str(&text), &n_failed);
    }
    closedir(dir);
    print_message("%zu wire cases\n", n_cases);
    assert_int_equal(n_failed, 0);
    assert_true(n_cases >= CASES_LEAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_give_the_same_events_on_any_split),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
