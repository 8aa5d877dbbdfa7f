/*
 * Any bytes as the state of a lab, as /proc/PID/stat and as a file of variables. Whatever comes, no
 * process has a number that a signal would send elsewhere, a state that was read is written and
 * read as the same, and variables have names and bounded values.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "lab/lab_dotenv.h"
#include "lab/lab_process.h"
#include "lab/lab_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_state(struct str text)
{
    struct lab_state state, again;
    struct buf first = {0}, second = {0};

    if (lab_state_parse(text, &state))
        return;
    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++)
        assert(state.processes[i].pid == 0 || state.processes[i].pid > 1);
    for (size_t i = 0; i < LAB_PORT_COUNT; i++)
        assert(state.ports[i] > 0);
    lab_state_put(&state, &first);
    int r = lab_state_parse(buf_str(&first), &again);

    assert(r == 0);
    lab_state_put(&again, &second);
    assert(str_eq(buf_str(&first), buf_str(&second)));
    buf_fini(&first);
    buf_fini(&second);
}

static void check_variables(struct str text)
{
    static struct lab_dotenv_entry entry;

    while (lab_dotenv_next(&text, &entry)) {
        assert(entry.name.n > 0 && !ascii_digit(entry.name.p[0]));
        assert(entry.n_value < sizeof(entry.value));
        assert(strlen(entry.value) == entry.n_value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = {(const char *)data, n};
    uint64_t started;

    if (n > 1 << 16)
        return 0;
    check_state(text);
    check_variables(text);
    (void)lab_stat_started(text, &started);
    return 0;
}
