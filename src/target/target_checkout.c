/*
 * Paying in the demo shop: stock is looked at, a payment provider is asked, and what was sold is
 * counted. The provider has a few lines, so that checkouts take longer the more of them there are;
 * how many it declines, and how many it loses, is drawn.
 */
#include "base/mem.h"
#include "target/target_json.h"
#include "target/target_priv.h"
#include "target/target_shop.h"

enum {
    STOCK_MS = 5,
    PAYMENT_MIN_MS = 40,
    PAYMENT_MAX_MS = 120,
    PAYMENT_LINES = 8, /* payments at once that do not slow each other down */
    LOST_MS = 400,     /* until a lost payment is given up */
    DECLINED_PERCENT = 6,
    LOST_PERCENT = 2,
};

enum ending {
    SOLD,
    OUT_OF_STOCK,
    DECLINED,
    LOST,
    N_ENDINGS,
};

static const struct {
    const char *reason;
    int status;
} endings[N_ENDINGS] = {
    [SOLD] = {NULL, 201},
    [OUT_OF_STOCK] = {"out_of_stock", 409},
    [DECLINED] = {"card_declined", 402},
    [LOST] = {"payment_timeout", 504},
};

struct target_sales {
    pthread_mutex_t lock;
    unsigned n_paying;
    uint64_t n[N_ENDINGS];
    int64_t revenue_cents;
};

struct target_sales *target_sales_new(void)
{
    struct target_sales *sales = xnew(struct target_sales);

    pthread_mutex_init(&sales->lock, NULL);
    return sales;
}

void target_sales_free(struct target_sales *sales)
{
    if (!sales)
        return;
    pthread_mutex_destroy(&sales->lock);
    free(sales);
}

static enum ending draw_ending(struct exchange *x, struct rng *r)
{
    bool is_declined = draw_percent(r, exchange_arg_u64(x, "declined", DECLINED_PERCENT, 100));
    bool is_lost = draw_percent(r, exchange_arg_u64(x, "lost", LOST_PERCENT, 100));

    if (is_declined)
        return DECLINED;
    return is_lost ? LOST : SOLD;
}

static bool is_in_stock(const struct shop_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (items[i].quantity > shop_stock(items[i].product))
            return false;
    }
    return true;
}

/* Waits for the provider; false when the target is ending. */
static bool pay(struct exchange *x, struct rng *r, enum ending ending)
{
    struct target_sales *sales = x->worker->target->sales;
    double ms = (double)rng_between(r, PAYMENT_MIN_MS, PAYMENT_MAX_MS);

    pthread_mutex_lock(&sales->lock);
    unsigned n_paying = ++sales->n_paying;

    pthread_mutex_unlock(&sales->lock);
    if (n_paying > PAYMENT_LINES)
        ms *= (double)n_paying / PAYMENT_LINES;
    bool goes_on = exchange_work(x, ending == LOST ? LOST_MS : ms);

    pthread_mutex_lock(&sales->lock);
    sales->n_paying--;
    pthread_mutex_unlock(&sales->lock);
    return goes_on;
}

static void record(struct target_sales *sales, enum ending ending, int64_t cents)
{
    pthread_mutex_lock(&sales->lock);
    sales->n[ending]++;
    if (ending == SOLD)
        sales->revenue_cents += cents;
    pthread_mutex_unlock(&sales->lock);
}

static void answer_ending(struct exchange *x, enum ending ending, uint64_t order, int64_t cents)
{
    struct json_out j = answer_json(x);

    x->status = endings[ending].status;
    json_open_object(&j);
    json_key(&j, "success");
    json_put_bool(&j, ending == SOLD);
    if (ending == SOLD) {
        json_key(&j, "order_id");
        json_put_cstr(&j, arena_printf(&x->arena, "o-%012lx", (unsigned long)(order >> 16)));
    } else {
        json_key(&j, "reason");
        json_put_cstr(&j, endings[ending].reason);
    }
    shop_put_money(&j, "total_amount", cents);
    json_close(&j);
}

void shop_checkout(struct exchange *x)
{
    struct shop_item items[SHOP_ITEMS_MAX];

    if (!shop_is_logged_in(x))
        return;
    size_t n = shop_parse_cart(json_member(&x->arena, x->body, "cart"), items);

    if (!n) {
        answer_error(x, 422, "No such cart");
        return;
    }
    struct rng r = exchange_draw(x, DRAW_PAYMENT);
    enum ending ending = is_in_stock(items, n) ? draw_ending(x, &r) : OUT_OF_STOCK;
    int64_t cents = shop_total_cents(items, n);

    if (!exchange_work(x, STOCK_MS) || (ending != OUT_OF_STOCK && !pay(x, &r, ending)))
        return;
    record(x->worker->target->sales, ending, cents);
    answer_ending(x, ending, rng_u64(&r), cents);
}

void shop_sales(struct exchange *x)
{
    struct target_sales *sales = x->worker->target->sales;
    struct json_out j = answer_json(x);

    pthread_mutex_lock(&sales->lock);
    json_open_object(&j);
    json_key(&j, "orders");
    json_put_u64(&j, sales->n[SOLD]);
    for (enum ending e = SOLD + 1; e < N_ENDINGS; e++) {
        json_key(&j, endings[e].reason);
        json_put_u64(&j, sales->n[e]);
    }
    json_key(&j, "revenue_cents");
    json_put_int(&j, sales->revenue_cents);
    json_close(&j);
    pthread_mutex_unlock(&sales->lock);
}
