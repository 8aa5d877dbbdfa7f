#pragma once
/* What a receiver of remote write answers, and which version it therefore speaks. */
#include "sink/push.h"
#include "sink/remote_write.h"

/* The version in use, and whether the receiver has shown that it speaks it. */
struct remote_write_choice {
    enum remote_write_version version;
    bool is_sure;
};

/* "auto", "1" or "2"; false: none of them. */
bool remote_write_choose(const char *text, struct remote_write_choice *ret_choice);

/*
 * Takes in an answer to a request of c->version. True: it was not understood, and the same points
 * are to be sent again by 1.0, which is c->version from now on.
 */
bool remote_write_falls_back(struct remote_write_choice *c, const struct push_answer *answer);

/* What an answer means for n points; `version` is that of the request. */
void remote_write_judge(enum remote_write_version version, const struct push_answer *answer,
                        size_t n_points, struct push_result *ret_result);
