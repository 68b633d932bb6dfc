/* The decision about security against a table that was typed from the meaning of the flags, not from the
 * code: every value, source and adapter, with and without REQUIRE_IPSEC, outer address, gateway, key and
 * policy. */
#include <stdio.h>
#include <string.h>

#include "rig/hba.h"
#include "suite.h"

#define VALUES 128u
#define TRACE 512

/* ---- the oracle ---- */

/* One row of the table: V I M A P X T, each 0, 1 or * for any. Outcomes: F the fallback, P plain, N invalid,
 * M main mode, A aggressive mode; encapsulation: x transport, t tunnel, - no preference. */
static const struct {
    const char *bits;
    char caller, discovered;
    char encapsulation;
} rows[] = {
    {"0******", 'F', 'F', 0},   {"10*****", 'P', 'P', 0},   /* not specified; not wanted */
    {"1100***", 'N', 'N', 0},                               /* IKE without an exchange */
    {"1111*00", 'N', 'M', '-'}, {"1111*10", 'N', 'M', 'x'}, /* both exchanges: advertised, main is chosen */
    {"1111*01", 'N', 'M', 't'}, {"1111*11", 'N', 'M', '-'}, {"1110*11", 'N', 'M', '-'},
    {"1101*11", 'N', 'A', '-'}, /* both encapsulations: no preference */
    {"1110*10", 'M', 'M', 'x'}, {"1110*01", 'M', 'M', 't'}, {"1110*00", 'M', 'M', '-'},
    {"1101*10", 'A', 'A', 'x'}, {"1101*01", 'A', 'A', 't'}, {"1101*00", 'A', 'A', '-'},
};

/* The bits in the order of the rows, as RFC 4171 section 6.3.9 numbers them. */
static const uint64_t bits[7] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40};

static bool fits(const char *row, uint64_t value)
{
    for (size_t i = 0; i < 7; i++)
        if (row[i] != '*' && (row[i] == '1') != ((value & bits[i]) != 0))
            return false;
    return true;
}

/* What stands around the bitmap. */
typedef struct setting {
    bool discovered, hardware, none, require, outer, gateway, key;
} setting;

typedef struct verdict {
    rig_security_outcome outcome;
    uint32_t code;
    bool aggressive, pfs, tunnel;
} verdict;

static verdict end(rig_security_outcome outcome, uint32_t code)
{
    return (verdict){.outcome = outcome, .code = code};
}

static verdict expected(uint64_t value, const setting *s)
{
    size_t row = 0;
    while (!fits(rows[row].bits, value))
        row++;
    char result = s->discovered ? rows[row].discovered : rows[row].caller;
    bool tunnel = rows[row].encapsulation == 't' || (rows[row].encapsulation == '-' && s->outer);
    if (result == 'N')
        return end(RIG_SECURITY_INVALID, 0xEFFF0056);
    if (result == 'F' || result == 'P')
        return s->require ? end(RIG_SECURITY_REFUSED, 0xEFFF0053) : end(RIG_SECURITY_PLAIN, 0);
    if (s->none)
        return end(RIG_SECURITY_UNSUPPORTED, 0xEFFF0046);
    if (result == 'A' && !s->hardware)
        return end(RIG_SECURITY_UNSUPPORTED, 0xEFFF0037);
    if (!s->key)
        return end(RIG_SECURITY_NO_KEY, 0xEFFF0034);
    if (tunnel && s->gateway && !s->outer)
        return end(RIG_SECURITY_NO_OUTER, 0xEFFF0035);
    return (verdict){RIG_SECURITY_USE_IPSEC, 0, result == 'A', (value & 0x10) != 0, tunnel};
}

/* ---- the code ---- */

static rig_security_request request_of(uint64_t value, const setting *s)
{
    return (rig_security_request){.flags = value,
                                  .source = s->discovered ? RIG_SECURITY_DISCOVERED : RIG_SECURITY_CALLER,
                                  .require_ipsec = s->require,
                                  .key = s->key ? RIG_SECURITY_KEY_GROUP : RIG_SECURITY_KEY_NONE,
                                  .has_outer = s->outer,
                                  .strict_gateway = s->gateway,
                                  .abilities = {!s->none, s->hardware && !s->none, !s->none}};
}

static bool agrees(uint64_t value, const setting *s)
{
    rig_security_request request = request_of(value, s);
    rig_security_decision is = rig_security_decide(&request);
    verdict wanted = expected(value, s);
    bool same = is.outcome == wanted.outcome && (uint32_t)is.code == wanted.code &&
                is.fell_back == !(value & 0x01) && is.num_steps > 0 && is.num_steps <= RIG_SECURITY_STEPS_MAX;
    if (wanted.outcome == RIG_SECURITY_USE_IPSEC)
        same =
            same && is.aggressive == wanted.aggressive && is.pfs == wanted.pfs && is.tunnel == wanted.tunnel;
    return same;
}

/* The 128 values with everything that can stand around them: 2 sources, 3 adapters, REQUIRE_IPSEC, outer
 * address, gateway, key. */
static void every_value(void)
{
    unsigned wrong = 0, played = 0;
    for (unsigned around = 0; around < 128; around++) {
        setting s = {.discovered = around & 1,
                     .hardware = (around & 6) == 2,
                     .none = (around & 6) == 4,
                     .require = around & 8,
                     .outer = around & 16,
                     .gateway = around & 32,
                     .key = around & 64};
        for (uint64_t value = 0; value < VALUES; value++, played++)
            wrong += !agrees(value, &s);
    }
    CU_ASSERT_EQUAL(played, 128 * VALUES);
    CU_ASSERT_EQUAL(wrong, 0);
}

/* How the 128 values divide, counted by hand from the bits. */
static void totals(void)
{
    static const struct {
        setting s;
        unsigned plain, invalid, ipsec, unsupported;
    } wanted[] = {{{.hardware = true, .key = true}, 32, 20, 12, 0},
                  {{.key = true}, 32, 20, 6, 6},
                  {{.discovered = true, .hardware = true, .key = true}, 32, 8, 24, 0},
                  {{.discovered = true, .key = true}, 32, 8, 16, 8}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        unsigned outcomes[RIG_SECURITY_NO_OUTER + 1] = {0}, fallback = 0;
        for (uint64_t value = 0; value < VALUES; value++) {
            rig_security_request request = request_of(value, &wanted[i].s);
            rig_security_decision is = rig_security_decide(&request);
            if (is.fell_back)
                fallback++;
            else
                outcomes[is.outcome]++;
        }
        CU_ASSERT_EQUAL(fallback, 64);
        CU_ASSERT_EQUAL(outcomes[RIG_SECURITY_PLAIN], wanted[i].plain);
        CU_ASSERT_EQUAL(outcomes[RIG_SECURITY_INVALID], wanted[i].invalid);
        CU_ASSERT_EQUAL(outcomes[RIG_SECURITY_USE_IPSEC], wanted[i].ipsec);
        CU_ASSERT_EQUAL(outcomes[RIG_SECURITY_UNSUPPORTED], wanted[i].unsupported);
    }
}

/* ---- the steps ---- */

static const char *trace(const rig_security_request *request)
{
    static char line[TRACE];
    rig_text text;
    rig_security_decision is = rig_security_decide(request);
    rig_text_init(&text, line, sizeof line);
    rig_text_add(&text, "%s", rig_security_outcome_name(is.outcome));
    for (uint8_t i = 0; i < is.num_steps; i++)
        rig_text_add(&text, " %s", rig_security_step_name(is.steps[i]));
    return line;
}

static const rig_security_abilities all = {true, true, true}, no_aggressive = {true, false, true},
                                    no_tunnel = {true, true, false};

/* Every step is told, in its order, whatever it finds. */
static void steps(void)
{
    rig_security_request r = {.flags = 0x57, .key = RIG_SECURITY_KEY_ID, .abilities = all};
    CU_ASSERT_STRING_EQUAL(trace(&r),
                           "ipsec no-policy no-reserved-bits bitmap-of-request ipsec-wanted main-mode "
                           "tunnel-mode able key-of-id host-to-host");
    r.has_outer = r.id_is_name = true;
    r.flags = 0x07;
    CU_ASSERT_STRING_EQUAL(trace(&r),
                           "ipsec no-policy no-reserved-bits bitmap-of-request ipsec-wanted main-mode "
                           "tunnel-mode-chosen able key-of-id id-is-no-address outer-address");
    r.flags = 0x2b;
    CU_ASSERT_STRING_EQUAL(trace(&r), "ipsec no-policy no-reserved-bits bitmap-of-request ipsec-wanted "
                                      "aggressive-mode transport-mode able key-of-id");
    r = (rig_security_request){
        .flags = 0x10f, .source = RIG_SECURITY_DISCOVERED, .key = RIG_SECURITY_KEY_CALL, .abilities = all};
    CU_ASSERT_STRING_EQUAL(trace(&r), "ipsec no-policy reserved-bits-masked bitmap-of-request ipsec-wanted "
                                      "main-mode-chosen transport-mode-chosen able key-of-call");
}

static void steps_of_failures(void)
{
    static const struct {
        rig_security_request request;
        const char *wanted;
    } cases[] = {
        {{.flags = 0x107}, "invalid no-policy reserved-bits-refused"},
        {{.flags = 0x03, .abilities = {true, true, true}},
         "invalid no-policy no-reserved-bits bitmap-of-request ipsec-wanted no-exchange"},
        {{.flags = 0x0f, .abilities = {true, true, true}},
         "invalid no-policy no-reserved-bits bitmap-of-request ipsec-wanted both-exchanges"},
        {{.flags = 0x67, .abilities = {true, true, true}},
         "invalid no-policy no-reserved-bits bitmap-of-request ipsec-wanted main-mode both-encapsulations"},
        {{.flags = 0x07},
         "unsupported no-policy no-reserved-bits bitmap-of-request ipsec-wanted main-mode "
         "transport-mode-chosen "
         "no-ipsec-engine"},
        {{.flags = 0x0b, .abilities = {true, false, true}},
         "unsupported no-policy no-reserved-bits bitmap-of-request ipsec-wanted aggressive-mode "
         "transport-mode-chosen no-aggressive-mode"},
        {{.flags = 0x47, .abilities = {true, true, false}},
         "unsupported no-policy no-reserved-bits bitmap-of-request ipsec-wanted main-mode tunnel-mode "
         "no-tunnel-mode"},
        {{.flags = 0x27, .abilities = {true, true, true}},
         "no-key no-policy no-reserved-bits bitmap-of-request ipsec-wanted main-mode transport-mode able "
         "no-key"},
        {{.flags = 0x47, .strict_gateway = true, .key = RIG_SECURITY_KEY_ID, .abilities = {true, true, true}},
         "no-outer-address no-policy no-reserved-bits bitmap-of-request ipsec-wanted main-mode tunnel-mode "
         "able "
         "key-of-id no-outer-address"},
        {{.flags = 0x01, .require_ipsec = true},
         "refused no-policy no-reserved-bits bitmap-of-request required-but-off"},
        {{.flags = 0x0d},
         "plain no-policy no-reserved-bits bitmap-of-request contradiction-ignored ipsec-not-wanted"},
        {{.flags = 0x61, .strict_flags = true},
         "invalid no-policy no-reserved-bits bitmap-of-request contradiction-refused"},
        {{.flags = 0}, "plain no-policy no-reserved-bits no-bitmap ipsec-not-wanted"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CU_ASSERT_STRING_EQUAL(trace(&cases[i].request), cases[i].wanted);
    CU_ASSERT_STRING_EQUAL(rig_security_step_name((rig_security_step)99), "?");
    CU_ASSERT_STRING_EQUAL(rig_security_step_meaning((rig_security_step)99), "?");
    CU_ASSERT_STRING_EQUAL(rig_security_outcome_name((rig_security_outcome)99), "?");
}

/* Of the 32 values with VALID and without IKE 14 contradict. */
static void contradictions_without_ipsec(void)
{
    unsigned refused = 0, advertised = 0;
    for (uint64_t value = 0; value < VALUES; value++) {
        rig_security_request r = {.flags = value, .strict_flags = true};
        if ((value & 0x03) != 0x01)
            continue;
        refused += rig_security_decide(&r).outcome == RIG_SECURITY_INVALID;
        r.source = RIG_SECURITY_DISCOVERED;
        advertised += rig_security_decide(&r).outcome == RIG_SECURITY_INVALID;
    }
    CU_ASSERT_EQUAL(refused, 14);
    CU_ASSERT_EQUAL(advertised, 0);
}

/* ---- what stands in for a bitmap that says nothing ---- */

static void fallbacks(void)
{
    rig_security_request r = {.flags = 0x7e, .key = RIG_SECURITY_KEY_GROUP, .abilities = all};
    r.of_default = (rig_security_bitmap){true, 0x27};
    CU_ASSERT_PTR_NOT_NULL(
        strstr(trace(&r), "ipsec no-policy no-reserved-bits bitmap-of-default ipsec-wanted"));
    r.of_ike_info = (rig_security_bitmap){true, 0x2b};
    CU_ASSERT_PTR_NOT_NULL(strstr(trace(&r), "bitmap-of-ike-info ipsec-wanted aggressive-mode"));
    r.of_portal = (rig_security_bitmap){true, 0x01};
    CU_ASSERT_PTR_NOT_NULL(
        strstr(trace(&r), "plain no-policy no-reserved-bits bitmap-of-portal ipsec-not-wanted"));
    r.of_portal.flags = 0x02; /* VALID is clear there, too: the next one */
    CU_ASSERT_PTR_NOT_NULL(strstr(trace(&r), "bitmap-of-ike-info"));
    r.of_ike_info.known = false;
    CU_ASSERT_PTR_NOT_NULL(strstr(trace(&r), "bitmap-of-default"));
    r.of_default.flags = 0x7e;
    CU_ASSERT_STRING_EQUAL(trace(&r), "plain no-policy no-reserved-bits no-bitmap ipsec-not-wanted");
    r.require_ipsec = true;
    CU_ASSERT_STRING_EQUAL(trace(&r), "refused no-policy no-reserved-bits no-bitmap required-but-off");
}

/* A fallback was set by a caller or an administrator, even where an advertisement asks: it may not
 * contradict. Its reserved bits are masked off. */
static void fallbacks_are_of_callers(void)
{
    rig_security_request r = {.source = RIG_SECURITY_DISCOVERED,
                              .key = RIG_SECURITY_KEY_GROUP,
                              .of_default = {true, 0x0f},
                              .abilities = all};
    CU_ASSERT_PTR_NOT_NULL(strstr(trace(&r), "invalid no-policy no-reserved-bits bitmap-of-default"));
    r.of_default.flags = 0x8000000000000027;
    CU_ASSERT_EQUAL(rig_security_decide(&r).outcome, RIG_SECURITY_USE_IPSEC);
}

/* ---- a policy in force ---- */

static const rig_security_policy plain_policy = {.administered = true},
                                 aggressive_policy = {.ipsec = true,
                                                      .aggressive = true,
                                                      .pfs = true,
                                                      .tunnel = true,
                                                      .key = RIG_SECURITY_KEY_ID};

/* It counts whole, whatever the 128 values and the reserved bits say, and whatever key there is. */
static void policy_wins(void)
{
    unsigned wrong = 0;
    for (uint64_t value = 0; value < VALUES * 4; value++) {
        rig_security_request r = {.flags = value, .policy = &plain_policy, .abilities = all};
        rig_security_decision is = rig_security_decide(&r);
        wrong += is.outcome != RIG_SECURITY_PLAIN || is.fell_back || !is.by_policy;
        r.policy = &aggressive_policy;
        is = rig_security_decide(&r);
        wrong += is.outcome != RIG_SECURITY_USE_IPSEC || !is.aggressive || !is.pfs || !is.tunnel ||
                 is.key != RIG_SECURITY_KEY_ID || is.code != RIG_CODE_SUCCESS;
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* REQUIRE_IPSEC is no part of the bitmap, and what the adapter cannot do no policy can. */
static void policy_fails_closed(void)
{
    rig_security_request r = {
        .flags = 0x27, .policy = &plain_policy, .require_ipsec = true, .abilities = all};
    CU_ASSERT_STRING_EQUAL(trace(&r), "refused bitmap-ignored required-but-off");
    CU_ASSERT_EQUAL(rig_security_decide(&r).code, RIG_CODE_FAILED_TO_CONFIGURE_IPSEC);
    r.policy = &aggressive_policy;
    r.abilities = no_aggressive;
    CU_ASSERT_STRING_EQUAL(trace(&r), "unsupported bitmap-ignored ipsec-wanted no-aggressive-mode");
    r.abilities = no_tunnel;
    CU_ASSERT_STRING_EQUAL(trace(&r), "unsupported bitmap-ignored ipsec-wanted no-tunnel-mode");
    r.abilities = (rig_security_abilities){0};
    CU_ASSERT_STRING_EQUAL(trace(&r), "unsupported bitmap-ignored ipsec-wanted no-ipsec-engine");
}

/* ---- keys ---- */

static void keys(void)
{
    static const struct {
        rig_security_key key;
        const char *step;
    } cases[] = {{RIG_SECURITY_KEY_CALL, "key-of-call"},
                 {RIG_SECURITY_KEY_ID, "key-of-id"},
                 {RIG_SECURITY_KEY_GROUP, "key-of-group"}};
    rig_security_request r = {.flags = 0x27, .abilities = all};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        r.key = cases[i].key;
        CU_ASSERT_PTR_NOT_NULL(strstr(trace(&r), cases[i].step));
        CU_ASSERT_EQUAL(rig_security_decide(&r).key, cases[i].key);
    }
    r.key = RIG_SECURITY_KEY_NONE;
    CU_ASSERT_EQUAL(rig_security_decide(&r).code, RIG_CODE_NO_AUTH_INFO_AVAILABLE);
    r.has_identity = true;
    CU_ASSERT_EQUAL(rig_security_decide(&r).code, RIG_CODE_TARGET_PRESHAREDKEY_UNAVAILABLE);
}

/* ---- the policies of a machine ---- */

static rig_portal portal_at(const char *host, uint16_t port)
{
    rig_portal portal = {.port = port, .group = -1};
    snprintf(portal.host, sizeof portal.host, "%s", host);
    return portal;
}

static void database(void)
{
    rig_policy_db db = {0};
    rig_portal one = portal_at("192.0.2.1", 3260), other = portal_at("192.0.2.1", 3261), grouped = one;
    grouped.group = 7;
    CU_ASSERT_PTR_NULL(rig_policy_db_find(&db, "host", 0, &one));
    CU_ASSERT_EQUAL(rig_policy_db_put(&db, rig_alloc_libc(), "host", 0, &one, &aggressive_policy), RIG_OK);
    CU_ASSERT_PTR_NOT_NULL(rig_policy_db_find(&db, "host", 0, &grouped));
    CU_ASSERT_PTR_NULL(rig_policy_db_find(&db, "host", 0, &other));
    CU_ASSERT_PTR_NULL(rig_policy_db_find(&db, "host", 1, &one));
    CU_ASSERT_PTR_NULL(rig_policy_db_find(&db, "hba", 0, &one));
    const rig_security_policy later = {.ipsec = true};
    CU_ASSERT_EQUAL(rig_policy_db_put(&db, rig_alloc_libc(), "host", 0, &one, &later), RIG_OK);
    CU_ASSERT_TRUE(rig_policy_db_find(&db, "host", 0, &one)->aggressive); /* sticky */
    CU_ASSERT_EQUAL(rig_policy_db_put(&db, rig_alloc_libc(), "host", 0, &one, &plain_policy), RIG_OK);
    CU_ASSERT_FALSE(rig_policy_db_find(&db, "host", 0, &one)->ipsec); /* but for an administrator */
    CU_ASSERT_EQUAL(rig_policy_db_put(&db, rig_alloc_libc(), "host", 0, &other, &later), RIG_OK);
    const rig_portal six = portal_at("2001:db8::10", 3260), same = portal_at("2001:DB8:0::10", 3260);
    CU_ASSERT_EQUAL(rig_policy_db_put(&db, rig_alloc_libc(), "host", 0, &six, &later), RIG_OK);
    CU_ASSERT_PTR_NOT_NULL(rig_policy_db_find(&db, "host", 0, &same)); /* however it is written */
    CU_ASSERT_TRUE(rig_policy_db_remove(&db, "host", 0, &one));
    CU_ASSERT_FALSE(rig_policy_db_remove(&db, "host", 0, &one));
    CU_ASSERT_PTR_NOT_NULL(rig_policy_db_find(&db, "host", 0, &other));
    rig_policy_db_clear(&db, rig_alloc_libc());
    CU_ASSERT_PTR_NULL(rig_policy_db_find(&db, "host", 0, &other));
}

static void database_is_limited(void)
{
    rig_policy_db db = {0};
    rig_portal portal = portal_at("192.0.2.1", 3260);
    char long_name[300];
    uint32_t port = 0;
    rig_status status = RIG_OK;
    while (port < RIG_SECURITY_POLICIES_MAX && !status)
        status = rig_policy_db_put(&db, rig_alloc_libc(), "host", port++, &portal, &plain_policy);
    CU_ASSERT_EQUAL(status, RIG_OK);
    CU_ASSERT_EQUAL(db.num, RIG_SECURITY_POLICIES_MAX);
    CU_ASSERT_EQUAL(rig_policy_db_put(&db, rig_alloc_libc(), "host", port, &portal, &plain_policy),
                    RIG_E_LIMIT);
    CU_ASSERT_TRUE(rig_policy_db_remove(&db, "host", 0, &portal));
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    CU_ASSERT_EQUAL(rig_policy_db_put(&db, rig_alloc_libc(), long_name, 0, &portal, &plain_policy),
                    RIG_E_LIMIT);
    CU_ASSERT_EQUAL(rig_policy_db_put(&db, rig_alloc_libc(), "host", port, &portal, &plain_policy), RIG_OK);
    rig_policy_db_clear(&db, rig_alloc_libc());
}

/* ---- the cache of a hardware adapter ---- */

static void key_cache(void)
{
    rig_adapter adapter = {.name = "hba"};
    CU_ASSERT_EQUAL(rig_adapter_key_room(&adapter, 100000), RIG_CODE_SUCCESS);
    adapter.hardware = true;
    CU_ASSERT_EQUAL(rig_adapter_key_room(&adapter, 0), RIG_CODE_HBA_SECURITY_CACHE_NOT_SUPPORTED);
    adapter.quirks.security_cache = 2;
    CU_ASSERT_EQUAL(rig_adapter_key_room(&adapter, 1), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(rig_adapter_key_room(&adapter, 2), RIG_CODE_HBA_SECURITY_CACHE_FULL);
}

RIG_SUITE("security policy", {"every value, with all that stands around it", every_value},
          {"how the 128 values divide", totals}, {"every step is told", steps},
          {"every step that ends a decision is told", steps_of_failures},
          {"contradictions that qualify nothing", contradictions_without_ipsec},
          {"the chain of bitmaps", fallbacks}, {"fallbacks are set by callers", fallbacks_are_of_callers},
          {"a policy in force counts whole", policy_wins},
          {"a policy in force fails closed", policy_fails_closed}, {"whose key", keys},
          {"policies between ports and portals", database}, {"policies are limited", database_is_limited},
          {"the key cache of hardware", key_cache})
