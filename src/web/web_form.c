#include "web/web_form.h"

#include <errno.h>

#include "web/web_uri.h"

static size_t count_parts(struct str body)
{
    struct str part;
    size_t n = 0;

    while (str_split(&body, '&', &part))
        n += part.n > 0;
    return n;
}

static int read_field(struct arena *arena, struct str part, struct web_field *ret_field)
{
    size_t at = str_find(part, '=');

    if (!web_uri_decode(arena, str_from(part.p, at), true, &ret_field->name))
        return fault(-EINVAL, "the name of a field has an escape that is none");
    if (!web_uri_decode(arena, str_from_index(part, at + 1), true, &ret_field->value)) {
        return fault(-EINVAL, "the value of the field '%.*s' has an escape that is none",
                     STR_ARG(ret_field->name));
    }
    return 0;
}

int web_form_read(struct arena *arena, struct str body, struct web_form *ret_form)
{
    size_t n = count_parts(body);
    struct web_form form = {0};
    struct str part;

    if (n > WEB_FIELDS_MAX)
        return fault(-EINVAL, "a form may have %d fields, not %zu", WEB_FIELDS_MAX, n);
    form.fields = arena_new_n(arena, struct web_field, n + 1);
    while (str_split(&body, '&', &part)) {
        if (part.n)
            TRY(read_field(arena, part, &form.fields[form.n++]));
    }
    *ret_form = form;
    return 0;
}

const struct web_field *web_form_find(const struct web_form *form, const char *name)
{
    for (size_t i = 0; i < form->n; i++) {
        if (str_is(form->fields[i].name, name))
            return &form->fields[i];
    }
    return NULL;
}
