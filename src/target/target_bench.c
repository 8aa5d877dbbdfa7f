/*
 * Plain answers for measuring with: a small one, lists, a document of 2.3 KB. The document is the
 * one that the comparisons under bench/ read with r.json().
 */
#include <stdio.h>

#include "target/target_priv.h"

enum {
    N_DOCUMENT_ITEMS = 20,
    N_ITEMS = 10,
};

static void put_item(struct json_out *j, int i)
{
    char text[40];

    json_open_object(j);
    json_key(j, "id");
    json_put_int(j, i + 1);
    json_key(j, "name");
    snprintf(text, sizeof(text), "Product number %02d of the shop", i + 1);
    json_put_cstr(j, text);
    json_key(j, "price");
    json_put_f64(j, (999 + i * 350) / 100.0);
    json_key(j, "stock");
    json_put_int(j, i * 7 % 50);
    json_key(j, "active");
    json_put_bool(j, i % 3 != 0);
    json_key(j, "tags");
    json_open_array(j);
    snprintf(text, sizeof(text), "aisle%d", i % 4);
    json_put_cstr(j, text);
    json_put_cstr(j, "shop");
    json_close(j);
    json_close(j);
}

static void put_page(struct buf *body, int n_items)
{
    struct json_out j = JSON_OUT(body, 0);

    json_open_object(&j);
    json_key(&j, "page");
    json_put_int(&j, 1);
    json_key(&j, "total");
    json_put_int(&j, n_items);
    json_key(&j, "items");
    json_open_array(&j);
    for (int i = 0; i < n_items; i++)
        put_item(&j, i);
    json_close(&j);
    json_close(&j);
}

void make_document(struct buf *body)
{
    put_page(body, N_DOCUMENT_ITEMS);
}

void make_items(struct buf *body)
{
    put_page(body, N_ITEMS);
}

/* Takes any name and password, as a form or as JSON. */
void bench_login(struct exchange *x)
{
    struct json_out j = answer_json(x);

    json_open_object(&j);
    json_key(&j, "token");
    json_put_cstr(&j, arena_printf(&x->arena, "%016lx", (unsigned long)rng_u64(&x->worker->rng)));
    json_key(&j, "ok");
    json_put_bool(&j, true);
    json_close(&j);
}

void root_page(struct exchange *x)
{
    answer_type(x, "text/html; charset=utf-8");
    buf_puts(&x->out, "<!DOCTYPE html>\n<title>brunt target</title>\n<h1>brunt target</h1>\n"
                      "<p>A server to test against. It answers:</p>\n<table>\n");
    for (size_t i = 0; i < n_target_routes; i++) {
        buf_printf(&x->out, "<tr><td>%s<td><code>%s</code><td>%s\n", target_routes[i].methods,
                   target_routes[i].pattern, target_routes[i].help);
    }
    buf_puts(&x->out, "</table>\n");
}
