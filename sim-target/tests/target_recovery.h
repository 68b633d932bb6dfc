/* What the tests of ErrorRecoveryLevel 1 and 2 share, on top of the fixture. */
#ifndef TARGET_RECOVERY_H
#define TARGET_RECOVERY_H

#include "target_fixture.h"

/* A target that agrees to a level and to several connections. */
static inline tt_world *tr_new(const rig_target_config *config)
{
    tt_world *world = tt_new_with(config);
    tt_offer(world, "ErrorRecoveryLevel", "2");
    tt_offer(world, "MaxConnections", "4");
    return world;
}

#define TR_LEVEL1 "ErrorRecoveryLevel=1\nMaxConnections=4\nInitialR2T=Yes\nMaxRecvDataSegmentLength=512"
#define TR_LEVEL2 "ErrorRecoveryLevel=2\nMaxConnections=4\nInitialR2T=Yes\nMaxRecvDataSegmentLength=512"

/* Room for all that comes, so that what points into it stays good. */
static inline void tr_roomy(tt_client *client)
{
    client->stream->out_size = 1 << 20;
    client->stream->out = realloc(client->stream->out, client->stream->out_size);
}

static inline tt_client tr_login(tt_world *world, const char *keys)
{
    tt_client client = tt_login(world, keys);
    tr_roomy(&client);
    return client;
}

/* The status of a login to a session that is there. */
static inline unsigned tr_join(tt_client *client, const tt_client *first, uint16_t cid, const char *keys)
{
    *client = tt_client_at(first->world, 0);
    client->tsih = first->tsih;
    client->cid = cid;
    client->cmd_sn = first->cmd_sn;
    unsigned status = tt_login_keys(client, keys);
    tr_roomy(client);
    return status;
}

static inline void tr_lose(tt_client *client)
{
    client->stream->open = false;
    client->stream->user.ops->event(client->stream->user.ctx, RIG_STREAM_FAILED, RIG_E_RESET,
                                    client->world->now);
    tt_run(client->world);
}

/* Sends READ(10) of blocks; its tag. */
static inline uint32_t tr_read(tt_client *client, uint32_t lba, uint16_t blocks)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, "FR", blocks * 512u, 0x28, lba, blocks);
    tt_send(client, bhs, NULL, 0);
    return rig_get32(bhs, RIG_F_ITT);
}

/* Sends WRITE(10) of blocks without any data; its tag. */
static inline uint32_t tr_write(tt_client *client, uint32_t lba, uint16_t blocks)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, "FW", blocks * 512u, 0x2a, lba, blocks);
    tt_send(client, bhs, NULL, 0);
    return rig_get32(bhs, RIG_F_ITT);
}

static inline void tr_snack(tt_client *client, unsigned type, uint32_t itt, uint32_t tag, uint32_t begin,
                            uint32_t length)
{
    uint8_t bhs[RIG_BHS_LEN];
    rig_bhs_init(bhs, RIG_PDU_SNACK);
    rig_set(bhs, RIG_F_SNACK_TYPE, type);
    rig_set(bhs, RIG_F_ITT, itt);
    rig_set(bhs, RIG_F_SNACK_TAG, tag);
    rig_set(bhs, RIG_F_BEG_RUN, begin);
    rig_set(bhs, RIG_F_RUN_LENGTH, length);
    tt_send(client, bhs, NULL, 0);
}

/* Sends one SNACK that is rejected; the reason. */
static inline unsigned tr_rejected(tt_client *client, unsigned type, uint32_t itt, uint32_t tag,
                                   uint32_t begin, uint32_t length)
{
    uint32_t exp = client->exp_stat_sn;
    tr_snack(client, type, itt, tag, begin, length);
    tt_pdu pdu = tt_expect(client, RIG_PDU_REJECT);
    CU_ASSERT_TRUE(tt_silent(client));
    client->exp_stat_sn = exp;
    return (unsigned)tt_field(&pdu, RIG_F_REJECT_REASON);
}

/* Acknowledges everything that has come. */
static inline void tr_acknowledge(tt_client *client)
{
    uint8_t bhs[RIG_BHS_LEN];
    rig_bhs_init(bhs, RIG_PDU_NOP_OUT);
    rig_set(bhs, RIG_F_I, 1);
    rig_set(bhs, RIG_F_CMD_SN, client->cmd_sn);
    tt_send(client, bhs, NULL, 0);
}

/* A task management request, immediate; its response. */
static inline unsigned tr_manage(tt_client *client, unsigned function, uint32_t ref_tag, uint32_t exp_data_sn)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(client, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, function);
    rig_set(bhs, RIG_F_REF_TAG, ref_tag);
    rig_set(bhs, RIG_F_EXP_DATA_SN, exp_data_sn);
    tt_send(client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(client, RIG_PDU_TMF_RESP);
    return (unsigned)tt_field(&pdu, RIG_F_TMF_RESPONSE);
}

/* A Logout Request; the PDU that answers it. */
static inline tt_pdu tr_logout(tt_client *client, unsigned reason, uint16_t cid, uint32_t exp_stat_sn)
{
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t own = client->exp_stat_sn;
    tt_request(client, bhs, RIG_PDU_LOGOUT_REQ, true);
    rig_set(bhs, RIG_F_LOGOUT_REASON, reason);
    rig_set(bhs, RIG_F_CID, cid);
    client->exp_stat_sn = exp_stat_sn;
    tt_send(client, bhs, NULL, 0);
    client->exp_stat_sn = own;
    return tt_expect(client, RIG_PDU_LOGOUT_RESP);
}

static inline void tr_fill(uint8_t *data, size_t len, uint8_t seed)
{
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(seed + i / 7 + i);
}

/* Do blocks of the device hold this? */
static inline bool tr_holds(tt_client *client, uint32_t lba, const uint8_t *data, size_t len)
{
    size_t at = 0;
    bool same = true;
    tr_read(client, lba, (uint16_t)(len / 512));
    while (at < len) {
        tt_pdu pdu = tt_next(client);
        if (!pdu.here || pdu.kind != RIG_PDU_DATA_IN || at + pdu.len > len)
            return false;
        same = same && memcmp(pdu.data, data + at, pdu.len) == 0;
        at += pdu.len;
    }
    tr_acknowledge(client);
    return same;
}

#endif
