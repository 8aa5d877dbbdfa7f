#pragma once
/* From the options of a test to what its users' connections are made with. */
#include "base/err.h"

struct client_policy;
struct plan_options;

/* Returns 0 or FAULT_EXIT(104). Free with vu_policy_free, after the last user. */
MUST_USE int vu_policy_new(const struct plan_options *o, struct client_policy **ret_policy);
void vu_policy_free(struct client_policy *p); /* accepts NULL */
