/* What the source documents say of each security flag: its value in the header, its name in the classes, and
 * what it does to a decision on its own. */
#include "rig/hba.h"
#include "rig/wmi.h"
#include "suite.h"

#include <iscsidsc.h>

#define WANTED (ISCSI_SECURITY_FLAG_VALID | ISCSI_SECURITY_FLAG_IKE_IPSEC_ENABLED)

static rig_security_decision decide(uint64_t flags, bool hardware, bool outer)
{
    const rig_security_request request = {
        .flags = flags,
        .source = RIG_SECURITY_CALLER,
        .key = RIG_SECURITY_KEY_GROUP,
        .has_outer = outer,
        .abilities = {.ipsec = true, .aggressive = hardware, .tunnel = true}};
    return rig_security_decide(&request);
}

static bool comes_to(uint64_t flags, rig_security_outcome outcome)
{
    const rig_security_decision is = decide(flags, true, false);
    return !is.fell_back && is.outcome == outcome;
}

/* A class names the flag at its bit. */
static bool is_bit(const char *class, unsigned bit, const char *name)
{
    rig_gather text = {0};
    bool is = false;
    rig_status status = rig_wmi_mof(rig_alloc_libc(), rig_wmi_class_find(rig_view_str(class), NULL), &text);
    const uint8_t *at = memmem(text.ptr, text.len, "BitValues{", 10);
    if (!status && at) {
        rig_view rest = rig_view_of(at + 10, text.len - (size_t)(at + 10 - text.ptr));
        for (unsigned i = 0; i < 2 * bit + 1; i++)
            rig_view_split(&rest, '"');
        is = rig_view_is(rig_view_split(&rest, '"'), name);
    }
    rig_gather_cleanup(&text, rig_alloc_libc());
    return is;
}

static void is_flag(uint64_t value, unsigned bit, const char *name)
{
    CU_ASSERT_EQUAL(value, 1u << bit);
    CU_ASSERT_TRUE(is_bit("SendTargetPortalClass", bit, name));
    CU_ASSERT_TRUE(is_bit("PersistentLoginClass", bit, name));
}

/* Set: the other bits count. Clear: they say nothing, and something else is asked. */
static void valid(void)
{
    is_flag(ISCSI_SECURITY_FLAG_VALID, 0, "ISCSI_SECURITY_FLAG_VALID");
    CU_ASSERT_TRUE(comes_to(ISCSI_SECURITY_FLAG_VALID, RIG_SECURITY_PLAIN));
    for (uint64_t others = 0; others < 128; others += 2) {
        CU_ASSERT_TRUE(decide(others, true, false).fell_back);
        CU_ASSERT_FALSE(decide(others | ISCSI_SECURITY_FLAG_VALID, true, false).fell_back);
    }
}

/* Set: only inside IPsec. Clear: the login does not need it. */
static void ike_ipsec(void)
{
    is_flag(ISCSI_SECURITY_FLAG_IKE_IPSEC_ENABLED, 1, "ISCSI_SECURITY_FLAG_IKE_IPSEC_ENABLED");
    CU_ASSERT_TRUE(comes_to(WANTED | ISCSI_SECURITY_FLAG_MAIN_MODE_ENABLED, RIG_SECURITY_USE_IPSEC));
    for (uint64_t others = 0; others < 128; others += 4)
        CU_ASSERT_TRUE(comes_to(others | ISCSI_SECURITY_FLAG_VALID, RIG_SECURITY_PLAIN));
}

/* Main mode, which is not aggressive mode. */
static void main_mode(void)
{
    const uint64_t flags = WANTED | ISCSI_SECURITY_FLAG_MAIN_MODE_ENABLED;
    is_flag(ISCSI_SECURITY_FLAG_MAIN_MODE_ENABLED, 2, "ISCSI_SECURITY_FLAG_MAIN_MODE_ENABLED");
    CU_ASSERT_TRUE(comes_to(flags, RIG_SECURITY_USE_IPSEC));
    CU_ASSERT_FALSE(decide(flags, true, false).aggressive);
    CU_ASSERT_TRUE(comes_to(flags | ISCSI_SECURITY_FLAG_AGGRESSIVE_MODE_ENABLED, RIG_SECURITY_INVALID));
}

/* Aggressive mode, never with main mode, and never on the software initiator. */
static void aggressive_mode(void)
{
    const uint64_t flags = WANTED | ISCSI_SECURITY_FLAG_AGGRESSIVE_MODE_ENABLED;
    is_flag(ISCSI_SECURITY_FLAG_AGGRESSIVE_MODE_ENABLED, 3, "ISCSI_SECURITY_FLAG_AGGRESSIVE_MODE_ENABLED");
    CU_ASSERT_TRUE(comes_to(flags, RIG_SECURITY_USE_IPSEC));
    CU_ASSERT_TRUE(decide(flags, true, false).aggressive);
    CU_ASSERT_TRUE(comes_to(flags | ISCSI_SECURITY_FLAG_MAIN_MODE_ENABLED, RIG_SECURITY_INVALID));
}

static void aggressive_in_software(void)
{
    const uint64_t flags = WANTED | ISCSI_SECURITY_FLAG_AGGRESSIVE_MODE_ENABLED;
    CU_ASSERT_EQUAL(decide(flags, false, false).outcome, RIG_SECURITY_UNSUPPORTED);
    CU_ASSERT_EQUAL(decide(WANTED | ISCSI_SECURITY_FLAG_MAIN_MODE_ENABLED, false, false).outcome,
                    RIG_SECURITY_USE_IPSEC);
}

/* Perfect forward secrecy on or off, where there is IPsec. */
static void pfs(void)
{
    const uint64_t flags = WANTED | ISCSI_SECURITY_FLAG_MAIN_MODE_ENABLED;
    is_flag(ISCSI_SECURITY_FLAG_PFS_ENABLED, 4, "ISCSI_SECURITY_FLAG_PFS_ENABLED");
    CU_ASSERT_TRUE(decide(flags | ISCSI_SECURITY_FLAG_PFS_ENABLED, true, false).pfs);
    CU_ASSERT_FALSE(decide(flags, true, false).pfs);
    CU_ASSERT_TRUE(comes_to(ISCSI_SECURITY_FLAG_VALID | ISCSI_SECURITY_FLAG_PFS_ENABLED, RIG_SECURITY_PLAIN));
}

/* Transport mode although an outer address is known, never with tunnel mode. */
static void transport_mode(void)
{
    const uint64_t flags =
        WANTED | ISCSI_SECURITY_FLAG_MAIN_MODE_ENABLED | ISCSI_SECURITY_FLAG_TRANSPORT_MODE_PREFERRED;
    is_flag(ISCSI_SECURITY_FLAG_TRANSPORT_MODE_PREFERRED, 5, "ISCSI_SECURITY_FLAG_TRANSPORT_MODE_PREFERRED");
    CU_ASSERT_EQUAL(decide(flags, true, true).outcome, RIG_SECURITY_USE_IPSEC);
    CU_ASSERT_FALSE(decide(flags, true, true).tunnel);
    CU_ASSERT_TRUE(comes_to(flags | ISCSI_SECURITY_FLAG_TUNNEL_MODE_PREFERRED, RIG_SECURITY_INVALID));
}

/* Tunnel mode, never with transport mode. */
static void tunnel_mode(void)
{
    const uint64_t flags =
        WANTED | ISCSI_SECURITY_FLAG_MAIN_MODE_ENABLED | ISCSI_SECURITY_FLAG_TUNNEL_MODE_PREFERRED;
    is_flag(ISCSI_SECURITY_FLAG_TUNNEL_MODE_PREFERRED, 6, "ISCSI_SECURITY_FLAG_TUNNEL_MODE_PREFERRED");
    CU_ASSERT_TRUE(comes_to(flags, RIG_SECURITY_USE_IPSEC));
    CU_ASSERT_TRUE(decide(flags, true, false).tunnel);
    CU_ASSERT_TRUE(comes_to(flags | ISCSI_SECURITY_FLAG_TRANSPORT_MODE_PREFERRED, RIG_SECURITY_INVALID));
}

RIG_SUITE("security flags", {"VALID", valid}, {"IKE_IPSEC_ENABLED", ike_ipsec},
          {"MAIN_MODE_ENABLED", main_mode}, {"AGGRESSIVE_MODE_ENABLED", aggressive_mode},
          {"no aggressive mode in software", aggressive_in_software}, {"PFS_ENABLED", pfs},
          {"TRANSPORT_MODE_PREFERRED", transport_mode}, {"TUNNEL_MODE_PREFERRED", tunnel_mode})
