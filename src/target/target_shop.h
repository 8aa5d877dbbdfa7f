#pragma once
/* What the two files of the demo shop share: its range, its prices, its carts. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct exchange;
struct json_out;

enum {
    SHOP_ITEMS_MAX = 20,
};

struct shop_item {
    unsigned product; /* from 1 */
    unsigned quantity;
};

/* Reads a cart's id, "c-3x2.7x1"; returns how many items, 0 when it is no cart. */
size_t shop_parse_cart(struct str id, struct shop_item items[SHOP_ITEMS_MAX]);

int64_t shop_total_cents(const struct shop_item *items, size_t n);

/* How many of a product one order may have; what is sold comes back, so that the shop never ends.
 */
unsigned shop_stock(unsigned product);

/* Whether the request has a token of ours; answers 401 when it has none. */
bool shop_is_logged_in(struct exchange *x);

void shop_put_money(struct json_out *j, const char *key, int64_t cents);
