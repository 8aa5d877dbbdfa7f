#pragma once
/* What vocabularies tell of a run beside its metrics. */
struct run;
struct vocab_facts;

void run_facts(struct run *run, struct vocab_facts *ret_facts);
