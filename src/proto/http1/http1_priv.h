#pragma once
/* What the readers of responses and requests share; for this folder only. */
#include "proto/http1/http1.h"

/* Where one header is, as offsets into head->text, which may move while lines come in. */
struct http1_span {
    uint32_t name;
    uint32_t n_name;
    uint32_t value;
    uint32_t n_value;
};

enum http1_state {
    HTTP1_STATE_FIRST,  /* the status or request line */
    HTTP1_STATE_FIELDS, /* header lines */
    HTTP1_STATE_LENGTH, /* n_left bytes of body */
    HTTP1_STATE_CLOSE,  /* body until the peer closes */
    HTTP1_STATE_CHUNKS, /* chunk_state says where */
    HTTP1_STATE_END,    /* END is due */
    HTTP1_STATE_FAILED, /* ERROR, for ever */
};

enum http1_line {
    HTTP1_LINE_MORE,
    HTTP1_LINE_DONE,
    HTTP1_LINE_FAILED,
};

/* What the header lines say about the body and the connection. */
struct http1_facts {
    struct str length;   /* the first Content-Length */
    struct str encoding; /* the first Transfer-Encoding */
    struct str host;
    unsigned n_lengths;
    unsigned n_encodings;
    unsigned n_hosts;
    bool lengths_differ;
    bool close;           /* Connection: close */
    bool keep_alive;      /* Connection: keep-alive */
    bool expect_continue; /* Expect: 100-continue */
};

void http1_message_start(struct http1_message *m, struct http_head *head);
void http1_message_fini(struct http1_message *m);

/* Notes the error and makes it final. Returns HTTP1_ERROR. */
enum http1_event http1_fail(struct http1_message *m, enum http1_error error, struct str culprit);

/*
 * Moves input into head->text until there is a whole line, given without its CR LF. A line counts
 * as taken. What was moved past it stays for the next call or http1_head_give_back().
 */
enum http1_line http1_head_line(struct http1_message *m, struct str *in, struct str *ret_line);

/*
 * Reads header lines up to the empty one. DONE: spans are complete and *in stands at the first byte
 * of the body. `strict` refuses names that Go lets pass in responses only.
 */
enum http1_line http1_head_fields(struct http1_message *m, struct str *in, bool strict);

/* Turns spans into headers and gathers what they say. */
void http1_head_finish(struct http1_message *m, struct http1_facts *ret_facts);

/* Makes room for n headers, and for at least as many as most heads have. */
void http1_headers_reserve(struct http_head *head, size_t n);

/*
 * The quick way through a head, for one that has just begun (http1_quick.c). `reach` gives how much
 * of n_in bytes it may look at. `fields` reads the header lines that start `at` bytes into `in`, no
 * longer than that, to the end of the head, and does what http1_head_fields and http1_head_finish
 * do. False: this head is for them, and nothing has changed.
 */
size_t http1_quick_reach(struct http_head *head, size_t n_in);
bool http1_quick_fields(struct http1_message *m, struct str in, size_t at, size_t *ret_end,
                        struct http1_facts *ret_facts);

/*
 * Heads that come again, for a response that has a memo. `find`: the head that *in begins with is
 * the one remembered; it is taken off, and the response is as head_done() left it then. `keep`:
 * this head is done, and may be the next to be remembered.
 */
bool http1_memo_find(struct http1_response *p, struct str *in);
void http1_memo_keep(struct http1_response *p);

/* Reads a Content-Length; false unless it is digits that fit. */
bool http1_content_length(struct str value, int64_t *ret_n);

/* "HTTP/1.1": false when it is none. */
bool http1_version(struct str text, enum http_version *ret_version);

/* Whether a comma-separated list has a token, without regard to case. */
bool http1_list_has(struct str list, struct str token);

/* Makes the state follow from msg.framing and n_left. */
void http1_body_start(struct http1_message *m);

/* Takes body bytes off *in; for the states LENGTH and after. */
enum http1_event http1_body_next(struct http1_message *m, struct str *in, struct str *ret_body);

/* The decoder of chunks behind http1_body_next. */
enum http1_event http1_chunk_next(struct http1_message *m, struct str *in, struct str *ret_body);

/* Classes of bytes. */
enum {
    HTTP1_CHAR_TOKEN = 1,
    HTTP1_CHAR_VALUE = 2, /* allowed in a field value: not a control character, or a tab */
};

extern const unsigned char http1_chars[256];

static inline bool http1_is(char c, unsigned class)
{
    return http1_chars[(unsigned char)c] & class;
}
