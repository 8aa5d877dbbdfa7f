/*
 * The document stands in a script element of a type that browsers do not run. Short ones are
 * written as they are, with every "<" as \u003c: in JSON it only stands in strings, and so neither
 * "</script" nor "<!--" can end the element. Long ones are compressed, in base64.
 */
#include "report/report_html.h"

#include <errno.h>
#include <zlib.h>

#include "assets/web_assets.h"
#include "base/base64.h"
#include "base/mem.h"
#include "report/markup.h"

enum {
    PLAIN_BYTES_MAX = 64 << 10, /* of a document that stays readable in the file */
    GZIP_WINDOW = 15 + 16,
    BLOCK_BYTES = 64 << 10,
};

static int too_big(void)
{
    return fault(-EFBIG, "the report is too big");
}

static int add(struct buf *out, struct str text)
{
    return buf_add(out, text.p, text.n) ? too_big() : 0;
}

static int put_plain(struct str document, struct buf *out)
{
    while (document.n) {
        size_t n = str_find(document, '<');

        TRY(add(out, str_from(document.p, n)));
        if (n < document.n)
            TRY(add(out, STR("\\u003c")));
        document = str_from_index(document, n + 1);
    }
    return 0;
}

static unsigned char *without_const(const char *p)
{
    union {
        const char *p;
        unsigned char *bytes;
    } u = {.p = p}; /* zlib only reads it */

    return u.bytes;
}

/* Compresses what is in `z`, until there is no more to give or, at the end, no more to come. */
static int deflate_some(z_stream *z, int flush, struct buf *out)
{
    do {
        if (buf_reserve(out, BLOCK_BYTES))
            return too_big();
        z->next_out = (unsigned char *)out->data + out->len;
        z->avail_out = BLOCK_BYTES;
        deflate(z, flush);
        out->len += BLOCK_BYTES - z->avail_out;
    } while (z->avail_out == 0);
    return 0;
}

static int compress_all(z_stream *z, struct str text, struct buf *out)
{
    while (text.n) {
        uInt n = text.n < 1 << 30 ? (uInt)text.n : 1 << 30;

        z->next_in = without_const(text.p);
        z->avail_in = n;
        text = str_from_index(text, n);
        TRY(deflate_some(z, text.n ? Z_NO_FLUSH : Z_FINISH, out));
    }
    return 0;
}

static int put_packed(struct str document, struct buf *out)
{
    scoped(buf_fini) struct buf packed = BUF_INIT(out->limit);
    z_stream z = {0};

    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 9, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return fault(-ENOMEM, "zlib refuses to compress the report");
    int r = compress_all(&z, document, &packed);

    deflateEnd(&z);
    TRY(r);
    return base64_encode(BASE64_STD, buf_str(&packed), out) ? too_big() : 0;
}

static int put_document(struct str document, struct buf *out)
{
    bool is_plain = document.n <= PLAIN_BYTES_MAX;

    TRY(add(out, is_plain ? STR("<script type=\"application/json\" id=\"brunt-report\">\n")
                          : STR("<script type=\"application/json\" id=\"brunt-report\" "
                                "data-encoding=\"gzip-base64\">\n")));
    TRY(is_plain ? put_plain(document, out) : put_packed(document, out));
    return add(out, STR("\n</script>\n"));
}

/* Nothing may be loaded or sent, and nothing be run or styled but what stands here. */
static void put_policy(const struct web_asset *script, const struct web_asset *style,
                       struct buf *out)
{
    buf_printf(out,
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
               "script-src 'sha256-%s'; style-src 'sha256-%s'; img-src data: blob:; "
               "base-uri 'none'; form-action 'none'\">\n",
               script->sha256, style->sha256);
}

static void put_head(struct str title, const struct web_asset *script,
                     const struct web_asset *style, struct buf *out)
{
    buf_puts(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    put_policy(script, style, out);
    buf_puts(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"light dark\">\n"
                  "<meta name=\"referrer\" content=\"no-referrer\">\n"
                  "<link rel=\"icon\" href=\"data:,\">\n<title>");
    markup_put_html(out, title);
    buf_puts(out, "</title>\n<style>");
    buf_putstr(out, web_asset_text(style));
    buf_puts(out, "</style>\n</head>\n<body>\n<div id=\"app\"></div>\n"
                  "<noscript>This report is drawn by the script inside of it.</noscript>\n");
}

/* Our own files: one that could not stand in HTML would be a mistake of the build. */
static bool can_be_inline(const struct web_asset *a)
{
    struct str text = web_asset_text(a);

    return str_find_str(text, STR("</s")) == text.n && str_find_str(text, STR("<!--")) == text.n;
}

int report_html_put(struct str title, struct str document, struct buf *out)
{
    const struct web_asset *script = web_asset_find(STR("/app.js"));
    const struct web_asset *style = web_asset_find(STR("/app.css"));

    if (!web_assets_are_built || !script || !style) {
        return fault(-ENOTSUP, "this brunt was built without its web page, of which an HTML report "
                               "is made: take .json, .md or .junit.xml");
    }
    if (!can_be_inline(script) || !can_be_inline(style))
        return fault(-ENOTSUP, "the web page cannot stand inside a file: its script has '</s'");
    put_head(title, script, style, out);
    TRY(put_document(document, out));
    TRY(add(out, STR("<script>")));
    TRY(add(out, web_asset_text(script)));
    return add(out, STR("</script>\n</body>\n</html>\n"));
}
