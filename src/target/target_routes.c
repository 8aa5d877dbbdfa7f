/* What the demo target answers: one row per route, in the order in which --list shows them. */
#include "target/target_priv.h"

#define HTML "text/html; charset=utf-8"
#define TEXT "text/plain; charset=utf-8"
#define TS   "\"ts\":0000000000000" /* kept up to date (struct fixed) */

static const char page[] =
    "<!DOCTYPE html>\n<html>\n<head><title>A page to read</title></head>\n<body>\n"
    "<h1>The harbour in the morning</h1>\n<p id=\"first\" class=\"lead\">Before the sun was over "
    "the roofs, the boats were out, and the gulls with them.</p>\n<p>What was left on the quay "
    "was rope, two crates and a boy who counted the masts.</p>\n<ul>\n<li class=\"link\"><a "
    "href=\"/get\">one</a></li>\n<li class=\"link\"><a href=\"/anything\">two</a></li>\n</ul>\n"
    "</body>\n</html>\n";

static const char form[] =
    "<!DOCTYPE html>\n<html>\n<body>\n<form method=\"post\" action=\"/post\">\n"
    "<p><label>Name: <input name=\"custname\"></label></p>\n"
    "<p><label>Telephone: <input type=\"tel\" name=\"custtel\"></label></p>\n"
    "<p><label><input type=\"radio\" name=\"size\" value=\"small\" checked> small</label>\n"
    "<label><input type=\"radio\" name=\"size\" value=\"large\"> large</label></p>\n"
    "<p><textarea name=\"comments\">none</textarea></p>\n"
    "<p><button>Send</button></p>\n</form>\n</body>\n</html>\n";

static const char utf8[] =
    "<h1>Unicode</h1>\n<p>Fran\xc3\xa7ois \xe2\x88\x80x\xe2\x88\x88\xe2\x84\x9d: \xe2\x8c\x88x"
    "\xe2\x8c\x89 = \xe2\x88\x92\xe2\x8c\x8a\xe2\x88\x92x\xe2\x8c\x8b, \xce\xbb, "
    "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82, \xe4\xbd\xa0\xe5\xa5\xbd, "
    "\xf0\x9f\x9a\xa2</p>\n";

/* clang-format off */
const struct route target_routes[] = {
    {"GET", "/", .fn = root_page, .help = "this list as a page"},

    /* toy API */
    {"GET", "/health", .text = "{\"status\":\"ok\"," TS "}", .help = "fixed: status and time"},
    {"GET", "/fast", .text = "{\"ok\":true,\"speed\":\"fast\"," TS "}", .help = "fixed: as fast as can be"},
    {"GET", "/slow", .fn = toy_slow, .help = "after 500 to 2500 ms"},
    {"GET", "/error", .fn = toy_error, .help = "500 in 30 of 100 cases"},
    {"GET", "/cpu", .fn = toy_cpu, .help = "after ten million square roots"},
    {"GET", "/io", .fn = toy_io, .help = "after 300 to 1500 ms"},
    {"GET", "/users", .make = make_users, .help = "fixed: 50 users"},
    {"POST", "/jobs", .fn = toy_job_post, .help = "queues {\"mode\": \"cpu\"|\"io\"|\"mixed\"}"},
    {"GET", "/jobs/:id", .fn = toy_job_get, .help = "how that job stands"},
    {"GET", "/api/health", .text = "{\"status\":\"ok\"," TS "}", .help = "fixed: status and time"},
    {"GET", "/api/status", .text = "{\"status\":\"ok\",\"load\":0.1," TS "}", .help = "fixed: status and load"},
    {"GET", "/api/info", .text = "{\"name\":\"brunt target\",\"api\":1}", .help = "fixed: who answers"},

    /* for measuring */
    {"GET", "/items", .make = make_items, .help = "fixed: ten items, 1.2 KB"},
    {"GET", "/data", .text = "{\"data\":[1,2,3,4,5,6,7,8,9,10],\"ok\":true}", .help = "fixed: ten numbers"},
    {"POST", "/login", .fn = bench_login, .help = "a token, whoever asks"},
    {"GET", "/endpoint", .text = "{\"ok\":true}", .help = "fixed: the smallest answer"},
    {"GET", "/text", .text = "Hello, world!", .type = TEXT, .help = "fixed: 13 bytes of text"},
    {"GET", "/fixed", .fn = load_fixed, .help = "after ?ms= (2), held in the last ?stall= of ?every= (10s) since the start"},
    {"GET", "/queue", .fn = load_queue, .help = "by ?servers= (1) in ?ms= (5) each; 503 when ?waiting= (1000) wait"},

    /* demo shop */
    {"POST", "/shop/login", .fn = shop_login, .help = "{\"username\", \"password\"} for a token; password \"wrong\" is"},
    {"GET", "/shop/products", .make = make_products, .help = "fixed: all products"},
    {"GET", "/shop/products/:id", .fn = shop_product, .help = "one product"},
    {"POST", "/shop/cart", .fn = shop_cart, .help = "{\"items\": [{\"product\", \"quantity\"}]}, with a bearer token"},
    {"GET", "/shop/search", .fn = shop_search, .help = "?q= text, ?max_price= dollars"},
    {"GET", "/shop/inventory/:id", .fn = shop_inventory, .help = "how many of a product one order may have"},
    {"POST", "/shop/orders", .fn = shop_order, .help = "{\"cart\": id}, with a bearer token"},

    {"POST", "/shop/checkout", .fn = shop_checkout, .help = "pays {\"cart\": id}; declines ?declined= (6) and loses ?lost= (2) of 100"},
    {"GET", "/shop/sales", .fn = shop_sales, .help = "orders and revenue since the start"},

    /* a chat API in OpenAI's shape */
    {"POST", "/v1/chat/completions", .fn = llm_chat, .help = "any key; 429 for ?limited= (2), 500 for ?errors= (1) of 100; ?tpm= (600000)"},
    {"GET", "/v1/models", .fn = llm_models, .help = "gpt-4, gpt-4o, gpt-4o-mini"},
    {"GET", "/v1/usage", .fn = llm_usage, .help = "tokens since the start, by model"},

    /* services that call each other */
    {"GET", "/svc/gateway", .fn = service_gateway, .help = "calls users, orders, inventory and payments"},
    {"GET", "/svc/health", .fn = services_health, .help = "which of them are up"},
    {"GET", "/svc/stats", .fn = services_stats, .help = "calls, failures, circuits since the start"},
    {"GET", "/svc/:name", .fn = service_call, .help = "one of them; ?errors= of 100 fail, payments in rows"},
    {"GET", "/svc/:name/health", .fn = service_health, .help = "503 while its circuit is open"},

    /* a cloud that bills by use */
    {"GET POST", "/cloud/run/:endpoint", .fn = cloud_run, .help = "thumbnail, search, report or export, ?period=peak, and its cost"},
    {"GET", "/cloud/prices", .make = make_cloud_prices, .help = "fixed: what a request and a gigabyte-second cost"},
    {"GET", "/cloud/usage", .fn = cloud_usage, .help = "instances, their load and hourly cost"},
    {"GET", "/cloud/bill", .fn = cloud_bill, .help = "millionths of a dollar since the start"},

    /* httpbin */
    {"GET", "/get", .fn = bin_get, .help = "the request as JSON"},
    {"POST", "/post", .fn = bin_post, .help = "the request and its body as JSON"},
    {"PUT", "/put", .fn = bin_post, .help = "the same"},
    {"PATCH", "/patch", .fn = bin_post, .help = "the same"},
    {"DELETE", "/delete", .fn = bin_post, .help = "the same"},
    {"*", "/anything", .fn = bin_anything, .help = "the same, with the method"},
    {"*", "/anything/*", .fn = bin_anything, .help = "the same"},
    {"GET", "/headers", .fn = bin_headers, .help = "the request's headers"},
    {"GET", "/ip", .fn = bin_ip, .help = "the client's address"},
    {"GET", "/user-agent", .fn = bin_user_agent, .help = "the client's name"},
    {"GET", "/uuid", .fn = bin_uuid, .help = "a random UUID"},
    {"GET POST", "/response-headers", .fn = bin_response_headers, .help = "each argument as a header"},
    {"GET", "/base64/:value", .fn = bin_base64, .help = "the value decoded"},
    {"GET", "/json", .make = make_document, .help = "fixed: a document of 2.3 KB"},
    {"GET", "/html", .text = page, .type = HTML, .help = "fixed: a page"},
    {"GET", "/forms/post", .text = form, .type = HTML, .help = "fixed: a form"},
    {"GET", "/encoding/utf8", .text = utf8, .type = HTML, .help = "fixed: many scripts"},
    {"GET", "/robots.txt", .text = "User-agent: *\nDisallow: /deny\n", .type = TEXT, .help = "fixed: rules for robots"},
    {"GET", "/gzip", .fn = bin_encoded, .help = "an answer in gzip"},
    {"GET", "/deflate", .fn = bin_encoded, .help = "an answer in deflate"},
    {"GET", "/brotli", .fn = bin_encoded, .help = "an answer in brotli"},
    {"GET", "/zstd", .fn = bin_encoded, .help = "an answer in zstd"},
    {"*", "/status/:codes", .fn = bin_status, .help = "that status; a list, with weights, is drawn from"},
    {"GET", "/redirect/:n", .fn = bin_redirect, .help = "n redirects, then /get"},
    {"GET", "/relative-redirect/:n", .fn = bin_redirect, .help = "the same"},
    {"GET", "/absolute-redirect/:n", .fn = bin_absolute_redirect, .help = "the same with whole URLs"},
    {"*", "/redirect-to", .fn = bin_redirect_to, .help = "?url= and ?status_code="},
    {"GET", "/cookies", .fn = bin_cookies, .help = "the request's cookies"},
    {"GET", "/cookies/set", .fn = bin_cookies_set, .help = "sets each argument"},
    {"GET", "/cookies/set/:name/:value", .fn = bin_cookies_set_one, .help = "sets one"},
    {"GET", "/cookies/delete", .fn = bin_cookies_delete, .help = "deletes each argument"},
    {"GET", "/basic-auth/:user/:password", .fn = bin_basic_auth, .help = "asks for these"},
    {"GET", "/hidden-basic-auth/:user/:password", .fn = bin_hidden_basic_auth, .help = "404 without these"},
    {"GET", "/bearer", .fn = bin_bearer, .help = "asks for a bearer token"},
    {"*", "/digest-auth/:qop/:user/:password", .fn = bin_digest_auth, .help = "asks for these by Digest, MD5"},
    {"*", "/digest-auth/:qop/:user/:password/:algorithm", .fn = bin_digest_auth, .help = "MD5, SHA-256 or SHA-512"},
    {"*", "/delay/:seconds", .fn = bin_delay, .help = "as /anything, later; fractions are fine, at most 60"},
    {"GET", "/drip", .fn = bin_drip, .help = "?duration= s, ?numbytes=, ?code=, ?delay= s"},
    {"GET", "/bytes/:n", .fn = bin_bytes, .help = "n random bytes (?seed=), at most 64 MiB"},
    {"GET", "/stream/:n", .fn = bin_stream, .help = "n lines of JSON in chunks"},
    {"GET", "/stream-bytes/:n", .fn = bin_stream_bytes, .help = "n random bytes in chunks (?chunk_size=)"},

    {"*", "/chaos/:name", .fn = chaos_play, .help = "misbehaviour:"},
};
/* clang-format on */

const size_t n_target_routes = countof(target_routes);

static const char *methods_text(const struct route *r)
{
    return r->methods[0] == '*' ? "any" : r->methods;
}

void target_list(struct buf *out)
{
    for (size_t i = 0; i < n_target_routes; i++) {
        buf_printf(out, "  %-8s %-46s %s\n", methods_text(&target_routes[i]),
                   target_routes[i].pattern, target_routes[i].help);
    }
    chaos_list(out);
}
