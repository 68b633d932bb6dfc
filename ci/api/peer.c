#include "peer.h"

#include <poll.h>
#include <stdlib.h>

#include <CUnit/CUnit.h>

static const char *from_environment(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

const char *peer_portal(void)
{
    return from_environment("RIG_API_PORTAL");
}

const char *peer_target(void)
{
    return from_environment("RIG_API_TARGET");
}

int peer_lun(void)
{
    return (int)strtol(from_environment("RIG_API_LUN"), NULL, 10);
}

const char *peer_chap_portal(void)
{
    return from_environment("RIG_API_CHAP_PORTAL");
}

const char *peer_chap_secret(void)
{
    return from_environment("RIG_API_CHAP_SECRET");
}

const char *peer_chap_own(void)
{
    return from_environment("RIG_API_CHAP_OWN");
}

struct iscsi_context *peer_context(void)
{
    struct iscsi_context *iscsi = iscsi_create_context("iqn.2026-01.example.ci:api");
    if (!iscsi)
        return NULL;
    iscsi_set_noautoreconnect(iscsi, 1);
    iscsi_set_timeout(iscsi, 10);
    iscsi_set_session_type(iscsi, ISCSI_SESSION_NORMAL);
    iscsi_set_targetname(iscsi, peer_target());
    return iscsi;
}

struct iscsi_context *peer_session(enum iscsi_header_digest digest)
{
    struct iscsi_context *iscsi = peer_context();
    CU_ASSERT_PTR_NOT_NULL(iscsi);
    if (!iscsi)
        return NULL;
    iscsi_set_header_digest(iscsi, digest);
    if (iscsi_full_connect_sync(iscsi, peer_portal(), peer_lun()) == 0)
        return iscsi;
    CU_FAIL("the session did not come up");
    iscsi_destroy_context(iscsi);
    return NULL;
}

void peer_close(struct iscsi_context *iscsi)
{
    if (!iscsi)
        return;
    CU_ASSERT_EQUAL(iscsi_logout_sync(iscsi), 0);
    iscsi_destroy_context(iscsi);
}

bool peer_wait(struct iscsi_context *iscsi, const bool *done)
{
    for (int turn = 0; !*done && turn < PEER_TURNS; turn++) {
        struct pollfd fd = {.fd = iscsi_get_fd(iscsi), .events = (short)iscsi_which_events(iscsi)};
        if (poll(&fd, 1, PEER_TURN_MS) < 0 || iscsi_service(iscsi, fd.revents) < 0)
            return false;
    }
    return *done;
}

bool peer_good(struct scsi_task *task)
{
    bool good = task && task->status == SCSI_STATUS_GOOD;
    if (task)
        scsi_free_scsi_task(task);
    return good;
}

void peer_pattern(unsigned char *bytes, uint32_t len, uint32_t seed)
{
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = (unsigned char)(seed * 31 + i * 7 + i / 251);
}
