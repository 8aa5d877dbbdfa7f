#pragma once
/*
 * A question from another thread to the main loop: the asking thread waits until it is answered
 * there. Those who ask at once take turns. Closing wakes them, so that neither waits for the other.
 */
#include <stdbool.h>

struct loop;
struct main_call;

/* `answer` is called on the main loop, outside any coroutine, with what was asked. */
struct main_call *main_call_new(struct loop *loop, void (*answer)(void *arg, void *question),
                                void *arg);

/* On the asking thread. False when nobody is there to answer any more. */
bool main_call_ask(struct main_call *c, void *question);

/* On the main loop: no question is answered from here on. Accepts NULL. */
void main_call_close(struct main_call *c);

/* After the loop has gone: its mailbox may hold a message until then. Accepts NULL. */
void main_call_free(struct main_call *c);
