/*
 * Options from texts: environment variables, the command line, and the defaults of the table. The
 * two differ in that a flag's duration must have a unit and that its lists grow with each flag.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>

#include "base/duration.h"
#include "metric/systag.h"
#include "metric/value.h"
#include "plan/options_priv.h"

int plan_text_bool(struct plan_slot *slot, struct str text)
{
    static const char *const words[2][6] = {{"0", "f", "F", "false", "FALSE", "False"},
                                            {"1", "t", "T", "true", "TRUE", "True"}};

    for (int value = 0; value < 2; value++) {
        for (size_t i = 0; i < countof(words[value]); i++) {
            if (str_is(text, words[value][i])) {
                *(bool *)slot->field = value;
                return 0;
            }
        }
    }
    return PLAN_E_TYPE;
}

int plan_text_int(struct plan_slot *slot, struct str text)
{
    int64_t n = 0;

    if (!str_i64(text, &n))
        return PLAN_E_TYPE;
    *(int64_t *)slot->field = n;
    return 0;
}

int plan_text_number(struct plan_slot *slot, struct str text)
{
    double n = 0;

    if (!str_f64(text, &n))
        return PLAN_E_TYPE;
    *(double *)slot->field = n;
    return 0;
}

static int parse_duration(enum plan_tier tier, struct str text, span_ns *ret_span)
{
    int r = tier == PLAN_TIER_CLI ? duration_parse_strict(text, ret_span)
                                  : duration_parse(text, ret_span);

    return r ? PLAN_E_TYPE : 0;
}

int plan_text_duration(struct plan_slot *slot, struct str text)
{
    return parse_duration(slot->tier, text, slot->field);
}

int plan_text_string(struct plan_slot *slot, struct str text)
{
    if (slot->tier == PLAN_TIER_CLI && slot->id == PLAN_SUMMARY_TIME_UNIT && !str_is(text, "s") &&
        !str_is(text, "ms") && !str_is(text, "us"))
        return fault(-EINVAL, "use 's', 'ms' or 'us'");
    if (slot->id == PLAN_SUMMARY_MODE && !str_is(text, "compact") && !str_is(text, "full") &&
        !str_is(text, "disabled"))
        return fault(-EINVAL, "use 'compact', 'full' or 'disabled'");
    *(const char **)slot->field = plan_copy(slot->o->arena, text);
    return 0;
}

int plan_text_any(struct plan_slot *slot, struct str text)
{
    struct buf quoted = {0};

    /* A variable holds a word, and the field is JSON. */
    if (str_is(text, "true") || str_is(text, "false")) {
        buf_putstr(&quoted, text);
    } else {
        json_quote(&quoted, text);
    }
    *(const char **)slot->field = plan_copy(slot->o->arena, buf_str(&quoted));
    buf_fini(&quoted);
    return 0;
}

/* --- lists --- */

static int check_cidr(struct str item)
{
    size_t n_address = str_find(item, '/');
    uint64_t bits = 0;
    unsigned char address[16];
    char text[INET6_ADDRSTRLEN];

    if (n_address < sizeof(text) && str_u64(str_from_index(item, n_address + 1), &bits)) {
        memcpy(text, item.p, n_address);
        text[n_address] = '\0';
        if ((bits <= 32 && inet_pton(AF_INET, text, address) == 1) ||
            (bits <= 128 && inet_pton(AF_INET6, text, address) == 1))
            return 0;
    }
    return fault(-EINVAL, "'%.*s' is not an address range such as 10.0.0.0/8", STR_ARG(item));
}

static int check_host_pattern(struct str item)
{
    for (size_t i = 0; i < item.n; i++) {
        char c = item.p[i];
        bool letter = (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || (c & 0x80);

        if (!letter && !ascii_digit(c) && c != '.' && c != '-' && c != '_' && !(c == '*' && i == 0))
            return fault(-EINVAL, "invalid hostname pattern '%.*s'", STR_ARG(item));
    }
    return item.n ? 0 : fault(-EINVAL, "a hostname pattern is empty");
}

static int check_trend_stat(struct str item)
{
    struct stat_name stat;

    if (stat_parse(item, &stat) && stat.kind != STAT_RATE && stat.kind != STAT_VALUE)
        return 0;
    return fault(-EINVAL, "invalid trend stat '%.*s', unknown format", STR_ARG(item));
}

static int check_cipher(struct str item)
{
    static const char *const names[] = {
        "TLS_RSA_WITH_RC4_128_SHA",
        "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_256_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA256",
        "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
        "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
    };

    for (size_t i = 0; i < countof(names); i++) {
        if (str_is(item, names[i]))
            return 0;
    }
    return fault(-EINVAL, "unknown cipher suite '%.*s'", STR_ARG(item));
}

int plan_list_add(struct plan_slot *slot, struct str item)
{
    static int (*const checks[PLAN_OPTION_COUNT])(struct str) = {
        [PLAN_BLACKLIST_IPS] = check_cidr,
        [PLAN_BLOCK_HOSTNAMES] = check_host_pattern,
        [PLAN_SUMMARY_TREND_STATS] = check_trend_stat,
        [PLAN_TLS_CIPHER_SUITES] = check_cipher,
    };

    if (checks[slot->id])
        TRY(checks[slot->id](item));
    struct plan_strings *list = slot->field;

    plan_push(slot->o->arena, list) = plan_copy(slot->o->arena, item);
    return 0;
}

/* The first flag of a list replaces what was there by default; further ones add. */
static void begin_list(struct plan_slot *slot)
{
    if (slot->tier != PLAN_TIER_CLI || !plan_is_set(slot->o, slot->id))
        memset(slot->field, 0, plan_types[plan_option_rows[slot->id].type].size);
}

int plan_text_list(struct plan_slot *slot, struct str text)
{
    struct str item;

    begin_list(slot);
    while (str_split(&text, ',', &item)) {
        if (str_trim(item).n)
            TRY(plan_list_add(slot, str_trim(item)));
    }
    return 0;
}

int plan_text_repeat(struct plan_slot *slot, struct str text)
{
    begin_list(slot);
    return plan_list_add(slot, text);
}

int plan_text_system_tags(struct plan_slot *slot, struct str text)
{
    struct str item;
    uint32_t bits = 0;

    while (str_split(&text, ',', &item))
        bits |= systag_find(str_trim(item));
    *(uint32_t *)slot->field = bits;
    return 0;
}

/* --- names with values --- */

static bool is_env_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] != '_' && (ascii_lower(name.p[i]) < 'a' || ascii_lower(name.p[i]) > 'z') &&
            !(i > 0 && ascii_digit(name.p[i])))
            return false;
    }
    return name.n > 0;
}

static int take_pair(struct plan_slot *slot, struct str text, char sep)
{
    size_t at = str_find(text, sep);
    struct str name = str_from(text.p, at);
    struct str value = str_from_index(text, at + 1);

    if (slot->id == PLAN_SCRIPT_ENV && !is_env_name(name))
        return fault(-EINVAL, "'%.*s' is no name of a variable", STR_ARG(name));
    if (slot->id != PLAN_SCRIPT_ENV && (!name.n || !value.n))
        return fault(-EINVAL, "'%.*s' is not a name and its value", STR_ARG(text));
    plan_map_set(slot->field, slot->o->arena, name, value);
    return 0;
}

int plan_text_map(struct plan_slot *slot, struct str text)
{
    struct str item;

    begin_list(slot);
    if (slot->tier == PLAN_TIER_CLI)
        return take_pair(slot, text, '=');
    while (str_split(&text, ',', &item))
        TRY(take_pair(slot, str_trim(item), str_find(item, '=') < item.n ? '=' : ':'));
    return 0;
}

int plan_dns_member(struct plan_dns *dns, struct arena *arena, struct str name, struct str value)
{
    static const char *const selects[] = {"first", "random", "roundRobin"};
    static const char *const policies[] = {"preferIPv4", "preferIPv6", "onlyIPv4", "onlyIPv6",
                                           "any"};

    if (str_is(name, "ttl")) {
        dns->ttl = PLAN_DNS_TTL_INF;
        if (!str_is(value, "inf") && (duration_parse(value, &dns->ttl) || dns->ttl < 0))
            return fault(-EINVAL, "invalid DNS TTL: %.*s", STR_ARG(value));
        dns->ttl_text = plan_copy(arena, value);
        dns->has_ttl = true;
        return 0;
    }
    for (size_t i = 0; str_is(name, "select") && i < countof(selects); i++) {
        if (str_eq_nocase(value, str_of(selects[i]))) {
            dns->select = (enum plan_dns_select)i;
            dns->has_select = true;
            return 0;
        }
    }
    for (size_t i = 0; str_is(name, "policy") && i < countof(policies); i++) {
        if (str_eq_nocase(value, str_of(policies[i]))) {
            dns->policy = (enum plan_dns_policy)i;
            dns->has_policy = true;
            return 0;
        }
    }
    if (str_is(name, "select") || str_is(name, "policy"))
        return fault(-EINVAL, "'%.*s' is no value of DNS %.*s", STR_ARG(value), STR_ARG(name));
    return fault(-EINVAL, "unknown DNS configuration field: %.*s", STR_ARG(name));
}

int plan_text_dns(struct plan_slot *slot, struct str text)
{
    struct str item;

    while (str_split(&text, ',', &item)) {
        size_t at = str_find(item, '=');

        TRY(plan_dns_member(slot->field, slot->o->arena, str_trim(str_from(item.p, at)),
                            str_trim(str_from_index(item, at + 1))));
    }
    return 0;
}

/* --- stages, segments --- */

static int take_stage(struct plan_slot *slot, struct str text)
{
    size_t at = str_find(text, ':');
    struct str duration = str_trim(str_from(text.p, at));
    struct str target = str_trim(str_from_index(text, at + 1));
    struct plan_stage stage = {.has_duration = duration.n > 0, .has_target = target.n > 0};

    if ((stage.has_duration && parse_duration(slot->tier, duration, &stage.duration)) ||
        (stage.has_target && !str_i64(target, &stage.target)) ||
        (slot->tier == PLAN_TIER_CLI && !stage.has_duration))
        return fault(-EINVAL, "'%.*s' is not a stage such as 30s:10", STR_ARG(text));
    struct plan_stages *stages = slot->field;

    if (stage.has_duration)
        plan_push(slot->o->arena, stages) = stage;
    return 0;
}

int plan_text_stages(struct plan_slot *slot, struct str text)
{
    struct str item;

    begin_list(slot);
    while (str_split(&text, ',', &item))
        TRY(take_stage(slot, str_trim(item)));
    return 0;
}

int plan_text_segment(struct plan_slot *slot, struct str text)
{
    return plan_segment_parse(text, slot->field);
}

int plan_text_sequence(struct plan_slot *slot, struct str text)
{
    return plan_sequence_parse(text, slot->o->arena, slot->field);
}

/* --- what has no such form but JSON --- */

int plan_tls_version_parse(struct str text, enum plan_tls_version *ret_version)
{
    static const struct {
        const char *name;
        enum plan_tls_version version;
    } versions[] = {
        {"", PLAN_TLS_ANY},       {"tls1.0", PLAN_TLS_1_0}, {"tls1.1", PLAN_TLS_1_1},
        {"tls1.2", PLAN_TLS_1_2}, {"tls1.3", PLAN_TLS_1_3},
    };

    for (size_t i = 0; i < countof(versions); i++) {
        if (str_is(text, versions[i].name)) {
            *ret_version = versions[i].version;
            return 0;
        }
    }
    return fault(-EINVAL, "unknown TLS version '%.*s'", STR_ARG(text));
}
