/* Records in the notation of scenarios: what is set is what is got, and what it says of what is given. */
#include "lang_helper.h"

static rig_status set(const rig_shape *shape, void *record, const char *path, const char *value)
{
    return rig_scn_record_set(rig_alloc_libc(), shape, record, rig_view_str(path), rig_view_str(value), NULL);
}

static bool reads(const rig_shape *shape, const void *record, const char *path, const char *want)
{
    char room[256];
    rig_text text;
    rig_text_init(&text, room, sizeof room);
    if (rig_scn_record_get(shape, record, rig_view_str(path), &text, NULL) != RIG_OK)
        return want == NULL;
    return want && strcmp(room, want) == 0;
}

#define SET(path, value) CU_ASSERT_EQUAL(set(RIG_SHAPE(login), &login, path, value), RIG_OK)
#define READS(path, value) CU_ASSERT_TRUE(reads(RIG_SHAPE(login), &login, path, value))

static void a_login(rig_login *out)
{
    rig_scn_record_init(RIG_SHAPE(login), out);
}

static void any_port_unless_one_is_given(void)
{
    rig_login login;
    rig_label label;
    a_login(&login);
    rig_scn_record_init(RIG_SHAPE(label), &label);
    CU_ASSERT_EQUAL(login.port, RIG_PORT_ANY);
    CU_ASSERT_EQUAL(label.text[0], 0);
    SET("port", "3");
    CU_ASSERT_EQUAL(login.port, 3);
    SET("port", "any");
    CU_ASSERT_EQUAL(login.port, RIG_PORT_ANY);
}

static void a_portal_is_one_word(void)
{
    rig_login login;
    a_login(&login);
    READS("has-portal", "no");
    SET("portal", "[2001:db8::1]:860");
    CU_ASSERT_STRING_EQUAL(login.portal.address, "2001:db8::1");
    CU_ASSERT_EQUAL(login.portal.socket, 860);
    READS("portal", "[2001:db8::1]:860");
    READS("has-portal", "yes");
    SET("portal", "192.0.2.1");
    READS("portal", "192.0.2.1:3260");
    SET("has-portal", "no");
    CU_ASSERT_FALSE(login.has_portal);
    CU_ASSERT_EQUAL(set(RIG_SHAPE(login), &login, "portal", "192.0.2.1:x"), RIG_E_SYNTAX);
}

static void options_say_what_is_given(void)
{
    rig_login login;
    a_login(&login);
    SET("options.header-digest", "CRC32C");
    SET("options.auth-type", "mutual-CHAP");
    SET("options.flags", "multipath+require-ipsec");
    CU_ASSERT_TRUE(login.has_options);
    CU_ASSERT_EQUAL(login.options.specified, RIG_LOGIN_HAS_HEADER_DIGEST | RIG_LOGIN_HAS_AUTH_TYPE);
    CU_ASSERT_EQUAL(login.options.header_digest, 1);
    CU_ASSERT_EQUAL(login.options.auth_type, 2);
    CU_ASSERT_EQUAL(login.options.flags, RIG_LOGIN_FLAG_MULTIPATH | RIG_LOGIN_FLAG_REQUIRE_IPSEC);
    SET("options.specified", "0");
    CU_ASSERT_EQUAL(login.options.specified, 0);
    SET("security-flags", "VALID+IKE");
    CU_ASSERT_EQUAL(login.security_flags, 3);
    SET("security-flags", "none");
    CU_ASSERT_EQUAL(login.security_flags, 0);
    CU_ASSERT_EQUAL(set(RIG_SHAPE(login), &login, "options.flags", "hide"), RIG_E_SYNTAX);
}

static void sessions_have_names_of_two_halves(void)
{
    rig_login_ids ids = {.session = {UINT64_C(0xfedcba9876543210), 0x1a}};
    rig_session_ref session;
    rig_scn_record_init(RIG_SHAPE(session_ref), &session);
    CU_ASSERT_TRUE(reads(RIG_SHAPE(login_ids), &ids, "session", "fedcba9876543210-1a"));
    CU_ASSERT_EQUAL(set(RIG_SHAPE(session_ref), &session, "session", "fedcba9876543210-1a"), RIG_OK);
    CU_ASSERT_TRUE(rig_record_equal(RIG_SHAPE(unique_id), &ids.session, &session.session));
    CU_ASSERT_EQUAL(set(RIG_SHAPE(session_ref), &session, "session", "1"), RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(set(RIG_SHAPE(session_ref), &session, "session", "1-2-3"), RIG_E_SYNTAX);
}

static void a_lun_is_its_number(void)
{
    rig_lun_ref lun;
    rig_scn_record_init(RIG_SHAPE(lun_ref), &lun);
    CU_ASSERT_EQUAL(set(RIG_SHAPE(lun_ref), &lun, "lun", "2"), RIG_OK);
    CU_ASSERT_EQUAL(lun.lun, UINT64_C(0x0002000000000000));
    CU_ASSERT_TRUE(reads(RIG_SHAPE(lun_ref), &lun, "lun", "2"));
    CU_ASSERT_EQUAL(set(RIG_SHAPE(lun_ref), &lun, "lun", "0xc101000000000000"), RIG_OK);
    CU_ASSERT_EQUAL(lun.lun, UINT64_C(0xc101000000000000));
}

static void lists_read_as_their_first_members(void)
{
    rig_target_portals portals = {0};
    const rig_shape *shape = RIG_SHAPE(target_portals);
    CU_ASSERT_TRUE(reads(shape, &portals, "portals", ""));
    CU_ASSERT_EQUAL(set(shape, &portals, "portals.0", "192.0.2.1:3260"), RIG_OK);
    CU_ASSERT_EQUAL(set(shape, &portals, "portals.1", "192.0.2.2:3261"), RIG_OK);
    CU_ASSERT_TRUE(reads(shape, &portals, "portals", "192.0.2.1:3260 192.0.2.2:3261"));
    CU_ASSERT_TRUE(reads(shape, &portals, "portals.1", "192.0.2.2:3261"));
    CU_ASSERT_TRUE(reads(shape, &portals, "portals.1.socket", "3261"));
    CU_ASSERT_TRUE(reads(shape, &portals, "portals.num", "2"));
    CU_ASSERT_TRUE(reads(shape, &portals, "portals.2", NULL));
    CU_ASSERT_TRUE(reads(shape, &portals, "portals.2.socket", NULL));
    CU_ASSERT_TRUE(reads(shape, &portals, "portal", NULL));
    rig_record_clear(rig_alloc_libc(), shape, &portals);
}

RIG_SUITE("lang_records", {"any port unless one is given", any_port_unless_one_is_given},
          {"a portal is one word", a_portal_is_one_word},
          {"options say what is given", options_say_what_is_given},
          {"sessions have names of two halves", sessions_have_names_of_two_halves},
          {"a LUN is its number", a_lun_is_its_number},
          {"lists read as their first members", lists_read_as_their_first_members})
