#pragma once
/*
 * The page of `brunt run --ui` and `brunt ui`: its address, its token, and the browser that opens
 * it. What is behind it is web/web_site.h's.
 */
#include <stdbool.h>

#include "base/err.h"

#define UI_ADDRESS "127.0.0.1:6460"

struct ui_server;
struct web_live_ops;

struct ui_server_config {
    const char *address;             /* NULL: UI_ADDRESS, or a free port when that one is taken */
    const char *option;              /* that names the address, for messages: "--ui" */
    const char *token;               /* NULL: one is made where the address needs one */
    const char *store;               /* the file of runs; NULL: none */
    const char *connections;         /* the file of connections; NULL: the default */
    const struct web_live_ops *live; /* NULL: no run */
    void *live_self;
};

/* Starts serving. Returns 0 or a fault as web_server_new() does. */
MUST_USE int ui_server_new(const struct ui_server_config *config, struct ui_server **ret_server);

/* Ends it; what `live` does not answer any more must have been closed. Accepts NULL. */
void ui_server_free(struct ui_server *u);

/* "http://127.0.0.1:6460/", with "#token=…" when one was made. */
const char *ui_server_url(const struct ui_server *u);

/*
 * Opens an URL in $BROWSER or the desktop's browser, without waiting for it. False when there is
 * nothing to open it in, or nobody to see it.
 */
bool ui_open_browser(const char *url);
