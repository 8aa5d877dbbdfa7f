/* What should not leave the house: credentials, and addresses that mean nothing elsewhere. */
#include "dashboard/lint_priv.h"

/* ---- secrets ---- */

/* How tokens begin, and how many letters at least follow. */
static const struct {
    struct str prefix;
    size_t n;
    const char *what;
} tokens[] = {
    {STR("glsa_"), 20, "a token of a Grafana service account"},
    {STR("glc_"), 20, "a token of Grafana Cloud"},
    {STR("eyJrIjoi"), 20, "a key of Grafana's API"},
    {STR("ghp_"), 30, "a token of GitHub"},
    {STR("github_pat_"), 30, "a token of GitHub"},
    {STR("glpat-"), 18, "a token of GitLab"},
    {STR("xoxb-"), 20, "a token of Slack"},
    {STR("AKIA"), 16, "a key of AWS"},
    {STR("-----BEGIN "), 10, "a private key"},
};

/* Members whose value is secret by its name. */
static const char *const secret_keys[] = {"password",  "basicAuthPassword", "token",
                                          "apiKey",    "api_key",           "secret",
                                          "secretKey", "Authorization"};

struct search {
    struct lint *l;
    struct lint_place at;
    bool secrets, addresses; /* what is looked for */
};

static bool is_token_byte(char c)
{
    return query_is_word(c) || strchr("-+/=.", c);
}

static size_t token_length(struct str text)
{
    size_t n = 0;

    while (n < text.n && text.p[n] && is_token_byte(text.p[n]))
        n++;
    return n;
}

static void look_for_tokens(struct search *s, const char *key, struct str text)
{
    for (size_t i = 0; i < countof(tokens); i++) {
        size_t at = str_find_str(text, tokens[i].prefix);

        if (at < text.n &&
            (token_length(str_from_index(text, at + tokens[i].prefix.n)) >= tokens[i].n ||
             tokens[i].prefix.p[0] == '-')) {
            lint_say(s->l, s->at, "\"%s\" holds %s; take it out, and have it replaced", key,
                     tokens[i].what);
        }
    }
}

static void look_for_secret_keys(struct search *s, const char *key, struct str text)
{
    for (size_t i = 0; i < countof(secret_keys); i++) {
        if (str_eq_nocase(str_of(key), str_of(secret_keys[i])) && text.n &&
            !query_has_variable(text))
            lint_say(s->l, s->at, "\"%s\" is given in the file; take it out", key);
    }
}

/* https://user:password@host */
static void look_for_credentials(struct search *s, const char *key, struct str text)
{
    size_t scheme = str_find_str(text, STR("://"));
    struct str rest = str_from_index(text, scheme + 3);
    size_t at = 0, colon;

    if (scheme >= text.n)
        return;
    while (at < rest.n && !strchr("@/?# \n", rest.p[at]))
        at++;
    colon = str_find(rest, ':');
    if (at < rest.n && rest.p[at] == '@' && colon < at)
        lint_say(s->l, s->at, "\"%s\" holds an address with a password in it; take it out", key);
}

/* ---- addresses ---- */

static bool is_private_net(struct str host)
{
    static const char *const prefixes[] = {
        "127.",    "10.",     "192.168.", "localhost", "[::1]",
        "0.0.0.0", "172.16.", "172.17.",  "172.18.",   "172.19.",
        "172.2",   "172.30.", "172.31.",  "169.254.",  "host.docker.internal"};
    size_t digits = str_starts(host, STR("172.2")) ? str_find(str_from_index(host, 4), '.') : 2;

    for (size_t i = 0; i < countof(prefixes); i++) {
        if (str_starts(host, str_of(prefixes[i])))
            return digits == 2;
    }
    return false;
}

static void look_for_addresses(struct search *s, const char *key, struct str text)
{
    size_t scheme = str_find_str(text, STR("://"));
    struct str host = str_from_index(text, scheme + 3);
    size_t n = 0;

    if (scheme >= text.n || !is_private_net(host))
        return;
    while (n < host.n && !strchr("/?# \n\"')", host.p[n]))
        n++;
    lint_say(s->l, s->at, "\"%s\" names %.*s, an address of one machine; use a variable, or a path",
             key, LINT_SHORT(str_from(host.p, n)));
}

/* ---- all texts ---- */

static void look_at(void *arg, const char *key, struct str text)
{
    struct search *s = arg;

    /* What is written for people may name what it likes. */
    bool prose = strcmp(key, "content") == 0 || strcmp(key, "description") == 0;

    if (s->secrets) {
        look_for_tokens(s, key, text);
        look_for_secret_keys(s, key, text);
        look_for_credentials(s, key, text);
    }
    if (s->addresses && !prose)
        look_for_addresses(s, key, text);
}

/* Panels by themselves, to say which; a row's own panels are not looked at twice. */
static void look_at_panels(struct search *s)
{
    struct lint *l = s->l;

    for (size_t i = 0; i < l->doc.n_panels; i++) {
        s->at = AT_PANEL(&l->doc.panels[i]);
        if (!l->doc.panels[i].is_row)
            lint_each_text(l->doc.panels[i].json, look_at, s);
    }
}

static void look_everywhere(struct search *s)
{
    static const char *const members[] = {"templating", "annotations", "links", "description",
                                          "timepicker"};

    look_at_panels(s);
    s->at = AT_DASHBOARD;
    for (size_t i = 0; i < countof(members); i++)
        lint_each_text(json_object_get(s->l->doc.dashboard, members[i]), look_at, s);
}

void lint_rule_secrets(struct lint *l)
{
    struct search s = {.l = l, .secrets = true};

    look_everywhere(&s);
}

void lint_rule_addresses(struct lint *l)
{
    struct search s = {.l = l, .addresses = true};

    look_everywhere(&s);
}
