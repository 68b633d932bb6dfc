#include "frames.h"
#include "rig/crc32c.h"

static const rig_view no_data = {NULL, 0};

static void login(uint8_t bhs[RIG_BHS_LEN], bool transit, unsigned csg, unsigned nsg)
{
    rig_bhs_init(bhs, RIG_PDU_LOGIN_REQ);
    rig_set(bhs, RIG_F_T, transit);
    rig_set(bhs, RIG_F_CSG, csg);
    rig_set(bhs, RIG_F_NSG, nsg);
    rig_set(bhs, RIG_F_ITT, 1);
}

static void login_response(uint8_t bhs[RIG_BHS_LEN], bool transit, unsigned csg, unsigned nsg,
                           unsigned status)
{
    rig_bhs_init(bhs, RIG_PDU_LOGIN_RESP);
    rig_set(bhs, RIG_F_T, transit);
    rig_set(bhs, RIG_F_CSG, csg);
    rig_set(bhs, RIG_F_NSG, nsg);
    rig_set(bhs, RIG_F_ITT, 1);
    rig_set(bhs, RIG_F_LOGIN_STATUS, status);
}

/* Appends the digest of what stands before it. */
static size_t add_digest(uint8_t *bytes, size_t from, size_t to)
{
    rig_crc32c_store(rig_crc32c_update(RIG_CRC32C_START, bytes + from, to - from), bytes + to);
    return to + RIG_DIGEST_LEN;
}

static size_t digested_pdu(uint8_t *out, const uint8_t bhs[RIG_BHS_LEN], rig_view data, bool header,
                           bool body)
{
    uint8_t plain[4096];
    size_t len = frames_pdu(plain, bhs, data), at = RIG_BHS_LEN;
    memcpy(out, plain, RIG_BHS_LEN);
    if (header)
        at = add_digest(out, 0, at);
    size_t data_at = at;
    memcpy(out + at, plain + RIG_BHS_LEN, len - RIG_BHS_LEN);
    at += len - RIG_BHS_LEN;
    return body && data.len ? add_digest(out, data_at, at) : at;
}

static void log_in(play *p, rig_view request, rig_view answer)
{
    uint8_t bhs[RIG_BHS_LEN];
    play_connect(p);
    login(bhs, true, 1, 3);
    play_pdu(p, INITIATOR, bhs, request);
    login_response(bhs, true, 1, 3, 0);
    play_pdu(p, TARGET, bhs, answer);
}

/* ---- digests ---- */

static void digests_follow_the_login(void)
{
    static const struct {
        const char *request, *answer;
        bool header, data;
    } rows[] = {
        {"HeaderDigest=CRC32C,None\nDataDigest=CRC32C\n", "HeaderDigest=CRC32C\nDataDigest=CRC32C\n", true,
         true},
        {"HeaderDigest=CRC32C,None\nDataDigest=CRC32C,None\n", "HeaderDigest=None\nDataDigest=CRC32C\n",
         false, true},
        {"HeaderDigest=CRC32C\n", "HeaderDigest=CRC32C\n", true, false},
        {"HeaderDigest=CRC32C,None\n", "HeaderDigest=Reject\n", false, false},
        {"HeaderDigest=CRC32C,None\n", "", false, false},
        {"", "HeaderDigest=CRC32C\n", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        play p;
        char request[200], answer[200];
        uint8_t bhs[RIG_BHS_LEN], bytes[512];
        play_begin(&p, RIG_PORT);
        memset(request, 0, sizeof request);
        memcpy(request, rows[i].request, strlen(rows[i].request));
        memset(answer, 0, sizeof answer);
        memcpy(answer, rows[i].answer, strlen(rows[i].answer));
        for (size_t c = 0; c < sizeof request; c++) {
            request[c] = request[c] == '\n' ? '\0' : request[c];
            answer[c] = answer[c] == '\n' ? '\0' : answer[c];
        }
        log_in(&p, rig_view_of(request, strlen(rows[i].request)),
               rig_view_of(answer, strlen(rows[i].answer)));
        nop_out(bhs, 9, 1);
        for (unsigned side = 0; side < 2; side++) {
            if (side == TARGET)
                rig_bhs_init(bhs, RIG_PDU_NOP_IN);
            size_t len = digested_pdu(bytes, bhs, TEXT_VIEW("ping!"), rows[i].header, rows[i].data);
            play_bytes(&p, side, rig_view_of(bytes, len));
            play_bytes(&p, side, rig_view_of(bytes, len));
        }
        CU_ASSERT_EQUAL(p.items.num, 7);
        CU_ASSERT_EQUAL(p.flow.header_digest, rows[i].header);
        CU_ASSERT_EQUAL(p.flow.data_digest, rows[i].data);
        for (size_t n = 3; n < p.items.num; n++) {
            const rig_pdu *pdu = &p.items.ptr[n].pdu;
            CU_ASSERT(is_pdu(&p, n, n < 5 ? RIG_PDU_NOP_OUT : RIG_PDU_NOP_IN, n < 5));
            CU_ASSERT_EQUAL(pdu->has_header_digest, rows[i].header);
            CU_ASSERT_EQUAL(pdu->has_data_digest, rows[i].data);
            CU_ASSERT(!pdu->bad_header_digest && !pdu->bad_data_digest && !pdu->bad_padding);
            CU_ASSERT(rig_view_is(pdu->data, "ping!"));
        }
        CU_ASSERT_EQUAL(rig_streams_end(p.streams), RIG_OK);
        CU_ASSERT_EQUAL(p.items.num, 7);
        play_end(&p);
    }
}

/* The target may offer, and the initiator answer in its next request; keys may be cut in two by the C bit. */
static void offer_of_the_target_and_text_in_parts(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN], bytes[256];
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    login(bhs, false, 1, 0);
    play_pdu(&p, INITIATOR, bhs, TEXT_VIEW("InitiatorName=iqn.2026-01.example:a\0"));
    login_response(bhs, false, 1, 0, 0);
    rig_set(bhs, RIG_F_C, 1);
    play_pdu(&p, TARGET, bhs, TEXT_VIEW("HeaderDi"));
    login(bhs, false, 1, 0);
    play_pdu(&p, INITIATOR, bhs, no_data);
    login_response(bhs, false, 1, 0, 0);
    play_pdu(&p, TARGET, bhs, TEXT_VIEW("gest=CRC32C,None\0"));
    login(bhs, true, 1, 3);
    play_pdu(&p, INITIATOR, bhs, TEXT_VIEW("HeaderDigest=CRC32C\0"));
    login_response(bhs, true, 1, 3, 0);
    play_pdu(&p, TARGET, bhs, no_data);
    nop_out(bhs, 1, 1);
    play_bytes(&p, INITIATOR, rig_view_of(bytes, digested_pdu(bytes, bhs, no_data, true, false)));
    CU_ASSERT_EQUAL(p.items.num, 8);
    CU_ASSERT_EQUAL(p.items.ptr[2].text.len, 0);
    CU_ASSERT(rig_view_eq(p.items.ptr[4].text, TEXT_VIEW("HeaderDigest=CRC32C,None\0")));
    CU_ASSERT(p.items.ptr[7].pdu.has_header_digest);
    CU_ASSERT(!p.items.ptr[7].pdu.bad_header_digest);
    play_end(&p);
}

static void failed_login_starts_no_digests(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN];
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    login(bhs, true, 1, 3);
    play_pdu(&p, INITIATOR, bhs, TEXT_VIEW("HeaderDigest=CRC32C\0"));
    login_response(bhs, true, 1, 3, 0x0201);
    play_pdu(&p, TARGET, bhs, TEXT_VIEW("HeaderDigest=CRC32C\0"));
    nop_out(bhs, 1, 1);
    play_pdu(&p, INITIATOR, bhs, no_data);
    CU_ASSERT(is_pdu(&p, 3, RIG_PDU_NOP_OUT, true));
    CU_ASSERT(!p.flow.header_digest);
    play_end(&p);
}

static void bad_digests_are_shown_and_passed(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN], bytes[512];
    play_begin(&p, RIG_PORT);
    log_in(&p, TEXT_VIEW("HeaderDigest=CRC32C\0DataDigest=CRC32C\0"),
           TEXT_VIEW("HeaderDigest=CRC32C\0DataDigest=CRC32C\0"));
    nop_out(bhs, 9, 1);
    size_t len = digested_pdu(bytes, bhs, TEXT_VIEW("abcd"), true, true);
    bytes[RIG_BHS_LEN] ^= 1;
    play_bytes(&p, INITIATOR, rig_view_of(bytes, len));
    bytes[RIG_BHS_LEN] ^= 1;
    bytes[RIG_BHS_LEN + RIG_DIGEST_LEN] ^= 1;
    play_bytes(&p, INITIATOR, rig_view_of(bytes, len));
    CU_ASSERT_EQUAL(p.items.num, 5);
    CU_ASSERT(p.items.ptr[3].pdu.bad_header_digest && !p.items.ptr[3].pdu.bad_data_digest);
    CU_ASSERT(!p.items.ptr[4].pdu.bad_header_digest && p.items.ptr[4].pdu.bad_data_digest);
    play_end(&p);
}

static void digests_are_found_without_the_login(void)
{
    for (unsigned bits = 0; bits < 4; bits++) {
        play p;
        bool header = bits & 1, data = bits & 2;
        uint8_t bhs[RIG_BHS_LEN], bytes[512];
        play_begin(&p, RIG_PORT);
        nop_out(bhs, 9, 1);
        rig_view ping = TEXT_VIEW("ping");
        for (int i = 0; i < 3; i++)
            play_bytes(&p, INITIATOR, rig_view_of(bytes, digested_pdu(bytes, bhs, ping, header, data)));
        CU_ASSERT(is_event(&p, 0, "midstream", "192.0.2.10:3260"));
        CU_ASSERT_EQUAL(p.items.num, 4);
        CU_ASSERT_EQUAL(p.flow.header_digest, header);
        CU_ASSERT_EQUAL(p.flow.data_digest, data);
        CU_ASSERT(is_pdu(&p, 3, RIG_PDU_NOP_OUT, true));
        CU_ASSERT(!p.items.ptr[3].pdu.bad_header_digest && !p.items.ptr[3].pdu.bad_data_digest);
        play_end(&p);
    }
}

/* ---- who speaks iSCSI ---- */

static void login_on_any_port_is_recognised(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN], bytes[128];
    rig_view name = TEXT_VIEW("InitiatorName=iqn.a\0");
    play_begin(&p, 13260);
    play_connect(&p);
    login(bhs, true, 0, 1);
    size_t len = frames_pdu(bytes, bhs, name);
    for (size_t i = 0; i < len; i++)
        play_bytes(&p, INITIATOR, rig_view_of(bytes + i, 1));
    login_response(bhs, true, 0, 1, 0);
    play_pdu(&p, TARGET, bhs, no_data);
    CU_ASSERT_EQUAL(p.items.num, 3);
    CU_ASSERT(is_event(&p, 0, "connect", "192.0.2.10:13260"));
    CU_ASSERT(is_pdu(&p, 1, RIG_PDU_LOGIN_REQ, true));
    CU_ASSERT(rig_view_eq(p.items.ptr[1].text, name));
    CU_ASSERT_EQUAL(p.items.ptr[1].pdu.offset, 0);
    CU_ASSERT(is_pdu(&p, 2, RIG_PDU_LOGIN_RESP, false));
    play_end(&p);
}

static void other_protocols_are_passed_over(void)
{
    static const char long_c[] = "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";
    static const char *const first[] = {"GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n", "C", long_c};
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        play p;
        uint32_t connections, frames;
        play_begin(&p, 80);
        play_connect(&p);
        play_bytes(&p, INITIATOR, rig_view_str(first[i]));
        play_bytes(&p, TARGET, TEXT_VIEW("HTTP/1.1 200 OK\r\n"));
        play_flag(&p, TARGET, FIN | ACK);
        play_flag(&p, INITIATOR, FIN | ACK);
        CU_ASSERT_EQUAL(rig_streams_end(p.streams), RIG_OK);
        CU_ASSERT_EQUAL(p.items.num, 0);
        rig_streams_count(p.streams, &connections, &frames);
        CU_ASSERT_EQUAL(connections, 0);
        CU_ASSERT_EQUAL(frames, 7);
        play_end(&p);
    }
}

static void garbage_on_the_port_is_said_once(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN];
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    play_bytes(&p, INITIATOR,
               TEXT_VIEW("GET / HTTP/1.1\r\nHost: disk.example\r\nAccept: */*\r\nUser-Agent: x\r\n\r\n"));
    play_bytes(&p, INITIATOR,
               TEXT_VIEW("GET / HTTP/1.1\r\nHost: disk.example\r\nAccept: */*\r\nUser-Agent: x\r\n\r\n"));
    CU_ASSERT_EQUAL(p.items.num, 2);
    CU_ASSERT(is_event(&p, 1, "garbage", "offset=0 to-target=yes hex:474554202f20485454502f312e310d0a"));
    nop_out(bhs, 1, 1);
    play_pdu(&p, INITIATOR, bhs, no_data);
    CU_ASSERT(is_event(&p, 2, "resync", "offset=132 skipped=66 to-target=yes"));
    CU_ASSERT(is_pdu(&p, 3, RIG_PDU_NOP_OUT, true));
    play_end(&p);
}

static void wrong_pdus_are_still_pdus(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN];
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    rig_bhs_init(bhs, RIG_PDU_NOP_OUT);
    bhs[0] = 0x1e;
    play_pdu(&p, INITIATOR, bhs, TEXT_VIEW("abc"));
    rig_bhs_init(bhs, RIG_PDU_LOGIN_RESP);
    play_pdu(&p, INITIATOR, bhs, no_data);
    CU_ASSERT(is_pdu(&p, 1, RIG_PDU_UNKNOWN, true));
    CU_ASSERT(is_pdu(&p, 2, RIG_PDU_LOGIN_RESP, true));
    play_end(&p);
}

static void port_roles_when_the_capture_begins_late(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN];
    play_begin(&p, 860);
    rig_bhs_init(bhs, RIG_PDU_NOP_IN);
    rig_set(bhs, RIG_F_TTT, 5);
    play_bytes(&p, TARGET, TEXT_VIEW("the rest of some payload, not the beginning of a PDU"));
    play_pdu(&p, TARGET, bhs, no_data);
    nop_out(bhs, RIG_TAG_NONE, 1);
    play_pdu(&p, INITIATOR, bhs, no_data);
    CU_ASSERT(is_event(&p, 0, "midstream", "192.0.2.10:860"));
    CU_ASSERT(is_event(&p, 1, "resync", "offset=52 skipped=52 to-target=no"));
    CU_ASSERT(is_pdu(&p, 2, RIG_PDU_NOP_IN, false));
    CU_ASSERT(is_pdu(&p, 3, RIG_PDU_NOP_OUT, true));
    CU_ASSERT_EQUAL(p.items.num, 4);
    play_end(&p);
}

/* ---- the ends of connections ---- */

static void close_tells_who(void)
{
    for (unsigned side = 0; side < 2; side++)
        for (unsigned reset = 0; reset < 2; reset++) {
            play p;
            char args[40];
            rig_text text;
            rig_text_init(&text, args, sizeof args);
            rig_text_add(&text, "by %s%s", side == INITIATOR ? "initiator" : "target",
                         reset ? " reason=reset" : "");
            play_begin(&p, RIG_PORT);
            play_connect(&p);
            play_flag(&p, side, reset ? RST | ACK : FIN | ACK);
            play_flag(&p, !side, FIN | ACK);
            CU_ASSERT_EQUAL(rig_streams_end(p.streams), RIG_OK);
            CU_ASSERT_EQUAL(p.items.num, 2);
            CU_ASSERT(is_event(&p, 1, "close", args));
            play_end(&p);
        }
}

static void refused_connection(void)
{
    play p;
    play_begin(&p, RIG_PORT);
    play_flag(&p, INITIATOR, SYN);
    play_segment(&p, TARGET, 0, RST | ACK, no_data);
    CU_ASSERT(is_event(&p, 0, "connect", "192.0.2.10:3260"));
    CU_ASSERT(is_event(&p, 1, "close", "by target reason=reset"));
    CU_ASSERT_EQUAL(p.items.num, 2);
    play_end(&p);
}

static void truncated_pdu_is_said(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN];
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    nop_out(bhs, 1, 1);
    play_bytes(&p, INITIATOR, rig_view_of(bhs, 48));
    play_bytes(&p, INITIATOR, rig_view_of(bhs, 20));
    play_flag(&p, INITIATOR, FIN | ACK);
    CU_ASSERT(is_event(&p, 2, "truncated", "offset=48 have=20 to-target=yes"));
    CU_ASSERT(is_event(&p, 3, "close", "by initiator"));
    play_end(&p);
}

static void ports_used_again_are_another_connection(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN];
    play_begin(&p, RIG_PORT);
    nop_out(bhs, 1, 1);
    for (uint32_t i = 0; i < 3; i++) {
        play_connect(&p);
        play_pdu(&p, INITIATOR, bhs, no_data);
        CU_ASSERT_EQUAL(p.items.ptr[p.items.num - 1].connection, i);
        if (i == 0) {
            play_flag(&p, INITIATOR, FIN | ACK);
            play_flag(&p, TARGET, FIN | ACK);
        }
        p.ends[INITIATOR].seq += 70000;
        p.ends[TARGET].seq += 90000;
    }
    CU_ASSERT_EQUAL(p.items.num, 7);
    play_end(&p);
}

/* ---- payloads ---- */

static void long_payload_is_kept_in_part(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN], stream[48 + 4000], data[4000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)i;
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    rig_bhs_init(bhs, RIG_PDU_DATA_IN);
    size_t len = frames_pdu(stream, bhs, rig_view_of(data, sizeof data));
    for (size_t at = 0; at < len; at += 37)
        play_bytes(&p, TARGET, rig_view_sub(rig_view_of(stream, len), at, 37));
    CU_ASSERT_EQUAL(p.items.num, 2);
    CU_ASSERT(is_pdu(&p, 1, RIG_PDU_DATA_IN, false));
    CU_ASSERT_EQUAL(p.items.ptr[1].data_len, 4000);
    CU_ASSERT(rig_view_eq(p.items.ptr[1].pdu.data, rig_view_of(data, RIG_ITEM_DATA_KEPT)));
    play_end(&p);
}

static void whole_payload_on_request(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN], stream[48 + 4000], data[4000];
    memset(data, 0x77, sizeof data);
    play_begin(&p, RIG_PORT);
    rig_streams_free(p.streams);
    const rig_streams_config config = {
        .alloc = &p.meter.alloc, .whole_data = true, .item = play_item, .ctx = &p};
    CU_ASSERT_EQUAL_FATAL(rig_streams_new(&config, &p.streams), RIG_OK);
    p.items.keep_data = true;
    play_connect(&p);
    rig_bhs_init(bhs, RIG_PDU_DATA_IN);
    size_t len = frames_pdu(stream, bhs, rig_view_of(data, sizeof data));
    play_bytes(&p, TARGET, rig_view_of(stream, 100));
    play_bytes(&p, TARGET, rig_view_of(stream + 100, len - 100));
    CU_ASSERT(rig_view_eq(p.items.ptr[1].pdu.data, rig_view_of(data, sizeof data)));
    play_end(&p);
}

/* A capture of the first bytes of each frame still shows every PDU whose header is in them. */
static void short_frames_lose_no_headers(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN], stream[48 + 8000], data[8000] = {0};
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    p.snap = 14 + 20 + 20 + 60;
    for (uint32_t i = 0; i < 10; i++) {
        rig_bhs_init(bhs, RIG_PDU_DATA_IN);
        rig_set(bhs, RIG_F_DATA_SN, i);
        size_t len = frames_pdu(stream, bhs, rig_view_of(data, sizeof data));
        for (size_t at = 0; at < len; at += 1460)
            play_bytes(&p, TARGET, rig_view_sub(rig_view_of(stream, len), at, 1460));
    }
    CU_ASSERT_EQUAL(p.items.num, 11);
    for (uint32_t i = 0; i < 10; i++) {
        CU_ASSERT(is_pdu(&p, i + 1, RIG_PDU_DATA_IN, false));
        CU_ASSERT_EQUAL(rig_get(p.items.ptr[i + 1].pdu.bhs, RIG_F_DATA_SN), i);
        CU_ASSERT_EQUAL(p.items.ptr[i + 1].pdu.data.len, 12);
        CU_ASSERT(p.items.ptr[i + 1].missing > 7000);
    }
    play_end(&p);
}

/* ---- frames ---- */

static size_t packet_of_nop(play *p, uint8_t *out)
{
    uint8_t bhs[RIG_BHS_LEN];
    nop_out(bhs, 1, 1);
    return frames_packet(p, INITIATOR, p->ends[INITIATOR].seq, 0, ACK, rig_view_of(bhs, 48), out);
}

static void expect_one_nop(play *p, rig_link_type link, const uint8_t *frame, size_t len)
{
    CU_ASSERT_EQUAL(play_frame(p, link, rig_view_of(frame, len)), RIG_OK);
    CU_ASSERT_EQUAL(p->items.num, 2);
    CU_ASSERT(is_pdu(p, 1, RIG_PDU_NOP_OUT, true));
    play_end(p);
}

static void every_link_type(void)
{
    static const struct {
        rig_link_type link;
        uint8_t len;
        uint8_t header[24];
    } rows[] = {
        {RIG_LINK_ETHERNET, 14, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}},
        {RIG_LINK_ETHERNET, 18, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 5, 8, 0}},
        {RIG_LINK_ETHERNET, 22, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0}},
        {RIG_LINK_SLL, 16, {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0}},
        {RIG_LINK_SLL2, 20, {8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6}},
        {RIG_LINK_RAW, 0, {0}},
        {RIG_LINK_NULL, 4, {2, 0, 0, 0}},
        {RIG_LINK_NULL, 4, {0, 0, 0, 2}},
        {RIG_LINK_LOOP, 4, {0, 0, 0, 2}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        play p;
        uint8_t frame[200];
        play_begin(&p, RIG_PORT);
        memcpy(frame, rows[i].header, rows[i].len);
        size_t len = packet_of_nop(&p, frame + rows[i].len);
        expect_one_nop(&p, rows[i].link, frame, rows[i].len + len);
    }
}

static void ip6_with_extension_headers(void)
{
    static const uint8_t chain[] = {43, 0, 1, 4, 0, 0, 0, 0,                         /* hop by hop */
                                    60, 0, 0, 0, 0, 0, 0, 0,                         /* routing */
                                    51, 1, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* destination */
                                    44, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* authentication */
                                    6,  0, 0, 0, 0, 0, 0, 1};                        /* atomic fragment */
    play p;
    uint8_t packet[300], bhs[RIG_BHS_LEN];
    play_begin(&p, RIG_PORT);
    p.version = 6;
    p.ends[INITIATOR].address[0] = p.ends[TARGET].address[0] = 0xfd;
    size_t len = packet_of_nop(&p, packet);
    memmove(packet + 40 + sizeof chain, packet + 40, len - 40);
    memcpy(packet + 40, chain, sizeof chain);
    packet[6] = 0;
    rig_be_set(packet + 4, 2, len - 40 + sizeof chain);
    expect_one_nop(&p, RIG_LINK_RAW, packet, len + sizeof chain);

    play_begin(&p, RIG_PORT);
    p.version = 6;
    memset(p.ends[TARGET].address, 0, 16);
    p.ends[TARGET].address[15] = 1;
    play_connect(&p);
    nop_out(bhs, 1, 1);
    play_pdu(&p, INITIATOR, bhs, no_data);
    CU_ASSERT(is_event(&p, 0, "connect", "[::1]:3260"));
    CU_ASSERT(is_pdu(&p, 1, RIG_PDU_NOP_OUT, true));
    play_end(&p);
}

static void padding_behind_the_packet_is_no_payload(void)
{
    play p;
    uint8_t frame[64] = {0};
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    rig_be_set(frame + 12, 2, 0x0800);
    frames_packet(&p, INITIATOR, p.ends[INITIATOR].seq, 0, ACK, no_data, frame + 14);
    memset(frame + 54, 0xaa, 6);
    CU_ASSERT_EQUAL(play_frame(&p, RIG_LINK_ETHERNET, rig_view_of(frame, 60)), RIG_OK);
    CU_ASSERT_EQUAL(rig_streams_end(p.streams), RIG_OK);
    CU_ASSERT_EQUAL(p.items.num, 1);
    play_end(&p);
}

/* ---- memory ---- */

static rig_status whole_play(play *p)
{
    uint8_t bhs[RIG_BHS_LEN], data[300] = {0};
    rig_status status;
    const rig_streams_config config = {.alloc = &p->meter.alloc, .item = play_item, .ctx = p};
    status = rig_streams_new(&config, &p->streams);
    rig_bhs_init(bhs, RIG_PDU_NOP_OUT);
    rig_set(bhs, RIG_F_DATA_LEN, sizeof data);
    const rig_view parts[] = {rig_view_of(bhs, 48), rig_view_of(data, 150), rig_view_of(data + 150, 150)};
    static const uint8_t order[] = {0, 2, 1};
    static const uint32_t at[] = {0, 48, 198};
    for (size_t i = 0; i < 3 && status == RIG_OK; i++) {
        size_t len = frames_packet(p, INITIATOR, 77 + at[order[i]], 0, ACK, parts[order[i]], p->frame);
        status = play_frame(p, RIG_LINK_RAW, rig_view_of(p->frame, len));
    }
    return status == RIG_OK ? rig_streams_end(p->streams) : status;
}

static void every_allocation_may_fail(void)
{
    bool done = false;
    unsigned failures = 0;
    for (uint64_t n = 1; n < 100 && !done; n++) {
        play p;
        play_begin(&p, RIG_PORT);
        rig_streams_free(p.streams);
        p.streams = NULL;
        p.meter.num_calls = 0;
        p.meter.fail_at = n;
        rig_status status = whole_play(&p);
        CU_ASSERT(status == RIG_OK || status == RIG_E_NOMEM);
        done = status == RIG_OK;
        failures += !done;
        play_end(&p);
    }
    CU_ASSERT(done);
    CU_ASSERT(failures >= 6);
}

static rig_status refuse(void *ctx, const rig_flow *flow, const rig_item *item)
{
    (void)ctx;
    (void)flow;
    return item->kind == RIG_ITEM_PDU ? RIG_E_ABORTED : RIG_OK;
}

static void the_users_status_comes_back(void)
{
    play p;
    play_begin(&p, RIG_PORT);
    rig_streams_free(p.streams);
    const rig_streams_config config = {.alloc = &p.meter.alloc, .item = refuse, .ctx = &p};
    CU_ASSERT_EQUAL_FATAL(rig_streams_new(&config, &p.streams), RIG_OK);
    size_t len = packet_of_nop(&p, p.frame);
    CU_ASSERT_EQUAL(play_frame(&p, RIG_LINK_RAW, rig_view_of(p.frame, len)), RIG_E_ABORTED);
    play_end(&p);
}

RIG_SUITE("pcap streams", {"digests follow the login", digests_follow_the_login},
          {"an offer of the target, and text in parts", offer_of_the_target_and_text_in_parts},
          {"a failed login starts no digests", failed_login_starts_no_digests},
          {"bad digests are shown and passed", bad_digests_are_shown_and_passed},
          {"digests are found without the login", digests_are_found_without_the_login},
          {"a login on any port is recognised", login_on_any_port_is_recognised},
          {"other protocols are passed over", other_protocols_are_passed_over},
          {"garbage on the port is said once", garbage_on_the_port_is_said_once},
          {"wrong PDUs are still PDUs", wrong_pdus_are_still_pdus},
          {"roles by port when the capture begins late", port_roles_when_the_capture_begins_late},
          {"close tells who", close_tells_who}, {"a refused connection", refused_connection},
          {"a truncated PDU is said", truncated_pdu_is_said},
          {"ports used again are another connection", ports_used_again_are_another_connection},
          {"a long payload is kept in part", long_payload_is_kept_in_part},
          {"a whole payload on request", whole_payload_on_request},
          {"short frames lose no headers", short_frames_lose_no_headers},
          {"every link type", every_link_type}, {"IPv6 with extension headers", ip6_with_extension_headers},
          {"padding behind the packet is no payload", padding_behind_the_packet_is_no_payload},
          {"every allocation may fail", every_allocation_may_fail},
          {"the user's status comes back", the_users_status_comes_back})
