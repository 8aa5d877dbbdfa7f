/* What a vocabulary is called. */
#include "vocab/vocab.h"

static const char *const names[VOCAB_COUNT] = {
    [VOCAB_BRUNT] = "brunt",         [VOCAB_K6] = "k6",
    [VOCAB_LOADPILOT] = "loadpilot", [VOCAB_LOCUST] = "locust",
    [VOCAB_LEAPWORK] = "leapwork",
};

const char *vocab_name(enum vocab_id id)
{
    return names[id];
}

int vocab_parse(struct str list, uint32_t *ret_vocabs)
{
    uint32_t vocabs = 0;
    struct str part;

    while (str_split(&list, ',', &part)) {
        size_t id = 0;

        part = str_trim(part);
        while (id < VOCAB_COUNT && !str_is(part, names[id]))
            id++;
        if (id == VOCAB_COUNT) {
            return fault(FAULT_EXIT(104),
                         "no vocabulary is called \"%.*s\"; there are brunt, k6, loadpilot, locust "
                         "and leapwork",
                         STR_ARG(part));
        }
        vocabs |= UINT32_C(1) << id;
    }
    *ret_vocabs = vocabs;
    return 0;
}
