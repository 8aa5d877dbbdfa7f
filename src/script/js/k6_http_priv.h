#pragma once
/*
 * What the files of the module k6/http share.
 *
 *   struct js_http       one per group of users (per user with full contexts): atoms, function
 *                        objects, parsed URLs, free calls
 *   struct http_call     one request in the making or under way, and all that it borrows
 *   struct js_lazy       head of an object that looks plain and makes its fields on first reading:
 *                        Response, its timings, its request
 *
 * A request costs no allocation here but that of its Response object: calls, responses and parsed
 * URLs come back to lists of the group.
 */
#include "base/arena.h"
#include "proto/http.h"
#include "script/js/js_json.h"
#include "script/js/js_priv.h"

struct http_call;
struct plan_options;
struct url;
struct url_cache;

extern const struct js_module js_module_http;

/* ---- objects with lazy fields (k6_http_lazy.c) ---- */

enum {
    JS_LAZY_FIELDS_MAX = 32,
};

struct js_lazy;

/* A kind of lazy object; constant. Fields are numbered in the order of their names. */
struct js_lazy_type {
    const char *const *fields;
    uint32_t n_fields;
    uint32_t n_slots; /* n_fields, and after them private ones for cached values */
    uint32_t keep;    /* bit i: field i is kept once made, so that reading twice gives one object */
    /* Makes the value of a field. Runs no script code. */
    JSValue (*get)(JSContext *ctx, struct js_lazy *self, uint32_t field);
    /* Frees the object's struct and what it owns, except the slots. */
    void (*free)(JSRuntime *rt, struct js_lazy *self);
};

/* A kind with the atoms of one runtime. */
struct js_lazy_index {
    const struct js_lazy_type *type;
    JSAtom atoms[JS_LAZY_FIELDS_MAX];
    uint8_t map[4 * JS_LAZY_FIELDS_MAX]; /* hash of an atom → field + 1 */
};

struct js_lazy {
    const struct js_lazy_index *index;
    struct js_http *http;
    JSValue *slots;    /* n_slots values; NULL until the first one is kept */
    uint32_t present;  /* bit i: field i is there and ours; not deleted, not redefined */
    uint32_t stored;   /* bit i: its value is slots[i] */
    uint32_t assigned; /* bit i: a script has assigned, deleted or redefined it */
};

/* Registers the class once per runtime. 0, or -1 with an exception thrown. */
int js_lazy_register(JSContext *ctx);

void js_lazy_index_init(JSContext *ctx, struct js_lazy_index *index,
                        const struct js_lazy_type *type);
void js_lazy_index_fini(JSRuntime *rt, struct js_lazy_index *index);

/*
 * A new object around `self`, whose head is set up here; takes it over, also when it fails
 * (JS_EXCEPTION).
 */
JSValue js_lazy_new(JSContext *ctx, struct js_http *http, const struct js_lazy_index *index,
                    struct js_lazy *self);

/* The struct behind an object of that kind, or NULL. */
struct js_lazy *js_lazy_of(JSValueConst obj, const struct js_lazy_type *type);

/* Keeps `value` (taken over) in a slot, private ones included. 0, or -1 with an exception. */
int js_lazy_keep(JSContext *ctx, struct js_lazy *self, uint32_t slot, JSValue value);

/* The kept value of a slot, borrowed, or JS_UNINITIALIZED. */
JSValueConst js_lazy_kept(const struct js_lazy *self, uint32_t slot);

/* ---- what users of a group share (k6_http.c) ---- */

/* Names that the module reads again and again. */
#define HTTP_ATOMS(X)   \
    X(auth)             \
    X(body)             \
    X(compression)      \
    X(content_type)     \
    X(cookies)          \
    X(data)             \
    X(filename)         \
    X(headers)          \
    X(jar)              \
    X(max)              \
    X(message)          \
    X(method)           \
    X(min)              \
    X(name)             \
    X(params)           \
    X(redirects)        \
    X(replace)          \
    X(responseCallback) \
    X(responseType)     \
    X(tags)             \
    X(throw)            \
    X(timeout)          \
    X(url)              \
    X(value)

/* How many free calls and structs of responses a group keeps. */
enum {
    HTTP_KEEP_FREE = 128,
};

/* The tag `name` taken out of a tag set, remembered. */
struct http_name_memo {
    const struct tagset *from;
    const struct tagset *rest;
    struct str name;
};

struct js_http {
    uint32_t n_refs; /* the module's object and every object that finds the group through it */
    struct {
#define X(name) JSAtom name;
        HTTP_ATOMS(X)
#undef X
    } atom;
    struct js_lazy_index response, timings, request;
    JSValue methods[4]; /* clickLink, html, json, submitForm of responses */
    struct url_cache *urls;
    struct http_call *free_calls;
    void *free_responses; /* a list linked through the first word of each */
    uint32_t n_free_calls, n_free_responses;
    struct http_name_memo names[16];
    struct buf scratch; /* never in use across a suspension or a call of script code */
};

/* What the module keeps for one user. */
struct http_user {
    struct js_http *http;
    JSValue callback; /* setResponseCallback(): an expectedStatuses object, null; undefined: none */
};

/* The module's state for the user whose code is running. */
struct http_user *http_user_of(JSContext *ctx);

/* Drops a reference of an object of ours; the last frees all that is shared. */
void js_http_unref(JSRuntime *rt, struct js_http *http);

/*
 * Registers a class whose objects have nothing between them and Object.prototype, so that they look
 * plain. 0, or -1 with an exception thrown.
 */
int http_plain_class(JSContext *ctx, enum js_class id, const JSClassDef *def);

/* ---- one request (k6_http_call.c) ---- */

enum http_response_type {
    HTTP_TYPE_TEXT,
    HTTP_TYPE_BINARY,
    HTTP_TYPE_NONE,
};

enum {
    HTTP_CALL_INLINE = 12, /* headers and texts that need no arena */
};

/* The param `compression`. */
struct http_codings {
    uint8_t n;
    uint8_t coding[7]; /* enum content_coding, in order of application */
    struct str names;  /* as given: "gzip, br" */
};

struct http_call {
    struct js_task task; /* first: an asynchronous completion is its call */
    struct http_call *next_free;
    struct js_http *http;
    struct http_user *user;
    struct js_vu *vu;
    struct http_request req;
    struct url *url;      /* a reference; NULL: there is none yet */
    struct str clean_url; /* for messages */
    struct arena arena;   /* lives as long as the call */
    struct http_codings codings;
    const char *known_method; /* the method, when it is a usual one; static */
    enum http_response_type type;
    bool async;         /* asyncRequest(): script code may run meanwhile */
    bool throws;        /* a failed request is an exception */
    bool has_redirects; /* params.redirects was given */
    /* What parsing found wrong; n 0: nothing. */
    struct str error;
    int error_code;
    /* References that keep what req borrows. */
    JSValue body;       /* the body argument, or its text before compression */
    JSValue expected;   /* the expectedStatuses object */
    JSValue jar;        /* the CookieJar object */
    const char **texts; /* of JS_ToCStringLen() */
    size_t n_texts, cap_texts;
    struct http_header *headers;
    size_t n_headers, cap_headers;
    const char *texts_inline[HTTP_CALL_INLINE];
    struct http_header headers_inline[HTTP_CALL_INLINE];
    /* An asynchronous request. */
    struct http_response *response;
    JSValue resolve[2]; /* resolve and reject of its promise */
};

/* An empty call for the running user, with the user's defaults; never NULL. */
struct http_call *http_call_take(JSContext *ctx, struct http_user *user);

/* Ends a call: drops all it holds and keeps its storage. Accepts NULL. */
void http_call_give(JSContext *ctx, struct http_call *call);

/* Frees the storage of the free calls. */
void http_calls_fini(struct js_http *http);

/*
 * UTF-8 text of a value that lives as long as the call. Returns 0, or -1 with an exception thrown.
 */
int http_call_text(JSContext *ctx, struct http_call *call, JSValueConst v, struct str *ret_text);
int http_call_atom_text(JSContext *ctx, struct http_call *call, JSAtom atom, struct str *ret_text);

/* Takes one property of an argument. `arg` is the caller's. Returns as below. */
typedef int(http_member_fn)(JSContext *ctx, struct http_call *call, JSAtom key, JSValueConst value,
                            void *arg);

/*
 * Calls `fn` for each property of an object, up to the first that it does not take; other values
 * have none. Returns 0, -1 with an exception thrown, or what `fn` returned.
 */
int http_call_each(JSContext *ctx, struct http_call *call, JSValueConst v, http_member_fn *fn,
                   void *arg);

/*
 * The array of n `size`-byte elements with room for one more; moves into the call's arena when it
 * outgrows its place. NULL is an empty array.
 */
void *http_call_grow(struct http_call *call, void *array, size_t n, size_t *cap, size_t size);

/* Appends a header, or replaces the one of that name. */
void http_call_header(struct http_call *call, struct str name, struct str value);

/* The header of that name that was set so far, or NULL. */
struct http_header *http_call_find_header(struct http_call *call, struct str name);

/* Says what is wrong with the arguments; the first one stays. Returns HTTP_E_ARGS. */
enum {
    HTTP_E_ARGS = 1, /* condition: call->error says it */
};
int http_call_fail(struct http_call *call, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The type of a value as k6 names it in messages: "int64", "map[string]interface {}", "<nil>". */
const char *http_type_name(JSContext *ctx, JSValueConst v);

/* ---- arguments (k6_http_args.c, k6_http_body.c) ---- */

struct http_args {
    struct str method;
    JSValueConst url, body, params;
};

/*
 * Fills the call from a script's arguments. Returns 0, HTTP_E_ARGS, or -1 with an exception thrown.
 */
int http_args_read(JSContext *ctx, struct http_call *call, const struct http_args *args);

/*
 * The body argument: its kind, encoding of forms, Content-Type. To be called before the headers of
 * params are set. Returns as http_args_read().
 */
int http_body_read(JSContext *ctx, struct http_call *call, JSValueConst body);

/* Compresses the body by call->codings and sets Content-Encoding. Returns as http_args_read(). */
int http_body_compress(JSContext *ctx, struct http_call *call);

/* ---- responses (k6_http_response.c) ---- */

/*
 * The Response object for what came back; takes the reference `r`. Logs what is worth a warning.
 * JS_EXCEPTION only when memory is out.
 */
JSValue http_response_object(JSContext *ctx, struct http_call *call, struct http_response *r);

/* The Response to arguments that could not be used, carrying call->error; or to none of its own. */
JSValue http_response_invalid(JSContext *ctx, struct http_call *call);

/* Whether a response is an exception instead of an object, by the call's options. */
bool http_response_throws(const struct http_call *call, const struct http_response *r);

/* That exception, not thrown. */
JSValue http_response_failure(JSContext *ctx, struct http_call *call,
                              const struct http_response *r);

/*
 * 0 when `self` is a Response with a body; otherwise -1 with an exception thrown that says that it
 * cannot be made `what` ("HTML").
 */
int http_response_need_body(JSContext *ctx, JSValueConst self, const char *what);

/* The methods of responses, as function objects into http->methods. 0 or -1. */
int http_response_methods(JSContext *ctx, struct js_http *http);

/* Frees the structs of responses that the group keeps. */
void http_responses_fini(struct js_http *http);

extern const struct js_lazy_type http_response_type;
extern const struct js_lazy_type http_timings_type;
extern const struct js_lazy_type http_sent_type;

/* ---- sub-objects of a response (k6_http_fields.c) ---- */

JSValue http_field_headers(JSContext *ctx, const struct http_response *r);
JSValue http_field_cookies(JSContext *ctx, const struct http_response *r);
JSValue http_field_ocsp(JSContext *ctx, const struct http_response *r);
JSValue http_field_status_text(JSContext *ctx, const struct http_response *r);

/* Of the request as it was sent: {Name: [values]} and {name: [{name, value, replace}]}. */
JSValue http_field_sent_headers(JSContext *ctx, const struct http_response *r,
                                const struct url *url);
JSValue http_field_sent_cookies(JSContext *ctx, const struct http_response *r);

/* Appends a value (taken over) to the array obj[name]. 0, or -1 with an exception thrown. */
int http_field_append(JSContext *ctx, JSValueConst obj, struct str name, JSValue value);

/* Logs request and response for the option httpDebug. */
void http_debug_log(JSContext *ctx, const struct http_call *call, const struct http_response *r);

/* ---- URLs (k6_http_urls.c) ---- */

/* Parsed URLs by their text: bounded, the least recently used of a set goes first. */
struct url_cache *url_cache_new(void);
void url_cache_free(struct url_cache *cache); /* accepts NULL */

/* The parsed URL, a reference of the caller's. Returns 0 or the fault of url_parse(). */
MUST_USE int url_cache_get(struct url_cache *cache, struct str text, struct url **ret_url);

/* ---- the other exports ---- */

/* k6_http_batch.c */
JSValue http_batch(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv);

/* k6_http_cookies.c */
int http_cookies_init(JSContext *ctx, JSValueConst exports);
struct cookie_jar *http_jar_of(JSContext *ctx, JSValueConst v); /* NULL: not a CookieJar */

/* k6_http_values.c: http.url, http.file, expectedStatuses */
int http_values_init(JSContext *ctx, JSValueConst exports);
bool http_is_url(JSValueConst v);
bool http_is_file(JSValueConst v);
const struct status_set *http_expected_of(JSValueConst v); /* NULL: not of expectedStatuses() */

/* k6_http_form.c: what needs an HTML document */
JSValue http_response_html(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv);
JSValue http_response_submit_form(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv);
JSValue http_response_click_link(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv);

/*
 * What becomes of a call after http_args_read() gave `r`, which is not 0: an exception or a
 * Response with the error. The caller still gives the call back.
 */
JSValue http_refuse(JSContext *ctx, struct http_call *call, int r);

/* Throws `what` and " in the init context is not supported" where that is so, and gives false. */
bool http_allowed(JSContext *ctx, const char *what);

/* Logs a warning with one field. */
void http_warn(JSContext *ctx, const char *message, const char *field, struct str value);
