/* Any bytes as a file of Locust's settings; what is found in it is a part of it. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "locust/locust_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = str_from((const char *)data, n), value;

    for (int form = LOCUST_CONF_PLAIN; form <= LOCUST_CONF_TOML; form++) {
        if (!locust_conf_get(text, (enum locust_conf_form)form, STR("locustfile"), &value))
            continue;
        assert(value.n <= n);
        assert(value.n == 0 || (value.p >= text.p && value.p + value.n <= text.p + n));
    }
    return 0;
}
