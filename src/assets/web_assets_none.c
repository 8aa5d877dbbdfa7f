/* What there is instead of the page in a program that was built without it (-DBRUNT_UI=OFF). */
#include "assets/web_assets.h"

static const char none[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>brunt</title></head>"
    "<body><h1>No page</h1><p>This brunt was built without its web page (BRUNT_UI=OFF, or npm was "
    "missing). What it would show is at <a href=\"/api/runs\">/api/runs</a>.</p></body></html>\n";

const struct web_asset web_assets[] = {
    {.path = "/",
     .type = "text/html; charset=utf-8",
     .bytes = (const unsigned char *)none,
     .n = sizeof(none) - 1,
     .etag = "\"none\"",
     .sha256 = ""},
};

const size_t n_web_assets = countof(web_assets);
const bool web_assets_are_built = false;
