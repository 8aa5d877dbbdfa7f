/*
 * The demo shop: log in, look at products, fill a cart, order. It keeps no state, so that any
 * number of users may shop at any rate for any time: a token is a keyed hash of the user's name,
 * and a cart's id spells out what is in it.
 */
#include "target/target_shop.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "target/target_json.h"
#include "target/target_priv.h"

enum {
    N_PRODUCTS = 24,
    QUANTITY_MAX = 99,
    TOKEN_DIGITS = 16,
};

static const char *const kinds[] = {"Teapot", "Kettle", "Cup", "Saucer", "Strainer", "Caddy"};
static const char *const looks[] = {"plain", "striped", "glazed", "painted"};

static int64_t price_in_cents(unsigned product)
{
    return 499 + (int64_t)product * 150 + (product * 37) % 100;
}

unsigned shop_stock(unsigned product)
{
    return 10 + product * 7 % 90;
}

void shop_put_money(struct json_out *j, const char *key, int64_t cents)
{
    json_key(j, key);
    json_put_f64(j, (double)cents / 100);
}

static void put_product(struct json_out *j, unsigned id)
{
    char name[64];

    snprintf(name, sizeof(name), "%s, %s", kinds[id % countof(kinds)], looks[id % countof(looks)]);
    json_open_object(j);
    json_key(j, "id");
    json_put_int(j, id);
    json_key(j, "name");
    json_put_cstr(j, name);
    json_key(j, "category");
    json_put_cstr(j, kinds[id % countof(kinds)]);
    shop_put_money(j, "price", price_in_cents(id));
    json_key(j, "stock");
    json_put_int(j, shop_stock(id));
    json_close(j);
}

void make_products(struct buf *body)
{
    struct json_out j = JSON_OUT(body, 0);

    json_open_object(&j);
    json_key(&j, "total");
    json_put_int(&j, N_PRODUCTS);
    json_key(&j, "products");
    json_open_array(&j);
    for (unsigned id = 1; id <= N_PRODUCTS; id++)
        put_product(&j, id);
    json_close(&j);
    json_close(&j);
}

void shop_product(struct exchange *x)
{
    uint64_t id = exchange_param_u64(x, 0, 0, UINT32_MAX);

    if (id < 1 || id > N_PRODUCTS) {
        answer_error(x, 404, "No such product");
        return;
    }
    struct json_out j = answer_json(x);

    put_product(&j, (unsigned)id);
}

/* ---- searching ---- */

static bool has_text(struct str all, struct str part)
{
    for (size_t i = 0; part.n <= all.n && i <= all.n - part.n; i++) {
        if (str_eq_nocase(str_from(all.p + i, part.n), part))
            return true;
    }
    return false;
}

static bool is_wanted(unsigned id, struct str text, uint64_t most_cents)
{
    bool is_named = !text.n || has_text(str_of(kinds[id % countof(kinds)]), text) ||
                    has_text(str_of(looks[id % countof(looks)]), text);

    return is_named && (uint64_t)price_in_cents(id) <= most_cents;
}

void shop_search(struct exchange *x)
{
    struct str text = exchange_arg(x, "q");
    uint64_t most = exchange_arg_u64(x, "max_price", 1000000, 1000000) * 100;
    unsigned n = 0;
    struct json_out j = answer_json(x);

    json_open_object(&j);
    json_key(&j, "products");
    json_open_array(&j);
    for (unsigned id = 1; id <= N_PRODUCTS; id++) {
        if (is_wanted(id, text, most)) {
            put_product(&j, id);
            n++;
        }
    }
    json_close(&j);
    json_key(&j, "total");
    json_put_int(&j, n);
    json_close(&j);
}

void shop_inventory(struct exchange *x)
{
    uint64_t id = exchange_param_u64(x, 0, 0, UINT32_MAX);

    if (id < 1 || id > N_PRODUCTS) {
        answer_error(x, 404, "No such product");
        return;
    }
    struct json_out j = answer_json(x);

    json_open_object(&j);
    json_key(&j, "product");
    json_put_u64(&j, id);
    json_key(&j, "stock");
    json_put_int(&j, shop_stock((unsigned)id));
    json_close(&j);
}

/* ---- logging in ---- */

static void token_of(const struct exchange *x, struct str user, char token[TOKEN_DIGITS + 1])
{
    uint64_t h = hash_bytes(user.p, user.n, x->worker->target->seed);

    snprintf(token, TOKEN_DIGITS + 1, "%016lx", (unsigned long)h);
}

void shop_login(struct exchange *x)
{
    struct str user = json_member(&x->arena, x->body, "username");
    struct str password = json_member(&x->arena, x->body, "password");
    char token[TOKEN_DIGITS + 1];

    if (!user.n || !password.n || user.n > 128 || str_find(user, ':') < user.n) {
        answer_error(x, 400, "username and password are needed");
        return;
    }
    if (str_is(password, "wrong")) {
        answer_error(x, 401, "Wrong password");
        return;
    }
    struct json_out j = answer_json(x);

    token_of(x, user, token);
    json_open_object(&j);
    json_key(&j, "token");
    json_put_cstr(&j, arena_printf(&x->arena, "%.*s:%s", STR_ARG(user), token));
    json_key(&j, "user");
    json_put_str(&j, user);
    json_key(&j, "expires_in");
    json_put_int(&j, 3600);
    json_close(&j);
}

bool shop_is_logged_in(struct exchange *x)
{
    struct str auth = exchange_header(x, "Authorization");
    char token[TOKEN_DIGITS + 1];

    if (str_starts_nocase(auth, STR("Bearer "))) {
        struct str bearer = str_trim(str_from_index(auth, 7));
        size_t colon = str_find(bearer, ':');

        token_of(x, str_from(bearer.p, colon), token);
        if (str_is(str_from_index(bearer, colon + 1), token))
            return true;
    }
    answer_header(x, "WWW-Authenticate", STR("Bearer"));
    answer_error(x, 401, "Log in first");
    return false;
}

/* ---- carts ---- */

static bool is_good(const struct shop_item *it)
{
    return it->product >= 1 && it->product <= N_PRODUCTS && it->quantity >= 1 &&
           it->quantity <= QUANTITY_MAX;
}

size_t shop_parse_cart(struct str id, struct shop_item items[SHOP_ITEMS_MAX])
{
    struct str part;
    size_t n = 0;

    if (!str_starts(id, STR("c-")))
        return 0;
    id = str_from_index(id, 2);
    while (str_split(&id, '.', &part)) {
        size_t x = str_find(part, 'x');
        uint64_t product, quantity;

        if (n == SHOP_ITEMS_MAX || !str_u64(str_from(part.p, x), &product) ||
            !str_u64(str_from_index(part, x + 1), &quantity) || product > N_PRODUCTS ||
            quantity > QUANTITY_MAX)
            return 0;
        items[n] = (struct shop_item){(unsigned)product, (unsigned)quantity};
        if (!is_good(&items[n++]))
            return 0;
    }
    return n;
}

/* Reads the items of {"items": [{"product": 3, "quantity": 2}, ...]}; as shop_parse_cart(). */
static size_t parse_items(struct exchange *x, struct shop_item items[SHOP_ITEMS_MAX])
{
    struct str list = json_member(&x->arena, x->body, "items"), one;
    size_t n = 0;

    while (json_next_element(&list, &one)) {
        uint64_t product, quantity = 1;
        struct str text = json_member(&x->arena, one, "quantity");

        if (n == SHOP_ITEMS_MAX || !str_u64(json_member(&x->arena, one, "product"), &product) ||
            (text.p && !str_u64(text, &quantity)) || product > N_PRODUCTS ||
            quantity > QUANTITY_MAX)
            return 0;
        items[n] = (struct shop_item){(unsigned)product, (unsigned)quantity};
        if (!is_good(&items[n++]))
            return 0;
    }
    return n;
}

static void put_cart_id(struct buf *out, const struct shop_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s%ux%u", i ? "." : "c-", items[i].product, items[i].quantity);
}

int64_t shop_total_cents(const struct shop_item *items, size_t n)
{
    int64_t cents = 0;

    for (size_t i = 0; i < n; i++)
        cents += price_in_cents(items[i].product) * items[i].quantity;
    return cents;
}

static void put_items(struct json_out *j, const struct shop_item *items, size_t n)
{
    json_key(j, "items");
    json_open_array(j);
    for (size_t i = 0; i < n; i++) {
        json_open_object(j);
        json_key(j, "product");
        json_put_int(j, items[i].product);
        json_key(j, "quantity");
        json_put_int(j, items[i].quantity);
        shop_put_money(j, "price", price_in_cents(items[i].product));
        json_close(j);
    }
    json_close(j);
    shop_put_money(j, "total", shop_total_cents(items, n));
}

void shop_cart(struct exchange *x)
{
    scoped(buf_fini) struct buf id = {0};
    struct shop_item items[SHOP_ITEMS_MAX];

    if (!shop_is_logged_in(x))
        return;
    size_t n = parse_items(x, items);

    if (!n) {
        answer_error(x, 422, "items must be 1 to 20 of {product, quantity}");
        return;
    }
    struct json_out j = answer_json(x);

    x->status = 201;
    put_cart_id(&id, items, n);
    json_open_object(&j);
    json_key(&j, "id");
    json_put_str(&j, buf_str(&id));
    put_items(&j, items, n);
    json_close(&j);
}

void shop_order(struct exchange *x)
{
    struct shop_item items[SHOP_ITEMS_MAX];

    if (!shop_is_logged_in(x))
        return;
    struct str cart = json_member(&x->arena, x->body, "cart");
    size_t n = shop_parse_cart(cart, items);

    if (!n) {
        answer_error(x, 422, "No such cart");
        return;
    }
    struct json_out j = answer_json(x);

    x->status = 201;
    json_open_object(&j);
    json_key(&j, "id");
    json_put_cstr(
        &j, arena_printf(&x->arena, "o-%012lx", (unsigned long)(rng_u64(&x->worker->rng) >> 16)));
    json_key(&j, "status");
    json_put_cstr(&j, "accepted");
    put_items(&j, items, n);
    json_close(&j);
}
