#pragma once
/*
 * Serves what is scraped: each sink that listens has a server with a thread of its own, which asks
 * the main loop for what to answer.
 */
#include <stdbool.h>

#include "base/err.h"

struct log;
struct loop;
struct run_scrape;
struct sinks;

/* `log` is told where. *ret_scrape is NULL when no sink listens. Returns 0 or a fault: an address
 * that can't be. */
MUST_USE int run_scrape_new(struct log *log, struct loop *loop, struct sinks *sinks,
                            struct run_scrape **ret_scrape);

/*
 * After the end of the run: whether somebody has been scraping and may not have seen the end yet.
 * He is waited for as long as his scrapes were apart, and half as long again.
 */
bool run_scrape_is_awaited(struct run_scrape *s);

/* Stops serving; accepts NULL. */
void run_scrape_close(struct run_scrape *s);

/* After the loop has gone; accepts NULL. */
void run_scrape_free(struct run_scrape *s);
