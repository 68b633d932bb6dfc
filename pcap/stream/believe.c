#include "follow.h"
#include "rig/crc32c.h"

static bool kind_fits(const cap_direction *direction, rig_pdu_kind kind)
{
    return kind != RIG_PDU_UNKNOWN && rig_pdu_rows[kind].from_initiator == direction->to_target;
}

static bool fixed_bits(const uint8_t *bhs, rig_pdu_kind kind)
{
    return (bhs[1] & rig_pdu_rows[kind].fixed) == rig_pdu_rows[kind].fixed;
}

/* The first PDU of every connection (RFC 7143 section 6.3): I set, a stage that can come first, clean
 * reserved bits. */
bool cap_login_like(const uint8_t bhs[RIG_BHS_LEN])
{
    return rig_pdu_kind_of(bhs) == RIG_PDU_LOGIN_REQ && rig_get(bhs, RIG_F_I) &&
           rig_get(bhs, RIG_F_CSG) < 2 && rig_get(bhs, RIG_F_NSG) != 2 &&
           rig_get(bhs, RIG_F_AHS_WORDS) == 0 && rig_get(bhs, RIG_F_VERSION_MIN) == 0 &&
           rig_get(bhs, RIG_F_DATA_LEN) <= CAP_ODD_DATA_MAX &&
           !(rig_get(bhs, RIG_F_T) && rig_get(bhs, RIG_F_C)) &&
           rig_bhs_reserved(bhs, RIG_PDU_LOGIN_REQ) == RIG_BHS_LEN;
}

/*
 * Wrong on purpose is still a PDU: unknown opcodes, the other side's opcodes and reserved bits are what
 * conformance tests send. Only when a large data segment would hide the rest of the stream, such a header is
 * not believed.
 */
bool cap_header_impossible(const cap_direction *direction, const uint8_t bhs[RIG_BHS_LEN])
{
    rig_pdu_kind kind = rig_pdu_kind_of(bhs);
    uint32_t len = rig_get32(bhs, RIG_F_DATA_LEN);
    if (!kind_fits(direction, kind))
        return len > CAP_ODD_DATA_MAX;
    return len > CAP_RESYNC_DATA_MAX &&
           (!fixed_bits(bhs, kind) || rig_bhs_reserved(bhs, kind) != RIG_BHS_LEN);
}

static bool near_to(bool known, uint32_t last, uint32_t now)
{
    return !known || (uint32_t)(now - last + CAP_RESYNC_WINDOW) <= 2 * CAP_RESYNC_WINDOW;
}

static bool numbers_fit(const cap_direction *direction, const uint8_t *bhs)
{
    const cap_conn *conn = direction->flow->conn;
    if (direction->to_target)
        return near_to(conn->stat_sn_known, conn->stat_sn, rig_get32(bhs, RIG_F_EXP_STAT_SN));
    return near_to(conn->cmd_sn_known, conn->cmd_sn, rig_get32(bhs, RIG_F_EXP_CMD_SN));
}

bool cap_header_likely(const cap_direction *direction, rig_view bytes)
{
    if (bytes.len < RIG_BHS_LEN)
        return false;
    rig_pdu_kind kind = rig_pdu_kind_of(bytes.ptr);
    return kind_fits(direction, kind) && fixed_bits(bytes.ptr, kind) &&
           rig_bhs_reserved(bytes.ptr, kind) == RIG_BHS_LEN &&
           (rig_get(bytes.ptr, RIG_F_AHS_WORDS) == 0 || kind == RIG_PDU_SCSI_CMD) &&
           rig_get(bytes.ptr, RIG_F_DATA_LEN) <= CAP_RESYNC_DATA_MAX && numbers_fit(direction, bytes.ptr);
}

static bool crc_behind(rig_view bytes, size_t at, size_t len)
{
    uint8_t digest[RIG_DIGEST_LEN];
    if (bytes.len < at + len + sizeof digest)
        return false;
    rig_crc32c_store(rig_crc32c_update(RIG_CRC32C_START, bytes.ptr + at, len), digest);
    return memcmp(bytes.ptr + at + len, digest, sizeof digest) == 0;
}

/* Without the login nobody says whether digests are on; a CRC that fits does. Most connections have both or
 * none. */
void cap_find_digests(cap_direction *direction, rig_view bytes)
{
    size_t header_len = RIG_BHS_LEN + rig_get32(bytes.ptr, RIG_F_AHS_WORDS) * 4;
    size_t data_len = (rig_get32(bytes.ptr, RIG_F_DATA_LEN) + 3u) & ~3u;
    if (bytes.len < header_len + RIG_DIGEST_LEN)
        return;
    bool header = crc_behind(bytes, 0, header_len);
    size_t data_at = header_len + (header ? RIG_DIGEST_LEN : 0);
    bool data = header && bytes.len != data_at + data_len;
    if (data_len && bytes.len >= data_at + data_len + RIG_DIGEST_LEN)
        data = crc_behind(bytes, data_at, data_len);
    direction->flow->flow.header_digest = header;
    direction->flow->flow.data_digest = data;
    for (int i = 0; i < 2; i++)
        direction->flow->conn->direction[i].digests_known = true;
}
