#pragma once
/* The legs that Digest and NTLM take, on top of the codecs in proto/auth.h. */
#include <stdbool.h>

#include "base/buf.h"
#include "proto/http.h"

struct leg;

/* Puts the first message of NTLM into `authorization`. */
void client_auth_ntlm_start(struct buf *authorization);

/*
 * Answers the challenge in the leg's response (a 401): fills `authorization` for the next leg.
 * False when there is nothing we can answer; the 401 is then the response.
 */
bool client_auth_answer(const struct http_request *req, const struct leg *leg,
                        struct buf *authorization);

/* Whether the message in `authorization` will be answered by another challenge. */
bool client_auth_more(const struct buf *authorization);
