/* A table of phrases that servers use, each with its meaning; what is in none is judged as any. */
#include "sink/influx_answer.h"

#include "sink/answer_scan.h"

enum {
    SAID_BYTES = 300,
};

/* What a phrase in an answer means. */
enum meaning {
    MEANS_PARTIAL,  /* the good lines were stored; "dropped=" may say how many were not */
    MEANS_BAD_LINE, /* a line could not be read */
    MEANS_MEND,     /* somebody has to mend something */
    MEANS_BOUNDED,  /* said as if it were passing, but may last */
};

static const struct phrase {
    int status;
    const char *text; /* "" for any */
    enum meaning meaning;
    const char *advice; /* "" for none */
} phrases[] = {
    {400, "partial write", MEANS_PARTIAL, ""},
    {422, "", MEANS_PARTIAL, ""},
    {400, "unable to parse", MEANS_BAD_LINE, ""},
    {400, "database is required", MEANS_MEND, "; name the database behind the host: /DATABASE"},
    {401, "", MEANS_MEND, "; check user and password, or token"},
    {403, "", MEANS_MEND, "; the user or token may not write there"},
    {404, "database not found", MEANS_MEND, "; create the database, or let this user do so"},
    {404, "page not found", MEANS_MEND, "; there is no such path: check address and ?version="},
    {404, "", MEANS_MEND, "; check organisation and bucket"},
    {500, "retention policy not found", MEANS_BOUNDED, "; check ?retention="},
};

void influx_said(const struct push_answer *answer, struct buf *out)
{
    struct buf text = {0};
    struct str body = buf_str(&answer->body);

    if (answer_string(body, "error", &text) || answer_string(body, "message", &text)) {
        for (size_t i = 0; i < text.len && i < SAID_BYTES; i++) {
            unsigned char c = (unsigned char)text.data[i];

            buf_putc(out, (char)(c < 0x20 || c == 0x7f ? ' ' : c));
        }
    } else {
        push_said(answer, out, SAID_BYTES);
    }
    buf_fini(&text);
}

static const struct phrase *find_phrase(int status, struct str said)
{
    for (size_t i = 0; i < countof(phrases); i++) {
        const struct phrase *p = &phrases[i];

        if (p->status == status && (!p->text[0] || str_find_str(said, str_of(p->text)) < said.n))
            return p;
    }
    return NULL;
}

/* Alone, the point is the bad one; among others it has to be found. */
static enum push_outcome isolate(size_t n_points)
{
    return n_points == 1 ? PUSH_REFUSED : PUSH_SPLIT;
}

static void judge_partial(struct str said, size_t n_points, struct push_result *r)
{
    uint64_t n = 0;

    if (!said.n)
        said = STR("some of the points were refused without a word");
    if (!answer_number_after(said, STR("dropped="), &n) || n == 0) {
        push_result_set(r, isolate(n_points), "%.*s", STR_ARG(said));
        return;
    }
    push_result_set(r, PUSH_DONE, "%.*s", STR_ARG(said));
    r->n_rejected = n < n_points ? (size_t)n : n_points;
}

static void judge_phrase(const struct phrase *p, struct str said, size_t n_points,
                         struct push_result *r)
{
    static const enum push_outcome outcomes[] = {
        [MEANS_MEND] = PUSH_BLOCKED,
        [MEANS_BOUNDED] = PUSH_RETRY,
    };

    if (p->meaning == MEANS_PARTIAL) {
        judge_partial(said, n_points, r);
        return;
    }
    enum push_outcome outcome =
        p->meaning == MEANS_BAD_LINE ? isolate(n_points) : outcomes[p->meaning];

    push_result_set(r, outcome, "status %d%s%.*s%s", p->status, said.n ? ": " : "", STR_ARG(said),
                    p->advice);
    r->bounded = p->meaning == MEANS_BOUNDED;
}

void influx_judge(enum influx_version version, const struct push_answer *answer, size_t n_points,
                  struct push_result *ret_result)
{
    struct buf said = {0};
    const struct phrase *p = NULL;

    influx_said(answer, &said);
    if (answer->status)
        p = find_phrase(answer->status, buf_str(&said));
    *ret_result = (struct push_result){0};
    if (p) {
        judge_phrase(p, buf_str(&said), n_points, ret_result);
    } else {
        push_http_judge(answer, ret_result);
    }
    if (answer->status == 404 && version == INFLUX_V1 && !said.len)
        push_result_set(ret_result, PUSH_BLOCKED, "status 404: nothing at /write of that address");
    buf_fini(&said);
}
