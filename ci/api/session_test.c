#include "peer.h"

#include <string.h>

#include "suite.h"

static void logs_in_and_out(void)
{
    struct iscsi_context *iscsi = peer_session(ISCSI_HEADER_DIGEST_NONE);
    if (iscsi)
        CU_ASSERT(peer_good(iscsi_testunitready_sync(iscsi, peer_lun())));
    peer_close(iscsi);
}

static void header_digest_is_agreed_and_used(void)
{
    struct iscsi_context *iscsi = peer_session(ISCSI_HEADER_DIGEST_CRC32C);
    for (int i = 0; iscsi && i < 8; i++)
        CU_ASSERT(peer_good(iscsi_inquiry_sync(iscsi, peer_lun(), 0, 0, 255)));
    peer_close(iscsi);
}

static void sessions_live_side_by_side(void)
{
    struct iscsi_context *sessions[16];
    for (int i = 0; i < 16; i++)
        sessions[i] = peer_session(i % 2 ? ISCSI_HEADER_DIGEST_CRC32C : ISCSI_HEADER_DIGEST_NONE);
    for (int i = 15; i >= 0; i--) {
        if (sessions[i])
            CU_ASSERT(peer_good(iscsi_testunitready_sync(sessions[i], peer_lun())));
        peer_close(sessions[i]);
    }
}

static void discovery_names_the_target_and_its_portal(void)
{
    struct iscsi_context *iscsi = peer_context();
    CU_ASSERT_PTR_NOT_NULL_FATAL(iscsi);
    iscsi_set_session_type(iscsi, ISCSI_SESSION_DISCOVERY);
    CU_ASSERT_EQUAL(iscsi_connect_sync(iscsi, peer_portal()), 0);
    CU_ASSERT_EQUAL(iscsi_login_sync(iscsi), 0);
    struct iscsi_discovery_address *found = iscsi_discovery_sync(iscsi);
    CU_ASSERT_PTR_NOT_NULL(found);
    if (found) {
        CU_ASSERT_STRING_EQUAL(found->target_name, peer_target());
        CU_ASSERT_PTR_NULL(found->next);
        CU_ASSERT_PTR_NOT_NULL(found->portals);
        if (found->portals) /* the portal is followed by the portal group tag */
            CU_ASSERT_EQUAL(strncmp(found->portals->portal, peer_portal(), strlen(peer_portal())), 0);
        iscsi_free_discovery_data(iscsi, found);
    }
    peer_close(iscsi);
}

static void unknown_target_is_refused(void)
{
    struct iscsi_context *iscsi = peer_context();
    CU_ASSERT_PTR_NOT_NULL_FATAL(iscsi);
    iscsi_set_targetname(iscsi, "iqn.2026-01.example.ci:nobody");
    CU_ASSERT_EQUAL(iscsi_connect_sync(iscsi, peer_portal()), 0);
    CU_ASSERT_NOT_EQUAL(iscsi_login_sync(iscsi), 0);
    iscsi_destroy_context(iscsi);
}

static void a_lost_connection_costs_nobody_else(void)
{
    struct iscsi_context *stays = peer_session(ISCSI_HEADER_DIGEST_NONE);
    struct iscsi_context *goes = peer_session(ISCSI_HEADER_DIGEST_NONE);
    if (goes) {
        iscsi_disconnect(goes);
        iscsi_destroy_context(goes);
    }
    if (stays)
        CU_ASSERT(peer_good(iscsi_testunitready_sync(stays, peer_lun())));
    peer_close(stays);
}

static void count_answer(struct iscsi_context *iscsi, int status, void *data, void *private_data)
{
    (void)iscsi;
    const struct iscsi_data *echo = data;
    bool *done = private_data;
    CU_ASSERT_EQUAL(status, SCSI_STATUS_GOOD);
    CU_ASSERT(echo && echo->size == 4 && memcmp(echo->data, "ping", 4) == 0);
    *done = true;
}

static void nop_is_echoed(void)
{
    struct iscsi_context *iscsi = peer_session(ISCSI_HEADER_DIGEST_NONE);
    unsigned char ping[] = {'p', 'i', 'n', 'g'};
    bool done = false;
    if (!iscsi)
        return;
    CU_ASSERT_EQUAL(iscsi_nop_out_async(iscsi, count_answer, ping, sizeof ping, &done), 0);
    CU_ASSERT(peer_wait(iscsi, &done));
    peer_close(iscsi);
}

RIG_SUITE("libiscsi sessions", {"logs in and out", logs_in_and_out},
          {"header digest is agreed and used", header_digest_is_agreed_and_used},
          {"sessions live side by side", sessions_live_side_by_side},
          {"discovery names the target and its portal", discovery_names_the_target_and_its_portal},
          {"an unknown target is refused", unknown_target_is_refused},
          {"a lost connection costs nobody else", a_lost_connection_costs_nobody_else},
          {"a NOP is echoed", nop_is_echoed})
