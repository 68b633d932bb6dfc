/* CHAP as libiscsi does it, against our target. */
#include "peer.h"

#include <string.h>

#include "suite.h"

#define WRONG "not.the.secret.at.all"

/* user NULL: no credentials; own NULL: the target is not asked to authenticate itself. */
static struct iscsi_context *with(const char *user, const char *secret, const char *own)
{
    struct iscsi_context *iscsi = peer_context();
    CU_ASSERT_PTR_NOT_NULL_FATAL(iscsi);
    if (user)
        CU_ASSERT_EQUAL(iscsi_set_initiator_username_pwd(iscsi, user, secret), 0);
    if (own)
        CU_ASSERT_EQUAL(iscsi_set_target_username_pwd(iscsi, "disk", own), 0);
    return iscsi;
}

static void passes(const char *own)
{
    struct iscsi_context *iscsi = with("host", peer_chap_secret(), own);
    bool up = iscsi_full_connect_sync(iscsi, peer_chap_portal(), peer_lun()) == 0;
    CU_ASSERT(up);
    if (up) {
        CU_ASSERT(peer_good(iscsi_testunitready_sync(iscsi, peer_lun())));
        CU_ASSERT_EQUAL(iscsi_logout_sync(iscsi), 0);
    }
    iscsi_destroy_context(iscsi);
}

static void fails(const char *user, const char *secret, const char *own, const char *why)
{
    struct iscsi_context *iscsi = with(user, secret, own);
    CU_ASSERT_EQUAL(iscsi_connect_sync(iscsi, peer_chap_portal()), 0);
    CU_ASSERT_NOT_EQUAL(iscsi_login_sync(iscsi), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(iscsi_get_error(iscsi), why));
    iscsi_destroy_context(iscsi);
}

static void the_right_secret_is_let_in(void)
{
    passes(NULL);
}

static void wrong_credentials_are_refused(void)
{
    fails("host", WRONG, NULL, "Authentication failure");
    fails("nobody", peer_chap_secret(), NULL, "Authentication failure");
    fails("disk", peer_chap_own(), NULL, "Authentication failure");
    fails(NULL, NULL, NULL, "Authentication failure");
}

static void the_target_authenticates_itself(void)
{
    for (int i = 0; i < 20; i++)
        passes(peer_chap_own());
}

/* libiscsi computes what the target should have said: a wrong expectation has to be noticed. */
static void a_wrong_target_is_noticed(void)
{
    fails("host", peer_chap_secret(), WRONG, "Invalid CHAP_R");
    fails("host", WRONG, peer_chap_own(), "Authentication failure");
}

static int discovers(const char *user)
{
    struct iscsi_context *iscsi = with(user, peer_chap_secret(), NULL);
    iscsi_set_session_type(iscsi, ISCSI_SESSION_DISCOVERY);
    CU_ASSERT_EQUAL(iscsi_connect_sync(iscsi, peer_chap_portal()), 0);
    int result = iscsi_login_sync(iscsi);
    struct iscsi_discovery_address *found = result ? NULL : iscsi_discovery_sync(iscsi);
    if (found) {
        CU_ASSERT_STRING_EQUAL(found->target_name, peer_target());
        iscsi_free_discovery_data(iscsi, found);
    }
    iscsi_destroy_context(iscsi);
    return found ? 0 : -1;
}

static void discovery_is_authenticated_too(void)
{
    CU_ASSERT_EQUAL(discovers("host"), 0);
    CU_ASSERT_NOT_EQUAL(discovers(NULL), 0);
}

RIG_SUITE("libiscsi CHAP", {"the right secret is let in", the_right_secret_is_let_in},
          {"wrong credentials are refused", wrong_credentials_are_refused},
          {"the target authenticates itself", the_target_authenticates_itself},
          {"a wrong target is noticed", a_wrong_target_is_noticed},
          {"discovery is authenticated too", discovery_is_authenticated_too})
