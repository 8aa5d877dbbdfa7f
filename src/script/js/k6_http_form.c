/*
 * What of a Response needs an HTML document: html(), submitForm(), clickLink(). The document comes
 * from the module k6/html; until there is one, each says so.
 */
#include "script/js/k6_http_priv.h"

static JSValue no_documents(JSContext *ctx, JSValueConst self, const char *method)
{
    if (http_response_need_body(ctx, self, "HTML") < 0)
        return JS_EXCEPTION;
    return js_throw(ctx, "response.%s() needs the module k6/html, which is not there yet", method);
}

JSValue http_response_html(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    (void)argc;
    (void)argv;
    return no_documents(ctx, self, "html");
}

JSValue http_response_submit_form(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    (void)argc;
    (void)argv;
    return no_documents(ctx, self, "submitForm");
}

JSValue http_response_click_link(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    (void)argc;
    (void)argv;
    return no_documents(ctx, self, "clickLink");
}
