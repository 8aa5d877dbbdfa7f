/* A page is looked through for two marks; what stands behind one is taken up to its end. */
#include "bridge/locust_page.h"

#include <jansson.h>

enum {
    NAME_BYTES = 512, /* longer ones are no names */
};

static struct str behind(struct str html, struct str mark)
{
    size_t at = str_find_str(html, mark);

    return at < html.n ? str_from_index(html, at + mark.n) : (struct str){0};
}

/* The end of a JSON string that begins with its quote; n when there is none nearby. */
static size_t end_of_string(struct str s)
{
    size_t i = 1;

    while (i < s.n && i < NAME_BYTES && s.p[i] != '"')
        i += s.p[i] == '\\' ? 2 : 1;
    return i < s.n && s.p[i] == '"' ? i + 1 : s.n;
}

/* window.templateArgs = {..., "locustfile": "shop.py", ...} */
static struct str of_settings(struct str html, struct arena *arena)
{
    struct str s = str_trim(behind(html, STR("\"locustfile\":")));
    struct str name = {0};

    if (s.n < 2 || s.p[0] != '"')
        return name;
    size_t n = end_of_string(s);
    json_t *v = n <= NAME_BYTES ? json_loadb(s.p, n, JSON_DECODE_ANY, NULL) : NULL;

    if (json_is_string(v))
        name = arena_str(arena, str_from(json_string_value(v), json_string_length(v)));
    json_decref(v);
    return name;
}

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '&')
            return false;
    }
    return true;
}

/* <p>Script: <span>shop.py</span></p> */
static struct str of_paragraph(struct str html, struct arena *arena)
{
    struct str s = behind(html, STR("Script: <span>"));
    struct str name = str_from(s.p, str_find(s, '<'));

    if (name.n == s.n || name.n > NAME_BYTES || !is_plain(name))
        return (struct str){0};
    return arena_str(arena, name);
}

struct str locust_page_script(struct str html, struct arena *arena)
{
    struct str name = of_settings(html, arena);

    return name.n ? name : of_paragraph(html, arena);
}
