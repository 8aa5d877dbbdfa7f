/* The catalogue. A board is a file of its own; here is the order in which lists have them. */
#include "dashboard/boards_priv.h"

/* clang-format off */
static const struct board *const boards[] = {
    &board_live,
    &board_history,
    &board_compare,
    &board_generator,
    &board_locust,
    &board_llm,
    &board_ecommerce,
    &board_microservices,
    &board_cost,
};
/* clang-format on */

const struct board *const *board_all(size_t *ret_n)
{
    *ret_n = countof(boards);
    return boards;
}

const struct board *board_find(struct str name)
{
    for (size_t i = 0; i < countof(boards); i++) {
        if (str_is(name, boards[i]->name))
            return boards[i];
    }
    return NULL;
}
