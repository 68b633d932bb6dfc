/* Who the service says we are, and which secrets it takes. */
#include "service_kit.h"

static const char *node_name(kit *k)
{
    CU_ASSERT_EQUAL(kit_ask(k, RIG_CALL_GET_NODE_NAME, NULL), RIG_CODE_SUCCESS);
    return k->reply.label.text;
}

static rig_code rename_node(kit *k, const char *name)
{
    rig_label label = kit_label(name);
    return kit_do(k, RIG_CALL_SET_NODE_NAME, &label);
}

/* What the next session calls itself. */
static void says(kit *k, const char *name)
{
    bench *w = k->w;
    uint32_t num = w->num_links;
    bench_session(w);
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(w->num_links, num + 1);
    const seen *s = bench_want(bench_accept(w), RIG_PDU_LOGIN_REQ);
    CU_ASSERT(rig_view_is(text_value(rig_view_of(s->data, s->len), "InitiatorName"), name));
    rig_session_free(w->session);
    bench_pump(w);
}

static void default_names(void)
{
    static const struct {
        const char *host, *given, *name;
    } names[] = {
        {"host", NULL, "iqn.2026-09.io.github.iscsirig:host"},
        {"Store_7.example", NULL, "iqn.2026-09.io.github.iscsirig:store-7.example"},
        {"a b\xc3\xa4", NULL, "iqn.2026-09.io.github.iscsirig:a-b--"},
        {"host", "iqn.2026-01.org.example:given", "iqn.2026-01.org.example:given"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        kit *k = kit_new();
        k->settings.host_name = names[i].host;
        k->settings.node_name = names[i].given;
        kit_start(k);
        CU_ASSERT_STRING_EQUAL(node_name(k), names[i].name);
        says(k, names[i].name);
        kit_free(k);
    }
}

/* As stringprep has it, at once and behind a restart, until the default is wanted again. */
static void names_are_kept(void)
{
    kit *k = kit_new();
    kit_start(k);
    CU_ASSERT_EQUAL(rename_node(k, "iqn.2026-01.org.example:One"), RIG_CODE_SUCCESS);
    CU_ASSERT_STRING_EQUAL(node_name(k), "iqn.2026-01.org.example:one");
    says(k, "iqn.2026-01.org.example:one");
    kit_restart(k);
    CU_ASSERT_STRING_EQUAL(node_name(k), "iqn.2026-01.org.example:one");
    says(k, "iqn.2026-01.org.example:one");
    CU_ASSERT_EQUAL(rename_node(k, ""), RIG_CODE_SUCCESS);
    says(k, "iqn.2026-09.io.github.iscsirig:host");
    kit_restart(k);
    CU_ASSERT_STRING_EQUAL(node_name(k), "iqn.2026-09.io.github.iscsirig:host");
    kit_free(k);
}

static void names_that_cannot_be(void)
{
    char longest[256];
    kit *k = kit_new();
    kit_start(k);
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "iqn.2026-01.org.example:", 24);
    longest[RIG_NAME_MAX] = '\0';
    CU_ASSERT_EQUAL(rename_node(k, longest), RIG_CODE_SUCCESS);
    CU_ASSERT_STRING_EQUAL(node_name(k), longest);
    longest[RIG_NAME_MAX] = 'a';
    longest[RIG_NAME_MAX + 1] = '\0';
    CU_ASSERT_EQUAL(rename_node(k, longest), RIG_CODE_INVALID_ISCSI_NAME);
    CU_ASSERT_EQUAL(rename_node(k, "host"), RIG_CODE_INVALID_ISCSI_NAME);
    CU_ASSERT_EQUAL(rename_node(k, "iqn.2026-01.org.example:a b"), RIG_CODE_INVALID_ISCSI_NAME);
    CU_ASSERT_EQUAL(strlen(node_name(k)), RIG_NAME_MAX);
    kit_free(k);
}

/* What could not be kept does not count: engines and service go on under the old name. */
static void names_that_cannot_be_kept(void)
{
    kit *k = kit_new();
    kit_start(k);
    kit_break_store(k);
    CU_ASSERT_NOT_EQUAL(rename_node(k, "iqn.2026-01.org.example:new"), RIG_CODE_SUCCESS);
    CU_ASSERT_STRING_EQUAL(node_name(k), "iqn.2026-09.io.github.iscsirig:host");
    says(k, "iqn.2026-09.io.github.iscsirig:host");
    kit_free(k);
}

/* ---- secrets ---- */

static rig_code give(kit *k, rig_call_id call, size_t len)
{
    const rig_secret secret = kit_secret(len);
    return kit_do(k, call, &secret);
}

static size_t kept_len(const kit *k, const char *setting)
{
    const rig_octets *kept = svc_setting(k->service, setting);
    return kept ? kept->len : 0;
}

static void chap_secrets(void)
{
    static const struct {
        size_t len;
        rig_code plain, ipsec;
    } rows[] = {{1, RIG_CODE_INVALID_INITIATOR_CHAP_SECRET, RIG_CODE_SHORT_CHAP_SECRET},
                {11, RIG_CODE_INVALID_INITIATOR_CHAP_SECRET, RIG_CODE_SHORT_CHAP_SECRET},
                {12, RIG_CODE_SUCCESS, RIG_CODE_SUCCESS},
                {16, RIG_CODE_SUCCESS, RIG_CODE_SUCCESS},
                {17, RIG_CODE_INVALID_INITIATOR_CHAP_SECRET, RIG_CODE_INVALID_INITIATOR_CHAP_SECRET},
                {0, RIG_CODE_SUCCESS, RIG_CODE_SUCCESS}};
    for (int ipsec = 0; ipsec < 2; ipsec++) {
        kit *k = kit_new();
        size_t before = 0;
        kit_adapter(k, "card")->abilities.ipsec = ipsec;
        kit_start(k);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            rig_code want = ipsec ? rows[i].ipsec : rows[i].plain;
            CU_ASSERT_EQUAL(give(k, RIG_CALL_SET_CHAP_SECRET, rows[i].len), want);
            before = want == RIG_CODE_INVALID_INITIATOR_CHAP_SECRET ? before : rows[i].len;
            CU_ASSERT_EQUAL(kept_len(k, SVC_SETTING_CHAP_SECRET), before);
        }
        kit_free(k);
    }
}

static void radius_secrets(void)
{
    kit *k = kit_new();
    kit_start(k);
    CU_ASSERT_EQUAL(give(k, RIG_CALL_SET_RADIUS_SECRET, 21), RIG_CODE_WIN32_INVALID_PARAMETER);
    CU_ASSERT_EQUAL(give(k, RIG_CALL_SET_RADIUS_SECRET, 22), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(give(k, RIG_CALL_SET_RADIUS_SECRET, 26), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(give(k, RIG_CALL_SET_RADIUS_SECRET, 27), RIG_CODE_WIN32_INVALID_PARAMETER);
    kit_restart(k);
    CU_ASSERT_EQUAL(kept_len(k, SVC_SETTING_RADIUS_SECRET), 26);
    CU_ASSERT_EQUAL(give(k, RIG_CALL_SET_RADIUS_SECRET, 0), RIG_CODE_SUCCESS);
    kit_restart(k);
    CU_ASSERT_EQUAL(kept_len(k, SVC_SETTING_RADIUS_SECRET), 0);
    kit_free(k);
}

static void policy(void)
{
    kit *k = kit_new();
    k->settings.no_security_change_policy = true;
    kit_start(k);
    CU_ASSERT_EQUAL(give(k, RIG_CALL_SET_CHAP_SECRET, 14), RIG_CODE_RESTRICTED_BY_GROUP_POLICY);
    CU_ASSERT_EQUAL(give(k, RIG_CALL_SET_RADIUS_SECRET, 24), RIG_CODE_RESTRICTED_BY_GROUP_POLICY);
    CU_ASSERT_EQUAL(kept_len(k, SVC_SETTING_CHAP_SECRET), 0);
    CU_ASSERT_EQUAL(kept_len(k, SVC_SETTING_RADIUS_SECRET), 0);
    kit_free(k);
}

/* ---- lists ---- */

static rig_code radius(kit *k, rig_call_id call, const char *address)
{
    rig_label label = kit_label(address);
    return kit_do(k, call, &label);
}

static void radius_servers(void)
{
    static const char *const wrong[] = {"",   "a b",          "-x",
                                        ".x", "192.0.2.1/24", "a1234567.b1234567.c1234567.d1234567.e123"};
    kit *k = kit_new();
    kit_start(k);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_EQUAL(radius(k, RIG_CALL_ADD_RADIUS_SERVER, wrong[i]), RIG_CODE_WIN32_INVALID_PARAMETER);
    CU_ASSERT_EQUAL(radius(k, RIG_CALL_ADD_RADIUS_SERVER, "a1234567.b1234567.c1234567.d1234567.e12"),
                    RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(radius(k, RIG_CALL_ADD_RADIUS_SERVER, "2001:db8::7"), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(radius(k, RIG_CALL_ADD_RADIUS_SERVER, "192.0.2.7"), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(radius(k, RIG_CALL_ADD_RADIUS_SERVER, "192.0.2.7"), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(radius(k, RIG_CALL_REMOVE_RADIUS_SERVER, "192.0.2.8"), RIG_CODE_WIN32_HOST_NOT_FOUND);
    CU_ASSERT_EQUAL(radius(k, RIG_CALL_REMOVE_RADIUS_SERVER, "2001:db8::7"), RIG_CODE_SUCCESS);
    kit_restart(k);
    const rig_label *labels = kit_labels(k, RIG_CALL_REPORT_RADIUS_SERVERS, 2);
    CU_ASSERT_STRING_EQUAL(labels[0].text, "a1234567.b1234567.c1234567.d1234567.e12");
    CU_ASSERT_STRING_EQUAL(labels[1].text, "192.0.2.7");
    kit_forget(k);
    kit_free(k);
}

static void program(void)
{
    kit *k = kit_new();
    kit_adapter(k, "card");
    kit_start(k);
    const rig_label *labels = kit_labels(k, RIG_CALL_REPORT_INITIATORS, 2);
    CU_ASSERT_STRING_EQUAL(labels[0].text, "host");
    CU_ASSERT_STRING_EQUAL(labels[1].text, "card");
    kit_forget(k);
    CU_ASSERT_EQUAL(kit_ask(k, RIG_CALL_GET_VERSION, NULL), RIG_CODE_SUCCESS);
    char version[64];
    snprintf(version, sizeof version, "%u.%u.%u", k->reply.version.major, k->reply.version.minor,
             k->reply.version.build);
    CU_ASSERT_STRING_EQUAL(version, RIG_VERSION_TEXT);
    CU_ASSERT_EQUAL(kit_ask(k, RIG_CALL_GET_SERVICE_INFO, NULL), RIG_CODE_SUCCESS);
    CU_ASSERT(!k->reply.info.ready && k->reply.info.boot == 0 && k->reply.info.sessions == 0);
    kit_free(k);
}

RIG_SUITE("service: identity", {"a name is made of the host's", default_names},
          {"a name that is set is kept", names_are_kept},
          {"a name that no target would take is refused", names_that_cannot_be},
          {"a name that cannot be kept is not used", names_that_cannot_be_kept},
          {"CHAP secrets have 12 to 16 octets, and one at least with IPsec", chap_secrets},
          {"RADIUS secrets have 22 to 26 octets", radius_secrets},
          {"group policy keeps secrets as they are", policy},
          {"RADIUS servers are listed and kept", radius_servers}, {"version, adapters, state", program})
