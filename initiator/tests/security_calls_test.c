/* The calls that set keys, identities and outer addresses, and what connections are decided on because of
 * them. */
#include <stdio.h>

#include "service/internal.h"
#include "suite.h"

#define SOFT "Root\\ISCSIPRT\\0000_0"
#define HARD "hba0"
#define BARE "hba1"
#define PORTAL_TEXT "192.0.2.1"
#define STEPS 1024

static const char group_secret[] = "the key of all", own_secret[] = "the key of one";

/* ---- a service without a network: three adapters, of which one has two ports with addresses ---- */

typedef struct house {
    rig_hba hba;
    rig_store *store;
    rig_service *service;
    rig_service_settings settings;
    char steps[STEPS]; /* of the last decision, joined by blanks */
    rig_code code;     /* of the last call */
    rig_ike_info info; /* its answer, when it was one of these */
    rig_ipsec_provider carrier;
    bool carried;         /* there is somebody who carries IPsec … */
    rig_status says;      /* … who answers this, … */
    rig_ipsec_wish wish;  /* … was last asked for this … */
    char key[64], id[64]; /* … with these … */
    unsigned asked, let_go;
} house;

static rig_status carry(void *ctx, const rig_ipsec_wish *wish, rig_error *err)
{
    house *h = ctx;
    h->asked++;
    h->wish = *wish;
    CU_ASSERT_FATAL(wish->key.len < sizeof h->key && wish->id.len < sizeof h->id);
    memset(h->key, 0, sizeof h->key);
    memset(h->id, 0, sizeof h->id);
    memcpy(h->key, wish->key.ptr, wish->key.len);
    if (wish->id.len)
        memcpy(h->id, wish->id.ptr, wish->id.len);
    return h->says ? rig_fail(err, h->says, "it cannot") : RIG_OK;
}

static void let_go(void *ctx, const rig_address *local, const rig_portal *portal)
{
    house *h = ctx;
    (void)local;
    (void)portal;
    h->let_go++;
}

static void heard(void *ctx, const rig_service_event *event)
{
    house *h = ctx;
    size_t len = strlen(h->steps);
    if (event->kind == RIG_SERVICE_SECURITY)
        snprintf(h->steps + len, sizeof h->steps - len, "%s%s", len ? " " : "", event->text);
}

static void house_start(house *h)
{
    rig_error error = {0};
    rig_service_config config = {.alloc = rig_alloc_libc(),
                                 .store = h->store,
                                 .hba = &h->hba,
                                 .settings = h->settings,
                                 .ipsec = h->carried ? &h->carrier : NULL,
                                 .event = heard,
                                 .ctx = h};
    h->carrier = (rig_ipsec_provider){carry, let_go, h};
    CU_ASSERT_EQUAL_FATAL(rig_service_new(&config, &h->service, &error), RIG_OK);
}

static rig_adapter_port port_at(const char *address)
{
    rig_adapter_port port = {.prefix = 24};
    CU_ASSERT_TRUE(rig_ip_parse(rig_view_str(address), &port.local.ip));
    return port;
}

static void house_build(house *h)
{
    const rig_security_abilities all = {true, true, true};
    *h = (house){.hba.num_adapters = 3};
    h->hba.adapters[0] = (rig_adapter){.name = SOFT, .abilities = {true, false, true}};
    h->hba.adapters[1] = (rig_adapter){.name = HARD,
                                       .hardware = true,
                                       .abilities = all,
                                       .quirks.security_cache = 2,
                                       .ports = {port_at("192.0.2.100"), port_at("2001:db8::100")},
                                       .num_ports = 2};
    h->hba.adapters[2] = (rig_adapter){.name = BARE, .hardware = true, .abilities = all};
    rig_service_settings_init(&h->settings);
    CU_ASSERT_EQUAL_FATAL(rig_store_memory_new(rig_alloc_libc(), &h->store), RIG_OK);
    house_start(h);
}

static void house_restart(house *h)
{
    rig_service_free(h->service);
    house_start(h);
}

static void house_raze(house *h)
{
    rig_service_free(h->service);
    rig_store_free(h->store);
    rig_policy_db_clear(&h->hba.policies, rig_alloc_libc());
}

static void answered(void *ctx, rig_code code, const void *reply, const rig_error *why, uint64_t now)
{
    house *h = ctx;
    (void)why;
    (void)now;
    h->code = code;
    h->info = (rig_ike_info){0};
    if (reply && code == RIG_CODE_SUCCESS)
        h->info = *(const rig_ike_info *)reply;
}

/* For calls without an answer of their own. */
static void ended(void *ctx, rig_code code, const void *reply, const rig_error *why, uint64_t now)
{
    (void)reply;
    answered(ctx, code, NULL, why, now);
}

/* ---- calls ---- */

static rig_code set_group(house *h, const char *key, bool persist)
{
    rig_secret request = {.persist = persist};
    rig_octets_set(&request.secret, rig_view_str(key));
    rig_service_call(h->service, RIG_CALL_SET_GROUP_KEY, &request, 0, ended, h);
    return h->code;
}

static rig_ike_info identity(const char *initiator, uint32_t port, uint8_t type, rig_view id, const char *key)
{
    rig_ike_info info = {.port = port, .method = 1, .id_type = type, .persist = true};
    snprintf(info.initiator, sizeof info.initiator, "%s", initiator);
    rig_octets_set(&info.id, id);
    rig_octets_set(&info.key, rig_view_str(key));
    return info;
}

static rig_code set_ike(house *h, const rig_ike_info *info)
{
    rig_service_call(h->service, RIG_CALL_SET_IKE_INFO, info, 0, ended, h);
    return h->code;
}

/* A name for all ports of an initiator. */
static rig_code set_name(house *h, const char *initiator, const char *name, const char *key)
{
    rig_ike_info info = identity(initiator, RIG_PORT_ANY, 2, rig_view_str(name), key);
    return set_ike(h, &info);
}

static rig_code get_ike(house *h, const char *initiator, uint32_t port, uint8_t type, rig_view id)
{
    rig_ike_query query = {.port = port, .id_type = type};
    snprintf(query.initiator, sizeof query.initiator, "%s", initiator);
    rig_octets_set(&query.id, id);
    rig_service_call(h->service, RIG_CALL_GET_IKE_INFO, &query, 0, answered, h);
    return h->code;
}

static rig_code set_tunnel(house *h, const char *initiator, uint32_t port, const char *to, const char *outer)
{
    rig_tunnel_address request = {.port = port, .persist = true};
    snprintf(request.initiator, sizeof request.initiator, "%s", initiator);
    snprintf(request.destination, sizeof request.destination, "%s", to);
    snprintf(request.outer, sizeof request.outer, "%s", outer);
    rig_service_call(h->service, RIG_CALL_SET_TUNNEL_ADDRESS, &request, 0, ended, h);
    return h->code;
}

/* ---- decisions ---- */

static rig_code secure_with(house *h, unsigned adapter, uint32_t port, uint64_t flags, uint32_t login_flags,
                            const char *host, const char *key)
{
    rig_adapter *through = &h->hba.adapters[adapter];
    rig_route route = {.adapter = through, .port = port};
    rig_portal portal = {.port = 3260, .group = -1};
    rig_security_decision decision;
    rig_octets given = {0};
    rig_error error = {0};
    if (port < through->num_ports)
        route.local = through->ports[port].local;
    snprintf(portal.host, sizeof portal.host, "%s", host);
    rig_octets_set(&given, rig_view_str(key));
    h->steps[0] = 0;
    rig_code code = svc_secure(h->service, &route, &portal, flags, RIG_SECURITY_CALLER, login_flags, &given,
                               &decision, &error, 0);
    CU_ASSERT_EQUAL(code == RIG_CODE_SUCCESS, error.status == RIG_OK);
    CU_ASSERT_PTR_NULL(strstr(error.text, group_secret));
    CU_ASSERT_PTR_NULL(strstr(error.text, own_secret));
    return code;
}

static rig_code secure(house *h, unsigned adapter, uint64_t flags)
{
    return secure_with(h, adapter, 0, flags, 0, PORTAL_TEXT, "");
}

static bool told(const house *h, const char *step)
{
    size_t len = strlen(step);
    for (const char *at = strstr(h->steps, step); at; at = strstr(at + 1, step))
        if ((at == h->steps || at[-1] == ' ') && (at[len] == ' ' || at[len] == 0))
            return true;
    return false;
}

/* ---- the group's key ---- */

static void group_key(void)
{
    house h;
    house_build(&h);
    CU_ASSERT_EQUAL(secure(&h, 0, 0x27), RIG_CODE_NO_AUTH_INFO_AVAILABLE);
    CU_ASSERT_EQUAL(set_group(&h, group_secret, false), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(secure(&h, 0, 0x27), RIG_CODE_IPSEC_NOT_SUPPORTED_ON_OS);
    CU_ASSERT_TRUE(told(&h, "key-of-group") && told(&h, "no-provider"));
    house_restart(&h);
    CU_ASSERT_EQUAL(secure(&h, 0, 0x27), RIG_CODE_NO_AUTH_INFO_AVAILABLE);
    CU_ASSERT_EQUAL(set_group(&h, group_secret, true), RIG_CODE_SUCCESS);
    house_restart(&h);
    CU_ASSERT_EQUAL(secure(&h, 0, 0x27), RIG_CODE_IPSEC_NOT_SUPPORTED_ON_OS);
    CU_ASSERT_EQUAL(set_group(&h, "", true), RIG_CODE_SUCCESS);
    house_restart(&h);
    CU_ASSERT_EQUAL(secure(&h, 0, 0x27), RIG_CODE_NO_AUTH_INFO_AVAILABLE);
    house_raze(&h);
}

/* ---- identities ---- */

static void identities_are_checked(void)
{
    static const struct {
        const char *initiator;
        uint32_t port, method;
        uint64_t flags;
        uint8_t type;
        const char *id;
        size_t len;
        rig_code code;
    } cases[] = {
        {"", RIG_PORT_ANY, 1, 0, 1, "\xc0\0\x02\x64", 4, RIG_CODE_OPERATION_NOT_ALL_SUCCESS},
        {SOFT, RIG_PORT_ANY, 1, 0, 1, "\xc0\0\x02\x64", 4, RIG_CODE_SUCCESS},
        {SOFT, 0, 1, 0x7f, 5, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16, RIG_CODE_SUCCESS},
        {SOFT, 0, 1, 0, 2, "host.example", 12, RIG_CODE_SUCCESS},
        {SOFT, 0, 1, 0, 3, "me@host.example", 15, RIG_CODE_SUCCESS},
        {SOFT, 0, 1, 0, 1, "\xc0\0\x02", 3, RIG_CODE_IKE_ID_PAYLOAD_INCORRECT_SIZE},
        {SOFT, 0, 1, 0, 1, "192.0.2.100", 11, RIG_CODE_IKE_ID_PAYLOAD_INCORRECT_SIZE},
        {SOFT, 0, 1, 0, 5, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0", 15,
         RIG_CODE_IKE_ID_PAYLOAD_INCORRECT_SIZE},
        {SOFT, 0, 1, 0, 2, "", 0, RIG_CODE_IKE_ID_PAYLOAD_INCORRECT_SIZE},
        {SOFT, 0, 1, 0, 3, "me@host\0", 8, RIG_CODE_IKE_ID_PAYLOAD_INCORRECT_SIZE},
        {SOFT, 0, 1, 0, 0, "host", 4, RIG_CODE_IKE_ID_PAYLOAD_TYPE_NOT_SUPPORTED},
        {SOFT, 0, 1, 0, 4, "\xc0\0\x02\0\xff\xff\xff\0", 8, RIG_CODE_IKE_ID_PAYLOAD_TYPE_NOT_SUPPORTED},
        {SOFT, 0, 1, 0, 11, "key", 3, RIG_CODE_IKE_ID_PAYLOAD_TYPE_NOT_SUPPORTED},
        {SOFT, 0, 0, 0, 2, "host", 4, RIG_CODE_REQUEST_NOT_SUPPORTED},
        {SOFT, 0, 3, 0, 2, "host", 4, RIG_CODE_REQUEST_NOT_SUPPORTED},
        {SOFT, 0, 1, 0x80, 2, "host", 4, RIG_CODE_INVALID_PARAMETER},
        {SOFT, 1, 1, 0, 2, "host", 4, RIG_CODE_INVALID_PORT_NUMBER},
        {HARD, 2, 1, 0, 2, "host", 4, RIG_CODE_INVALID_PORT_NUMBER},
        {"", 0, 1, 0, 2, "host", 4, RIG_CODE_INVALID_PORT_NUMBER},
        {"hba7", RIG_PORT_ANY, 1, 0, 2, "host", 4, RIG_CODE_INITIATOR_INSTANCE_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        house h;
        house_build(&h);
        rig_ike_info info = identity(cases[i].initiator, cases[i].port, cases[i].type,
                                     rig_view_of(cases[i].id, cases[i].len), own_secret);
        info.method = cases[i].method;
        info.security_flags = cases[i].flags;
        CU_ASSERT_EQUAL(set_ike(&h, &info), cases[i].code);
        bool kept = cases[i].code == RIG_CODE_SUCCESS || rig_code_is_warning(cases[i].code);
        CU_ASSERT_EQUAL(h.service->tables[SVC_IKE].num, kept);
        house_raze(&h);
    }
}

/* What was set comes back, but for the key; by the nearest of what is set for the port, its initiator or all.
 */
static void identities_are_told(void)
{
    house h;
    rig_view name = rig_view_str("host.example");
    house_build(&h);
    CU_ASSERT_EQUAL(get_ike(&h, SOFT, 0, 2, name), RIG_CODE_NO_AUTH_INFO_AVAILABLE);
    rig_ike_info near = identity(SOFT, 0, 2, name, own_secret), far = identity("", RIG_PORT_ANY, 2, name, "");
    near.security_flags = 0x27;
    far.security_flags = 0x07;
    CU_ASSERT_EQUAL(set_ike(&h, &far), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(get_ike(&h, SOFT, 0, 2, name), RIG_CODE_TARGET_PRESHAREDKEY_UNAVAILABLE);
    CU_ASSERT_EQUAL(set_group(&h, group_secret, true), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(get_ike(&h, SOFT, 0, 2, name), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(h.info.security_flags, 0x07);
    CU_ASSERT_EQUAL(set_ike(&h, &near), RIG_CODE_SUCCESS);
    house_restart(&h);
    CU_ASSERT_EQUAL(get_ike(&h, SOFT, 0, 2, name), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(h.info.security_flags, 0x27);
    CU_ASSERT_EQUAL(h.info.method, 1);
    CU_ASSERT_EQUAL(h.info.id.len, name.len);
    CU_ASSERT_EQUAL(h.info.key.len, 0);
    CU_ASSERT_EQUAL(h.info.key.bytes[0], 0);
    CU_ASSERT_EQUAL(get_ike(&h, HARD, 1, 2, name), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(h.info.security_flags, 0x07);
    CU_ASSERT_EQUAL(get_ike(&h, SOFT, 0, 3, name), RIG_CODE_NO_AUTH_INFO_AVAILABLE);
    CU_ASSERT_EQUAL(get_ike(&h, SOFT, 0, 1, name), RIG_CODE_IKE_ID_PAYLOAD_INCORRECT_SIZE);
    CU_ASSERT_EQUAL(get_ike(&h, "hba7", 0, 2, name), RIG_CODE_INITIATOR_INSTANCE_NOT_FOUND);
    house_raze(&h);
}

static void identities_are_forgotten(void)
{
    house h;
    house_build(&h);
    CU_ASSERT_EQUAL(set_name(&h, SOFT, "host.example", own_secret), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(set_name(&h, SOFT, "host.example", ""), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(h.service->tables[SVC_IKE].num, 0);
    CU_ASSERT_EQUAL(set_name(&h, SOFT, "host.example", ""), RIG_CODE_SUCCESS);
    rig_ike_info brief = identity(SOFT, 0, 2, rig_view_str("host.example"), own_secret);
    brief.persist = false;
    CU_ASSERT_EQUAL(set_ike(&h, &brief), RIG_CODE_SUCCESS);
    house_restart(&h);
    CU_ASSERT_EQUAL(h.service->tables[SVC_IKE].num, 0);
    house_raze(&h);
}

/* The key of the call, then the one bound to the identity, then the group's. */
static void keys_come_in_order(void)
{
    house h;
    house_build(&h);
    set_group(&h, group_secret, true);
    secure(&h, 0, 0x27);
    CU_ASSERT_TRUE(told(&h, "key-of-group"));
    CU_ASSERT_EQUAL(set_name(&h, SOFT, "host.example", own_secret), RIG_CODE_SUCCESS);
    secure(&h, 0, 0x27);
    CU_ASSERT_TRUE(told(&h, "key-of-id") && told(&h, "id-is-no-address"));
    secure_with(&h, 0, 0, 0x27, 0, PORTAL_TEXT, "the key of a call");
    CU_ASSERT_TRUE(told(&h, "key-of-call"));
    secure(&h, 1, 0x27);
    CU_ASSERT_TRUE(told(&h, "key-of-group"));
    house_raze(&h);
}

/* An address is the identity of the port that has it, and of no other. */
static void addresses_belong_to_ports(void)
{
    house h;
    house_build(&h);
    rig_ike_info info = identity(HARD, RIG_PORT_ANY, 1, rig_view_of("\xc0\0\x02\x64", 4), own_secret);
    CU_ASSERT_EQUAL(set_ike(&h, &info), RIG_CODE_SUCCESS);
    secure_with(&h, 1, 0, 0x27, 0, PORTAL_TEXT, "");
    CU_ASSERT_TRUE(told(&h, "key-of-id"));
    CU_ASSERT_FALSE(told(&h, "id-is-no-address"));
    CU_ASSERT_EQUAL(secure_with(&h, 1, 1, 0x27, 0, "2001:db8::1", ""),
                    RIG_CODE_TARGET_PRESHAREDKEY_UNAVAILABLE);
    info = identity(SOFT, RIG_PORT_ANY, 1, rig_view_of("\xc0\0\x02\x64", 4), own_secret);
    CU_ASSERT_EQUAL(set_ike(&h, &info), RIG_CODE_SUCCESS);
    secure(&h, 0, 0x27);
    CU_ASSERT_TRUE(told(&h, "key-of-id"));
    CU_ASSERT_EQUAL(secure_with(&h, 0, 0, 0x27, 0, "2001:db8::1", ""),
                    RIG_CODE_TARGET_PRESHAREDKEY_UNAVAILABLE);
    house_raze(&h);
}

/* Another port's address, and what is set for another port, are somebody else's. */
static void ports_have_their_own(void)
{
    house h;
    house_build(&h);
    rig_ike_info info = identity(HARD, RIG_PORT_ANY, 1, rig_view_of("\xc0\0\x02\x65", 4), own_secret);
    CU_ASSERT_EQUAL(set_ike(&h, &info), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(secure(&h, 1, 0x27), RIG_CODE_TARGET_PRESHAREDKEY_UNAVAILABLE);
    info = identity(HARD, 1, 2, rig_view_str("other.example"), own_secret);
    CU_ASSERT_EQUAL(set_ike(&h, &info), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(secure(&h, 1, 0x27), RIG_CODE_TARGET_PRESHAREDKEY_UNAVAILABLE);
    secure_with(&h, 1, 1, 0x27, 0, "2001:db8::1", "");
    CU_ASSERT_TRUE(told(&h, "key-of-id"));
    house_raze(&h);
}

/* The nearest identity counts, in whatever order they were set, and an address before a name. */
static void nearest_identity(void)
{
    static const struct {
        const char *initiator;
        uint32_t port;
        uint8_t type;
        const char *id;
        size_t len;
        uint64_t flags;
        const char *step;
    } rows[] = {{"", RIG_PORT_ANY, 2, "far.example", 11, 0x47, "tunnel-mode"},
                {SOFT, RIG_PORT_ANY, 2, "near.example", 12, 0x27, "transport-mode"},
                {SOFT, 0, 2, "here.example", 12, 0x03, "no-exchange"},
                {SOFT, 0, 1, "\xc0\0\x02\x07", 4, 0x0f, "both-exchanges"}};
    for (unsigned turned = 0; turned < 2; turned++)
        for (unsigned num = 1; num <= 4; num++) {
            house h;
            house_build(&h);
            for (unsigned i = 0; i < num; i++) {
                unsigned at = turned ? num - 1 - i : i;
                rig_ike_info info = identity(rows[at].initiator, rows[at].port, rows[at].type,
                                             rig_view_of(rows[at].id, rows[at].len), "");
                info.security_flags = rows[at].flags;
                CU_ASSERT_EQUAL(set_ike(&h, &info), RIG_CODE_SUCCESS);
            }
            secure(&h, 0, 0);
            CU_ASSERT_TRUE(told(&h, rows[num - 1].step));
            house_raze(&h);
        }
}

/* ---- hardware with a cache of keys ---- */

static void caches(void)
{
    house h;
    house_build(&h);
    CU_ASSERT_EQUAL(set_name(&h, BARE, "a.example", own_secret), RIG_CODE_HBA_SECURITY_CACHE_NOT_SUPPORTED);
    CU_ASSERT_EQUAL(set_name(&h, HARD, "a.example", own_secret), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(set_name(&h, HARD, "b.example", own_secret), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(set_name(&h, HARD, "c.example", own_secret), RIG_CODE_HBA_SECURITY_CACHE_FULL);
    CU_ASSERT_EQUAL(set_name(&h, HARD, "b.example", group_secret), RIG_CODE_SUCCESS); /* takes its place */
    CU_ASSERT_EQUAL(set_name(&h, "", "d.example", own_secret), RIG_CODE_OPERATION_NOT_ALL_SUCCESS);
    CU_ASSERT_EQUAL(h.service->tables[SVC_IKE].num, 3);
    secure(&h, 0, 0x27);
    CU_ASSERT_TRUE(told(&h, "key-of-id"));
    CU_ASSERT_EQUAL(secure(&h, 2, 0x27), RIG_CODE_TARGET_PRESHAREDKEY_UNAVAILABLE);
    house_raze(&h);
}

/* ---- outer addresses ---- */

static void tunnels(void)
{
    house h;
    house_build(&h);
    set_group(&h, group_secret, true);
    secure_with(&h, 1, 1, 0x07, 0, "2001:DB8:0::1", "");
    CU_ASSERT_TRUE(told(&h, "transport-mode-chosen"));
    CU_ASSERT_EQUAL(set_tunnel(&h, "", RIG_PORT_ANY, "2001:db8::0:1", "2001:db8:ffff::1"), RIG_CODE_SUCCESS);
    house_restart(&h);
    secure_with(&h, 1, 1, 0x07, 0, "2001:DB8:0::1", "");
    CU_ASSERT_TRUE(told(&h, "tunnel-mode-chosen") && told(&h, "outer-address"));
    secure_with(&h, 1, 1, 0x47, 0, "2001:db8::2", "");
    CU_ASSERT_TRUE(told(&h, "host-to-host"));
    h.hba.adapters[1].ports[1].strict_gateway = true;
    CU_ASSERT_EQUAL(secure_with(&h, 1, 1, 0x47, 0, "2001:db8::2", ""), RIG_CODE_NO_TUNNEL_OUTER_MODE_ADDRESS);
    CU_ASSERT_EQUAL(set_tunnel(&h, HARD, 1, "2001:db8::2", "192.0.2.9"), RIG_CODE_SUCCESS);
    secure_with(&h, 1, 1, 0x47, 0, "2001:db8::2", "");
    CU_ASSERT_TRUE(told(&h, "outer-address"));
    CU_ASSERT_EQUAL(set_tunnel(&h, HARD, 1, "2001:DB8::2", ""), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(secure_with(&h, 1, 1, 0x47, 0, "2001:db8::2", ""), RIG_CODE_NO_TUNNEL_OUTER_MODE_ADDRESS);
    CU_ASSERT_EQUAL(set_tunnel(&h, HARD, 1, "2001:db8::2", ""), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(set_tunnel(&h, HARD, 1, "disk.example", "192.0.2.9"), RIG_CODE_INVALID_PARAMETER);
    CU_ASSERT_EQUAL(set_tunnel(&h, HARD, 1, "192.0.2.1", "gate.example"), RIG_CODE_INVALID_PARAMETER);
    CU_ASSERT_EQUAL(set_tunnel(&h, HARD, 5, "192.0.2.1", "192.0.2.9"), RIG_CODE_INVALID_PORT_NUMBER);
    house_raze(&h);
}

/* ---- where the flags come from ---- */

static void stored_flags(void)
{
    house h;
    rig_send_targets_portal portal = {.port = RIG_PORT_ANY, .portal.socket = 3260, .security_flags = 0x27};
    snprintf(portal.portal.address, sizeof portal.portal.address, "%s", PORTAL_TEXT);
    house_build(&h);
    CU_ASSERT_EQUAL(secure(&h, 0, 0), RIG_CODE_SUCCESS);
    CU_ASSERT_TRUE(told(&h, "no-bitmap"));
    h.service->config.settings.default_security = 0x2b;
    CU_ASSERT_EQUAL(secure(&h, 0, 0), RIG_CODE_REQUEST_NOT_SUPPORTED);
    CU_ASSERT_TRUE(told(&h, "bitmap-of-default") && told(&h, "no-aggressive-mode"));
    rig_ike_info info = identity(SOFT, 0, 2, rig_view_str("host.example"), own_secret);
    info.security_flags = 0x47;
    CU_ASSERT_EQUAL(set_ike(&h, &info), RIG_CODE_SUCCESS);
    secure(&h, 0, 0);
    CU_ASSERT_TRUE(told(&h, "bitmap-of-ike-info") && told(&h, "tunnel-mode"));
    CU_ASSERT_EQUAL(svc_put(h.service, SVC_PORTALS, &portal, true), RIG_CODE_SUCCESS);
    secure(&h, 0, 0);
    CU_ASSERT_TRUE(told(&h, "bitmap-of-portal") && told(&h, "transport-mode"));
    portal.security_flags = 0x01; /* nearer: of the adapter itself */
    snprintf(portal.initiator, sizeof portal.initiator, "%s", SOFT);
    CU_ASSERT_EQUAL(svc_put(h.service, SVC_PORTALS, &portal, true), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(secure(&h, 0, 0), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(secure_with(&h, 0, 0, 0, 0, "192.0.2.2", ""), RIG_CODE_IPSEC_NOT_SUPPORTED_ON_OS);
    portal.security_flags = 0x7e; /* says nothing: the farther one counts */
    CU_ASSERT_EQUAL(svc_put(h.service, SVC_PORTALS, &portal, true), RIG_CODE_SUCCESS);
    secure(&h, 0, 0);
    CU_ASSERT_TRUE(told(&h, "bitmap-of-portal") && told(&h, "transport-mode"));
    house_raze(&h);
}

/* REQUIRE_IPSEC and policies that are in force. */
static void requirements_and_policies(void)
{
    house h;
    const rig_security_policy plain = {.administered = true};
    rig_portal portal = {.host = PORTAL_TEXT, .port = 3260, .group = -1};
    house_build(&h);
    CU_ASSERT_EQUAL(secure_with(&h, 0, 0, 0x01, RIG_LOGIN_FLAG_REQUIRE_IPSEC, PORTAL_TEXT, ""),
                    RIG_CODE_FAILED_TO_CONFIGURE_IPSEC);
    CU_ASSERT_EQUAL(secure_with(&h, 0, 0, 0x01, RIG_LOGIN_FLAG_MULTIPATH, PORTAL_TEXT, ""), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(rig_policy_db_put(&h.hba.policies, rig_alloc_libc(), SOFT, 0, &portal, &plain), RIG_OK);
    CU_ASSERT_EQUAL(secure(&h, 0, 0x0f), RIG_CODE_SUCCESS);
    CU_ASSERT_TRUE(told(&h, "bitmap-ignored"));
    CU_ASSERT_EQUAL(secure(&h, 1, 0x0f), RIG_CODE_INVALID_PARAMETER);
    CU_ASSERT_EQUAL(secure_with(&h, 0, 0, 0x27, RIG_LOGIN_FLAG_REQUIRE_IPSEC, PORTAL_TEXT, ""),
                    RIG_CODE_FAILED_TO_CONFIGURE_IPSEC);
    house_raze(&h);
}

static void group_policy(void)
{
    house h;
    house_build(&h);
    h.service->config.settings.no_security_change_policy = true;
    CU_ASSERT_EQUAL(set_group(&h, group_secret, true), RIG_CODE_RESTRICTED_BY_GROUP_POLICY);
    CU_ASSERT_EQUAL(set_name(&h, SOFT, "host.example", own_secret), RIG_CODE_RESTRICTED_BY_GROUP_POLICY);
    CU_ASSERT_EQUAL(set_tunnel(&h, "", RIG_PORT_ANY, PORTAL_TEXT, "192.0.2.9"),
                    RIG_CODE_RESTRICTED_BY_GROUP_POLICY);
    CU_ASSERT_EQUAL(get_ike(&h, SOFT, 0, 2, rig_view_str("host.example")), RIG_CODE_NO_AUTH_INFO_AVAILABLE);
    CU_ASSERT_EQUAL(h.service->tables[SVC_IKE].num + h.service->tables[SVC_TUNNELS].num +
                        h.service->tables[SVC_SETTINGS].num,
                    0);
    house_raze(&h);
}

/* A secret below 96 bits is used inside IPsec only (SEC-026). */
static void short_secrets(void)
{
    house h;
    house_build(&h);
    for (uint16_t len = 1; len <= 17; len++) {
        rig_session_config config = {0};
        rig_login_options options = {.specified = RIG_LOGIN_HAS_AUTH_TYPE | RIG_LOGIN_HAS_PASSWORD,
                                     .auth_type = 1,
                                     .password = {.len = len, .bytes = "seventeen bytes o"}};
        rig_code plain = svc_session_options(h.service, &options, false, &config, NULL),
                 ipsec = svc_session_options(h.service, &options, true, &config, NULL);
        CU_ASSERT_EQUAL(plain,
                        len >= 12 && len <= 16 ? RIG_CODE_SUCCESS : RIG_CODE_INVALID_TARGET_CHAP_SECRET);
        CU_ASSERT_EQUAL(ipsec, len <= 16 ? RIG_CODE_SUCCESS : RIG_CODE_INVALID_TARGET_CHAP_SECRET);
    }
    house_raze(&h);
}

/* ---- who carries it ---- */

static void carried(house *h)
{
    house_build(h);
    h->carried = true;
    house_restart(h);
}

/* What is wished is what was decided, and the key that was said to count. */
static void carrier_is_asked(void)
{
    house h;
    carried(&h);
    CU_ASSERT_EQUAL(set_group(&h, group_secret, true), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(secure(&h, 1, 0x5b), RIG_CODE_SUCCESS); /* aggressive, PFS, tunnel */
    CU_ASSERT_TRUE(h.wish.aggressive && h.wish.pfs && h.wish.tunnel);
    CU_ASSERT_STRING_EQUAL(h.key, group_secret);
    CU_ASSERT_EQUAL(h.wish.id_type, RIG_IPSEC_ID_NONE);
    CU_ASSERT_EQUAL(h.wish.outer.version, 0);
    CU_ASSERT_TRUE(rig_ip_eq(&h.wish.local.ip, &h.hba.adapters[1].ports[0].local.ip));
    CU_ASSERT_STRING_EQUAL(h.wish.portal.host, PORTAL_TEXT);
    CU_ASSERT_FALSE(told(&h, "no-provider"));
    CU_ASSERT_EQUAL(set_name(&h, HARD, "host.example", own_secret), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(set_tunnel(&h, HARD, RIG_PORT_ANY, PORTAL_TEXT, "192.0.2.77"), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(secure(&h, 1, 0x47), RIG_CODE_SUCCESS); /* main, tunnel */
    CU_ASSERT_TRUE(!h.wish.aggressive && !h.wish.pfs && h.wish.tunnel);
    CU_ASSERT_STRING_EQUAL(h.key, own_secret);
    CU_ASSERT_STRING_EQUAL(h.id, "host.example");
    CU_ASSERT_EQUAL(h.wish.id_type, RIG_IPSEC_ID_FQDN);
    rig_ip outer = {0};
    CU_ASSERT_TRUE(rig_ip_parse(rig_view_str("192.0.2.77"), &outer) && rig_ip_eq(&h.wish.outer, &outer));
    CU_ASSERT_EQUAL(secure_with(&h, 1, 0, 0x27, 0, PORTAL_TEXT, "that of the call"), RIG_CODE_SUCCESS);
    CU_ASSERT_TRUE(!h.wish.tunnel && h.wish.outer.version == 0);
    CU_ASSERT_STRING_EQUAL(h.key, "that of the call");
    CU_ASSERT_EQUAL(h.asked, 3);
    house_raze(&h);
}

/* Nobody is asked about what is refused, or plain; what came to nothing before is let go then. */
static void carrier_is_left_alone(void)
{
    house h;
    carried(&h);
    CU_ASSERT_EQUAL(secure(&h, 1, 0x27), RIG_CODE_NO_AUTH_INFO_AVAILABLE);
    CU_ASSERT_EQUAL(secure(&h, 1, 0x03), RIG_CODE_INVALID_PARAMETER);
    CU_ASSERT_EQUAL(h.asked + h.let_go, 0);
    CU_ASSERT_EQUAL(secure(&h, 1, 0x01), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(h.let_go, 1);
    house_raze(&h);
}

static void carrier_refuses(void)
{
    static const struct {
        rig_status says;
        rig_code code;
    } rows[] = {{RIG_E_UNSUPPORTED, RIG_CODE_REQUEST_NOT_SUPPORTED},
                {RIG_E_NOMEM, RIG_CODE_WIN32_NOT_ENOUGH_MEMORY},
                {RIG_E_UNREACHABLE, RIG_CODE_FAILED_TO_CONFIGURE_IPSEC},
                {RIG_E_IO, RIG_CODE_FAILED_TO_CONFIGURE_IPSEC}};
    house h;
    carried(&h);
    CU_ASSERT_EQUAL(set_group(&h, group_secret, false), RIG_CODE_SUCCESS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        h.says = rows[i].says;
        CU_ASSERT_EQUAL(secure(&h, 1, 0x27), rows[i].code);
    }
    house_raze(&h);
}

/* Where no policy can be kept any more, none is negotiated, and nothing is connected to: the next login
 * without flags would be in the clear. What is in force stays. */
static void policies_have_an_end(void)
{
    const rig_security_policy negotiated = {.ipsec = true, .key = RIG_SECURITY_KEY_GROUP};
    rig_portal portal = {.port = 1, .group = -1, .host = "192.0.2.3"};
    house h;
    carried(&h);
    CU_ASSERT_EQUAL(set_group(&h, group_secret, false), RIG_CODE_SUCCESS);
    for (; h.hba.policies.num < RIG_SECURITY_POLICIES_MAX - 1; portal.port++)
        CU_ASSERT_EQUAL_FATAL(
            rig_policy_db_put(&h.hba.policies, rig_alloc_libc(), HARD, 0, &portal, &negotiated), RIG_OK);
    CU_ASSERT_EQUAL(secure(&h, 1, 0x27), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(secure_with(&h, 1, 0, 0x27, 0, "192.0.2.2", ""), RIG_CODE_OUT_OF_RESOURCES);
    CU_ASSERT_EQUAL(secure(&h, 1, 0x27), RIG_CODE_SUCCESS); /* that place is taken already */
    CU_ASSERT_EQUAL(h.asked, 2);
    CU_ASSERT_EQUAL(secure_with(&h, 1, 0, 0x01, 0, "192.0.2.2", ""), RIG_CODE_SUCCESS);
    house_raze(&h);
}

/* An administrator may take the last place while a negotiation is under way. */
static void policies_without_a_place_stay_in_force(void)
{
    const rig_security_policy set = {.administered = true};
    rig_portal portal = {.port = 1, .group = -1, .host = "192.0.2.3"};
    house h;
    carried(&h);
    CU_ASSERT_EQUAL(set_group(&h, group_secret, false), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(secure(&h, 1, 0x5b), RIG_CODE_SUCCESS);
    for (; h.hba.policies.num < RIG_SECURITY_POLICIES_MAX; portal.port++)
        CU_ASSERT_EQUAL_FATAL(rig_policy_db_put(&h.hba.policies, rig_alloc_libc(), HARD, 0, &portal, &set),
                              RIG_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(h.service->asked);
    h.service->asked->in_force = true; /* its connection is open */
    svc_protection_settle(h.service, NULL);
    CU_ASSERT_EQUAL(h.service->num_asked, 1);
    CU_ASSERT_EQUAL(secure(&h, 1, 0), RIG_CODE_SUCCESS);
    CU_ASSERT_TRUE(told(&h, "bitmap-ignored") && h.wish.aggressive && h.wish.pfs && h.wish.tunnel);
    CU_ASSERT_TRUE(
        rig_policy_db_remove(&h.hba.policies, HARD, 0, &(rig_portal){.host = "192.0.2.3", .port = 1}));
    svc_protection_settle(h.service, NULL);
    CU_ASSERT_EQUAL(h.service->num_asked, 0);
    CU_ASSERT_EQUAL(secure(&h, 1, 0), RIG_CODE_SUCCESS);
    CU_ASSERT_TRUE(told(&h, "bitmap-ignored"));
    house_raze(&h);
}

/* A key that came with a call is with the carrier: a later call under the policy in force need not have it.
 */
static void key_of_a_policy(void)
{
    const rig_security_policy negotiated = {.ipsec = true, .key = RIG_SECURITY_KEY_CALL};
    rig_portal portal = {.port = 3260, .group = -1, .host = PORTAL_TEXT};
    house h;
    carried(&h);
    CU_ASSERT_EQUAL(rig_policy_db_put(&h.hba.policies, rig_alloc_libc(), HARD, 0, &portal, &negotiated),
                    RIG_OK);
    CU_ASSERT_EQUAL(secure(&h, 1, 0), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(h.asked, 0);
    house_raze(&h);
}

RIG_SUITE("security calls", {"the group's key, kept and forgotten", group_key},
          {"identities are checked", identities_are_checked},
          {"identities are told, keys never", identities_are_told},
          {"identities are forgotten", identities_are_forgotten}, {"keys come in order", keys_come_in_order},
          {"addresses belong to ports", addresses_belong_to_ports},
          {"ports have their own", ports_have_their_own}, {"the nearest identity counts", nearest_identity},
          {"caches of hardware", caches}, {"outer addresses", tunnels},
          {"where the flags come from", stored_flags},
          {"required IPsec, and policies in force", requirements_and_policies},
          {"what group policy forbids", group_policy}, {"short secrets", short_secrets},
          {"who carries IPsec is asked for what was decided", carrier_is_asked},
          {"and for nothing else", carrier_is_left_alone}, {"its refusals", carrier_refuses},
          {"the key of a policy in force", key_of_a_policy}, {"policies have an end", policies_have_an_end},
          {"policies without a place stay in force", policies_without_a_place_stay_in_force})
