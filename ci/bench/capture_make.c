/* Makes a capture of 4 KiB random reads over one connection, depth 32, as tcpdump writes it: classic format,
 * Ethernet, right checksums. Usage: capture_make BYTES [SNAP] >FILE. Frames are cut to SNAP bytes; without it
 * they are whole. The file ends with the first read that makes it larger than BYTES. */
#include "rig/draws.h"
#include "rig/pdu.h"
#include "rig/view.h"

#include <stdio.h>
#include <stdlib.h>

#define DEPTH 32
#define IO 4096
#define ETHERNET 14
#define IP 20
#define TCP 20
#define HEADERS (ETHERNET + IP + TCP)
#define BLOCKS (UINT32_C(1) << 17) /* of 512 bytes, in the disk of 64 MiB */
#define STEP_NS 2000               /* between two frames */

enum { FIN = 1, SYN = 2, PUSH = 8, ACK = 16 };
enum { INITIATOR, TARGET };

static struct {
    uint64_t written, frames, drawn;
    uint32_t snap;
    uint32_t seq[2]; /* of the next byte of each side */
    uint32_t cmd_sn, stat_sn;
    uint8_t frame[HEADERS + RIG_BHS_LEN + IO];
    bool failed;
} m = {.snap = 262144, .seq = {1000, 5000}, .cmd_sn = 1, .stat_sn = 1};

static void put(const void *bytes, size_t len)
{
    m.failed |= fwrite(bytes, 1, len, stdout) != len;
    m.written += len;
}

static void put_words(const uint32_t *words, size_t num)
{
    put(words, num * sizeof *words);
}

/* As the machine has it: readers tell the order by the magic number. */
static void put_file_head(void)
{
    const uint32_t head[] = {0xa1b23c4d, 2u | 4u << 16, 0, 0, m.snap, 1};
    put_words(head, 6);
}

static uint32_t sum_of(const uint8_t *bytes, size_t len, uint32_t sum)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    return sum;
}

static uint32_t folded(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

static void write_ip(unsigned side, size_t tcp_len)
{
    static const uint8_t addresses[2][4] = {{192, 0, 2, 1}, {192, 0, 2, 10}};
    uint8_t *ip = m.frame + ETHERNET;
    memset(m.frame, 2, ETHERNET - 2);
    rig_be_set(m.frame + ETHERNET - 2, 2, 0x0800);
    memset(ip, 0, IP);
    ip[0] = 0x45;
    rig_be_set(ip + 2, 2, IP + tcp_len);
    ip[8] = 64;
    ip[9] = 6;
    memcpy(ip + 12, addresses[side], 4);
    memcpy(ip + 16, addresses[!side], 4);
    rig_be_set(ip + 10, 2, folded(sum_of(ip, IP, 0)));
}

static void write_tcp(unsigned side, unsigned flags, size_t len)
{
    uint8_t *tcp = m.frame + ETHERNET + IP;
    memset(tcp, 0, TCP);
    rig_be_set(tcp, 2, side == INITIATOR ? 40000 : 3260);
    rig_be_set(tcp + 2, 2, side == INITIATOR ? 3260 : 40000);
    rig_be_set(tcp + 4, 4, m.seq[side]);
    rig_be_set(tcp + 8, 4, flags & ACK ? m.seq[!side] : 0);
    tcp[12] = TCP / 4 << 4;
    tcp[13] = (uint8_t)flags;
    rig_be_set(tcp + 14, 2, 65535);
    uint32_t sum = sum_of(tcp - 8, 8 + TCP + len, 6 + TCP + (uint32_t)len);
    rig_be_set(tcp + 16, 2, folded(sum));
}

/* A segment whose payload stands in m.frame already, an even number of bytes. */
static void segment(unsigned side, unsigned flags, size_t len)
{
    uint64_t now = UINT64_C(1700000000000000000) + m.frames++ * STEP_NS;
    uint32_t wire_len = (uint32_t)(HEADERS + len), have = wire_len < m.snap ? wire_len : m.snap;
    const uint32_t head[] = {(uint32_t)(now / 1000000000), (uint32_t)(now % 1000000000), have, wire_len};
    write_ip(side, TCP + len);
    write_tcp(side, flags, len);
    put_words(head, 4);
    put(m.frame, have);
    m.seq[side] += (uint32_t)len + (flags & (SYN | FIN) ? 1 : 0);
}

static uint8_t *payload(rig_pdu_kind kind, uint32_t itt)
{
    uint8_t *bhs = m.frame + HEADERS;
    rig_bhs_init(bhs, kind);
    rig_set(bhs, RIG_F_ITT, itt);
    return bhs;
}

/* What a target says in each of its PDUs. */
static void number(uint8_t *bhs)
{
    rig_set(bhs, RIG_F_STAT_SN, m.stat_sn++);
    rig_set(bhs, RIG_F_EXP_CMD_SN, m.cmd_sn);
    rig_set(bhs, RIG_F_MAX_CMD_SN, m.cmd_sn + 2 * DEPTH);
}

static void pdu(unsigned side, uint8_t *bhs, rig_view data)
{
    size_t padded = (data.len + 3) & ~(size_t)3;
    rig_set(bhs, RIG_F_DATA_LEN, data.len);
    memset(bhs + RIG_BHS_LEN, 0, padded);
    if (data.len)
        memcpy(bhs + RIG_BHS_LEN, data.ptr, data.len);
    segment(side, PUSH | ACK, RIG_BHS_LEN + padded);
}

static void login_request(unsigned csg, unsigned nsg, rig_view text)
{
    uint8_t *bhs = payload(RIG_PDU_LOGIN_REQ, 0);
    rig_set(bhs, RIG_F_T, 1);
    rig_set(bhs, RIG_F_CSG, csg);
    rig_set(bhs, RIG_F_NSG, nsg);
    rig_set(bhs, RIG_F_ISID, UINT64_C(0x00023d000001));
    rig_set(bhs, RIG_F_CMD_SN, m.cmd_sn);
    rig_set(bhs, RIG_F_EXP_STAT_SN, m.stat_sn);
    pdu(INITIATOR, bhs, text);
}

static void login_response(unsigned csg, unsigned nsg, unsigned tsih, rig_view text)
{
    uint8_t *bhs = payload(RIG_PDU_LOGIN_RESP, 0);
    rig_set(bhs, RIG_F_T, 1);
    rig_set(bhs, RIG_F_CSG, csg);
    rig_set(bhs, RIG_F_NSG, nsg);
    rig_set(bhs, RIG_F_ISID, UINT64_C(0x00023d000001));
    rig_set(bhs, RIG_F_TSIH, tsih);
    number(bhs);
    pdu(TARGET, bhs, text);
}

static void log_in(void)
{
#define TEXT(literal) rig_view_of(literal, sizeof literal - 1)
    segment(INITIATOR, SYN, 0);
    segment(TARGET, SYN | ACK, 0);
    segment(INITIATOR, ACK, 0);
    login_request(
        0, 1,
        TEXT("InitiatorName=iqn.2026-01.example.host:bench\0TargetName=iqn.2026-01.example.sim:disk\0"
             "SessionType=Normal\0AuthMethod=None\0"));
    login_response(0, 1, 0, TEXT("TargetPortalGroupTag=1\0AuthMethod=None\0"));
    login_request(1, 3, TEXT("HeaderDigest=None\0DataDigest=None\0MaxRecvDataSegmentLength=65536\0"));
    login_response(1, 3, 1, TEXT("HeaderDigest=None\0DataDigest=None\0"));
#undef TEXT
}

static void command(uint32_t itt)
{
    uint8_t *bhs = payload(RIG_PDU_SCSI_CMD, itt);
    uint8_t *cdb = bhs + 32;
    rig_set(bhs, RIG_F_F, 1);
    rig_set(bhs, RIG_F_R, 1);
    rig_set(bhs, RIG_F_ATTR, 1);
    rig_set(bhs, RIG_F_EDTL, IO);
    rig_set(bhs, RIG_F_CMD_SN, m.cmd_sn++);
    rig_set(bhs, RIG_F_EXP_STAT_SN, m.stat_sn);
    cdb[0] = 0x28; /* READ (10) */
    rig_be_set(cdb + 2, 4, rig_draw(&(rig_draws){.seed = 1}, "place", m.drawn++) % (BLOCKS - IO / 512));
    rig_be_set(cdb + 7, 2, IO / 512);
    pdu(INITIATOR, bhs, (rig_view){NULL, 0});
}

static void answer(uint32_t itt)
{
    static uint8_t data[IO];
    uint8_t *bhs = payload(RIG_PDU_DATA_IN, itt);
    rig_set(bhs, RIG_F_F, 1);
    rig_set(bhs, RIG_F_S, 1);
    rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
    number(bhs);
    memset(data, (int)itt, sizeof data);
    pdu(TARGET, bhs, rig_view_of(data, sizeof data));
}

static void log_out(uint32_t itt)
{
    uint8_t *bhs = payload(RIG_PDU_LOGOUT_REQ, itt);
    rig_set(bhs, RIG_F_CMD_SN, m.cmd_sn++);
    rig_set(bhs, RIG_F_EXP_STAT_SN, m.stat_sn);
    pdu(INITIATOR, bhs, (rig_view){NULL, 0});
    bhs = payload(RIG_PDU_LOGOUT_RESP, itt);
    number(bhs);
    pdu(TARGET, bhs, (rig_view){NULL, 0});
    segment(INITIATOR, FIN | ACK, 0);
    segment(TARGET, FIN | ACK, 0);
}

int main(int argc, char **argv)
{
    uint64_t bytes = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    uint32_t itt = 1, first = 1;
    if (argc > 2)
        m.snap = (uint32_t)strtoul(argv[2], NULL, 10);
    if (bytes == 0 || m.snap == 0)
        return fprintf(stderr, "usage: capture_make BYTES [SNAP]\n") < 0 ? 3 : 2;
    put_file_head();
    log_in();
    while (itt < first + DEPTH)
        command(itt++);
    while (m.written < bytes && !m.failed) {
        answer(first++);
        command(itt++);
    }
    while (first < itt)
        answer(first++);
    log_out(itt);
    return m.failed || fflush(stdout) != 0;
}
