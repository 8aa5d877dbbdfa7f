/*
 * Misbehaviour on demand: /chaos/NAME. Most of it is bytes and what happens after them, so most of
 * it is rows of a table; what needs code has a function. What a client sees is in `help`.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "loop/coro.h"
#include "loop/wheel.h"
#include "net/stream.h"
#include "proto/content.h"
#include "target/target_priv.h"

enum ending {
    END_CLOSE, /* FIN after the bytes */
    END_RESET, /* RST, once the bytes are on their way */
    END_STALL, /* nothing more, until the client leaves */
    END_KEEP,  /* as if all were well */
};

struct chaos {
    const char *name;
    const char *bytes; /* NULL: `play` makes them */
    void (*play)(struct exchange *x);
    enum ending end;
    const char *help;
};

#define HEAD_OK   "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
#define LENGTH(n) HEAD_OK "Content-Length: " n "\r\n\r\n"
#define CHUNKED   HEAD_OK "Transfer-Encoding: chunked\r\n\r\n"

/* ---- what bytes in a table cannot say ---- */

/* One byte at a time; false when the client or the target has gone. */
static bool trickle(struct exchange *x, const char *bytes, size_t n, span_ns pause)
{
    for (size_t i = 0; i < n; i++) {
        if (!answer_raw(x, bytes + i, 1) || !exchange_sleep(x, pause))
            return false;
    }
    return true;
}

static span_ns pause_of(struct exchange *x)
{
    return (span_ns)exchange_arg_u64(x, "ms", 50, 60000) * NS_PER_MS;
}

static void play_slow_body(struct exchange *x)
{
    static const char head[] = LENGTH("20");
    static const char body[] = "twenty slow bytes !\n";

    if (answer_raw(x, head, sizeof(head) - 1))
        ignored((int)trickle(x, body, sizeof(body) - 1, pause_of(x)));
}

static void play_slow_head(struct exchange *x)
{
    static const char bytes[] = LENGTH("2") "ok";

    ignored((int)trickle(x, bytes, sizeof(bytes) - 1, pause_of(x)));
}

/* Sends `piece` over and over: ?bytes=, or until the client has had enough. */
static void repeat(struct exchange *x, const char *piece, uint64_t max)
{
    enum {
        BLOCK_BYTES = 64 << 10
    };
    scoped(buf_fini) struct buf block = {0};
    uint64_t left = exchange_arg_u64(x, "bytes", max, UINT64_MAX);

    while (block.len < BLOCK_BYTES)
        buf_puts(&block, piece);
    while (left) {
        size_t n = left < block.len ? (size_t)left : block.len;

        /* Yields, so that an endless answer does not starve the other connections. */
        if (!answer_raw(x, block.data, n) || coro_yield() < 0)
            return;
        left -= n;
    }
}

static void play_endless_body(struct exchange *x)
{
    static const char head[] = HEAD_OK "\r\n";

    if (answer_raw(x, head, sizeof(head) - 1))
        repeat(x, "on and on ", UINT64_MAX);
}

static void play_endless_chunks(struct exchange *x)
{
    static const char head[] = CHUNKED;

    if (answer_raw(x, head, sizeof(head) - 1))
        repeat(x, "8\r\n, and on\r\n", UINT64_MAX);
}

static void play_endless_head(struct exchange *x)
{
    static const char head[] = "HTTP/1.1 200 OK\r\n";

    if (answer_raw(x, head, sizeof(head) - 1))
        repeat(x, "X-Again: and again\r\n", UINT64_MAX);
}

static void play_endless_line(struct exchange *x)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nX-Long: ";

    if (answer_raw(x, head, sizeof(head) - 1))
        repeat(x, "long ", UINT64_MAX);
}

static void play_huge_header(struct exchange *x)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nX-Long: ";
    static const char rest[] = "\r\nContent-Length: 2\r\n\r\nok";

    if (!answer_raw(x, head, sizeof(head) - 1))
        return;
    repeat(x, "x", 1 << 20);
    ignored((int)answer_raw(x, rest, sizeof(rest) - 1));
}

static void play_many_headers(struct exchange *x)
{
    uint64_t n = exchange_arg_u64(x, "n", 5000, 1000000);
    scoped(buf_fini) struct buf out = {0};

    buf_puts(&out, "HTTP/1.1 200 OK\r\n");
    for (uint64_t i = 0; i < n; i++)
        buf_printf(&out, "X-H%u: %u\r\n", (unsigned)i, (unsigned)i);
    buf_puts(&out, "Content-Length: 2\r\n\r\nok");
    ignored((int)answer_raw(x, out.data, out.len));
}

static void play_interim(struct exchange *x)
{
    uint64_t n = exchange_arg_u64(x, "n", 100, 100000);
    scoped(buf_fini) struct buf out = {0};

    for (uint64_t i = 0; i < n; i++) {
        buf_puts(&out, i % 2 ? "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
                             : "HTTP/1.1 102 Processing\r\n\r\n");
    }
    buf_puts(&out, LENGTH("2") "ok");
    ignored((int)answer_raw(x, out.data, out.len));
}

/* A megabyte of gzip for each gigabyte of zeros; ?mb= says how much it unpacks to. */
static void play_bomb(struct exchange *x)
{
    size_t n = (size_t)exchange_arg_u64(x, "mb", 100, 200) << 20;
    scoped(freep) char *zeros = xcalloc(1, n);

    answer_type(x, "application/octet-stream");
    answer_header(x, "Content-Encoding", STR("gzip"));
    if (content_encode(CONTENT_GZIP, str_from(zeros, n), &x->out))
        answer_error(x, 500, "Encoding failed");
}

static void play_redirect_loop(struct exchange *x)
{
    answer_redirect(x, 302, STR("/chaos/redirect-loop"));
}

static void play_redirect_nowhere(struct exchange *x)
{
    answer_redirect(x, 302, STR("http://127.0.0.1:1/"));
}

/* ---- the table ---- */

/* clang-format off */
static const struct chaos rows[] = {
    /* nothing, or not enough */
    {"stall", "", NULL, END_STALL, "no answer at all; the connection stays open"},
    {"close", "", NULL, END_CLOSE, "no answer; the connection is closed"},
    {"reset", "", NULL, END_RESET, "no answer; the connection is reset"},
    {"half-head", "HTTP/1.1 200 OK\r\nContent-Le", NULL, END_CLOSE, "closed in the middle of a header"},
    {"stall-head", "HTTP/1.1 200 OK\r\nContent-Le", NULL, END_STALL, "stops in the middle of a header"},
    {"reset-head", "HTTP/1.1 200 OK\r\nContent-Le", NULL, END_RESET, "reset in the middle of a header"},
    {"short-body", LENGTH("100") "only this", NULL, END_CLOSE, "Content-Length 100, nine bytes, closed"},
    {"stall-body", LENGTH("100") "only this", NULL, END_STALL, "Content-Length 100, nine bytes, then silence"},
    {"reset-body", LENGTH("100") "only this", NULL, END_RESET, "Content-Length 100, nine bytes, reset"},
    {"announce-10g", LENGTH("10737418240") "a beginning", NULL, END_STALL, "announces 10 GiB and sends eleven bytes"},
    {"half-answer", LENGTH("1000") "half of an answer", NULL, END_CLOSE, "a body that ends early"},

    /* slow: ?ms= between bytes */
    {"slow-body", NULL, play_slow_body, END_KEEP, "twenty bytes, 50 ms apart (?ms=)"},
    {"slow-head", NULL, play_slow_head, END_KEEP, "a head byte by byte, 50 ms apart (?ms=)"},

    /* framing */
    {"long-body", LENGTH("5") "12345 and more than was said", NULL, END_CLOSE, "more bytes than Content-Length"},
    {"bad-length", LENGTH("twelve") "hello", NULL, END_CLOSE, "a Content-Length that is no number"},
    {"negative-length", LENGTH("-5") "hello", NULL, END_CLOSE, "a negative Content-Length"},
    {"huge-length", LENGTH("99999999999999999999") "hello", NULL, END_CLOSE, "a Content-Length past 64 bits"},
    {"two-lengths", HEAD_OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", NULL, END_CLOSE, "two Content-Lengths that differ"},
    {"length-and-chunked", HEAD_OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", NULL, END_CLOSE, "both framings at once"},
    {"unknown-coding", HEAD_OK "Transfer-Encoding: rot13\r\n\r\nuryyb", NULL, END_CLOSE, "a transfer coding that nobody knows"},
    {"truncated-chunk", CHUNKED "10\r\nhello", NULL, END_CLOSE, "a chunk that ends early"},
    {"bad-chunk", CHUNKED "zz\r\nhello\r\n0\r\n\r\n", NULL, END_CLOSE, "a chunk size that is no number"},
    {"huge-chunk", CHUNKED "ffffffffffffffffff\r\nhello", NULL, END_CLOSE, "a chunk size past 64 bits"},
    {"no-last-chunk", CHUNKED "5\r\nhello\r\n", NULL, END_CLOSE, "chunks without the last one"},
    {"chunk-no-crlf", CHUNKED "5\r\nhelloXX0\r\n\r\n", NULL, END_CLOSE, "a chunk that is not followed by a line end"},
    {"body-with-204", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", NULL, END_CLOSE, "a body where there must be none"},

    /* heads */
    {"garbage", "\x16\x03\x01 this is no HTTP at all\r\n\r\n", NULL, END_CLOSE, "bytes that are no answer"},
    {"garbage-status", "HTTP/1.1 abc What\r\nContent-Length: 2\r\n\r\nok", NULL, END_CLOSE, "a status that is no number"},
    {"no-status", "HTTP/1.1\r\nContent-Length: 2\r\n\r\nok", NULL, END_CLOSE, "a status line without status"},
    {"status-999", "HTTP/1.1 999 Beyond\r\nContent-Length: 2\r\n\r\nok", NULL, END_KEEP, "a status that nobody defined"},
    {"http-09", "<html>an answer from 1991</html>\n", NULL, END_CLOSE, "a body without a head"},
    {"http-3000", "HTTP/30.0 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL, END_CLOSE, "a version from the future"},
    {"bad-header", "HTTP/1.1 200 OK\r\nthis is no header\r\nContent-Length: 2\r\n\r\nok", NULL, END_CLOSE, "a header without a colon"},
    {"space-header", "HTTP/1.1 200 OK\r\nX Y : 1\r\nContent-Length: 2\r\n\r\nok", NULL, END_CLOSE, "a header name with spaces"},
    {"folded-header", "HTTP/1.1 200 OK\r\nX-Fold: one\r\n two\r\nContent-Length: 2\r\n\r\nok", NULL, END_KEEP, "a header over two lines (must be read)"},
    {"bare-lf", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", NULL, END_KEEP, "lines that end in LF alone (must be read)"},
    {"control-header", "HTTP/1.1 200 OK\r\nX-Bell: \a\b\r\nContent-Length: 2\r\n\r\nok", NULL, END_CLOSE, "control characters in a header"},
    {"switching", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: nothing\r\nConnection: Upgrade\r\n\r\n", NULL, END_CLOSE, "an upgrade that nobody asked for"},
    {"huge-header", NULL, play_huge_header, END_KEEP, "one header of 1 MiB (?bytes=)"},
    {"many-headers", NULL, play_many_headers, END_KEEP, "5,000 headers (?n=)"},
    {"interim", NULL, play_interim, END_KEEP, "100 interim answers before the real one (?n=)"},

    /* no end */
    {"endless-body", NULL, play_endless_body, END_CLOSE, "a body that never ends (?bytes=)"},
    {"endless-chunks", NULL, play_endless_chunks, END_CLOSE, "chunks that never end (?bytes=)"},
    {"endless-head", NULL, play_endless_head, END_CLOSE, "headers that never end (?bytes=)"},
    {"endless-line", NULL, play_endless_line, END_CLOSE, "a header that never ends (?bytes=)"},

    /* content codings */
    {"bad-gzip", HEAD_OK "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", NULL, END_KEEP, "says gzip and is not"},
    {"bad-brotli", HEAD_OK "Content-Encoding: br\r\nContent-Length: 5\r\n\r\n\xff\xff\xff\xff\xff", NULL, END_KEEP, "says br and is not"},
    {"bomb", NULL, play_bomb, END_KEEP, "gzip that unpacks to 100 MiB (?mb=)"},

    /* connections and redirects */
    {"close-after", LENGTH("2") "ok", NULL, END_CLOSE, "a good answer that promises keep-alive, then closes"},
    {"reset-after", LENGTH("2") "ok", NULL, END_RESET, "a good answer, then a reset"},
    {"two-answers", LENGTH("2") "ok" LENGTH("2") "no", NULL, END_KEEP, "a second answer that nobody asked for"},
    {"redirect-loop", NULL, play_redirect_loop, END_KEEP, "a redirect to itself"},
    {"redirect-nowhere", NULL, play_redirect_nowhere, END_KEEP, "a redirect to a closed port"},
    {"redirect-garbage", "HTTP/1.1 302 Found\r\nLocation: http://[::bad/\r\nContent-Length: 0\r\n\r\n", NULL, END_KEEP, "a redirect to what is no URL"},
};
/* clang-format on */

/* Waits for the client to leave. */
static void stall(struct exchange *x)
{
    char byte;

    ignored(stream_flush(x->stream, MONO_NEVER));
    while (stream_recv(x->stream, &byte, 1, MONO_NEVER) > 0)
        continue;
    x->fate = FATE_CLOSE;
}

static void end(struct exchange *x, enum ending how)
{
    switch (how) {
    case END_CLOSE:
        x->fate = FATE_CLOSE;
        break;
    case END_RESET:
        /* The bytes get a head start: a reset may overtake them. */
        ignored(stream_flush(x->stream, MONO_NEVER));
        ignored((int)exchange_sleep(x, 5 * NS_PER_MS));
        x->fate = FATE_RESET;
        break;
    case END_STALL:
        stall(x);
        break;
    case END_KEEP:
        break;
    }
}

void chaos_play(struct exchange *x)
{
    struct str name = x->params[0];

    for (size_t i = 0; i < countof(rows); i++) {
        if (!str_is(name, rows[i].name))
            continue;
        if (rows[i].play) {
            rows[i].play(x);
        } else {
            ignored((int)answer_raw(x, rows[i].bytes, strlen(rows[i].bytes)));
        }
        /* Nothing is left to spoil when the client went away in between. */
        if (x->fate != FATE_RESET)
            end(x, rows[i].end);
        return;
    }
    answer_error(x, 404, "No such misbehaviour; `brunt target --list` names them");
}

void chaos_list(struct buf *out)
{
    for (size_t i = 0; i < countof(rows); i++)
        buf_printf(out, "  %-8s /chaos/%-39s %s\n", "any", rows[i].name, rows[i].help);
}
