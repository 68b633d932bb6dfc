#include "ipsec_talk.h"

#include "rig/draws.h"

#include <stdio.h>

static talk t;

/* ---- lines ---- */

static void play_lines(talk_plan plan, const char *lines)
{
    talk_begin(&t, plan);
    talk_all(&t);
    CU_ASSERT_STRING_EQUAL(t.lines.ptr, lines);
    talk_end(&t);
}

static void main_lines(void)
{
    play_lines((talk_plan){.pfs = true, .tunnel = true},
               "> IKE main 1 SA group=14\n"
               "< IKE main 2 SA group=14\n"
               "> IKE main 3 KE NONCE\n"
               "< IKE main 4 KE NONCE\n"
               "> IKE main 5 E ID HASH\n"
               "< IKE main 6 E ID HASH\n"
               "> IKE quick 1 E id=0x8f1cbd27 HASH SA NONCE KE ID ID spi=0x51a93c00 encap=tunnel group=14\n"
               "< IKE quick 2 E id=0x8f1cbd27 HASH SA NONCE KE ID ID spi=0x51a93c01 encap=tunnel group=14\n"
               "> IKE quick 3 E id=0x8f1cbd27 HASH\n"
               "> ESP spi=0x51a93c01 seq=1 IPv4\n"
               "< ESP spi=0x51a93c00 seq=1 IPv4\n"
               "> ESP spi=0x51a93c01 seq=2 IPv4\n"
               "> ESP spi=0x51a93c01 seq=3 IPv4\n"
               "< ESP spi=0x51a93c00 seq=2 IPv4\n");
}

static void aggressive_lines(void)
{
    play_lines((talk_plan){.aggressive = true, .nat_t = true, .fault = F_REFUSE_QUICK},
               "> IKE aggressive 1 SA KE NONCE ID group=14\n"
               "< IKE aggressive 2 SA KE NONCE ID HASH group=14\n"
               "> IKE aggressive 3 E HASH\n"
               "> IKE quick 1 E id=0x8f1cbd27 HASH SA NONCE ID ID spi=0x51a93c00 encap=udp-transport\n"
               "< IKE info 1 E id=0x11223344 HASH N NO-PROPOSAL-CHOSEN\n");
}

static void lines_without_keys(void)
{
    play_lines((talk_plan){.aggressive = true, .fault = F_NO_KEYS},
               "> IKE aggressive 1 SA KE NONCE ID group=14\n"
               "< IKE aggressive 2 SA KE NONCE ID HASH group=14\n"
               "> IKE aggressive 3 E HASH ?\n"
               "> IKE quick 1 E id=0x8f1cbd27 HASH ?\n"
               "< IKE quick 2 E id=0x8f1cbd27 HASH ?\n"
               "> IKE quick 3 E id=0x8f1cbd27 HASH ?\n"
               "> ESP spi=0x51a93c01 seq=1 ? !not-negotiated\n"
               "< ESP spi=0x51a93c00 seq=1 ? !not-negotiated\n"
               "> ESP spi=0x51a93c01 seq=2 ? !not-negotiated\n"
               "> ESP spi=0x51a93c01 seq=3 ? !not-negotiated\n"
               "< ESP spi=0x51a93c00 seq=2 ? !not-negotiated\n");
}

/* Noise under the key that is known is no malformed message. */
static void lines_of_another_key(void)
{
    play_lines((talk_plan){.fault = F_BAD_KEY}, "> IKE main 1 SA group=14\n"
                                                "< IKE main 2 SA group=14\n"
                                                "> IKE main 3 KE NONCE\n"
                                                "< IKE main 4 KE NONCE\n"
                                                "> IKE main 5 E ID HASH\n"
                                                "< IKE info 1 E id=0x11223344 HASH ?\n");
}

static void lines_of_flaws(void)
{
    play_lines((talk_plan){.fault = F_REFUSE_PHASE1}, "> IKE main 1 SA group=14\n"
                                                      "< IKE info 1 id=0x11223344 N NO-PROPOSAL-CHOSEN\n");
    talk_begin(&t, (talk_plan){.fault = F_FLAW});
    talk_extra(&t);
    CU_ASSERT_STRING_EQUAL(t.lines.ptr, "! malformed IKE byte=0 header length wanted=28 came=16\n");
    talk_end(&t);
}

/* ---- what is inside is read like anything else ---- */

static void inside(void)
{
    talk_begin(&t, (talk_plan){.tunnel = true, .ip6 = true});
    talk_all(&t);
    CU_ASSERT(is_event(&t.p, 0, "connect", "[2001:db8::2]:3260"));
    CU_ASSERT(is_pdu(&t.p, 1, RIG_PDU_LOGIN_REQ, true));
    CU_ASSERT_EQUAL(t.p.items.num, 2);
    CU_ASSERT_EQUAL(t.p.items.ptr[1].frame, 6 + 3 + 4);
    CU_ASSERT(!t.p.items.ptr[0].leaked && !t.p.items.ptr[1].leaked);
    talk_end(&t);
}

/* What has a wrong ICV is dropped by whoever it goes to. */
static void bad_icv(void)
{
    talk_begin(&t, (talk_plan){.fault = F_BAD_ICV});
    talk_all(&t);
    CU_ASSERT(strstr(t.lines.ptr, "> ESP spi=0x51a93c01 seq=2 ? !bad-icv\n") != NULL);
    talk_end(&t);
}

/* ---- leaks ---- */

static void leaks_of_a_connection(void)
{
    talk_begin(&t, (talk_plan){.fault = F_NO_ESP});
    talk_all(&t);
    talk_tcp(&t);
    size_t before = t.p.items.num;
    talk_clear(&t, TARGET, ACK);
    talk_clear(&t, TARGET, ACK);
    CU_ASSERT_EQUAL(t.p.items.num, before + 1);
    CU_ASSERT(is_event(&t.p, before, "clear", "to-target=no") && t.p.items.ptr[before].leaked);
    talk_end(&t);
}

/* The SYN left before the first message of IKE: what comes inside ESP since tells of it, once. */
static void leak_before_anything(void)
{
    talk_begin(&t, (talk_plan){.tunnel = true});
    talk_clear(&t, INITIATOR, SYN);
    CU_ASSERT(t.p.items.num == 1 && !t.p.items.ptr[0].leaked);
    talk_all(&t);
    CU_ASSERT_EQUAL_FATAL(t.p.items.num, 3);
    CU_ASSERT(is_event(&t.p, 1, "clear", "to-target=yes") && t.p.items.ptr[1].leaked);
    CU_ASSERT(is_pdu(&t.p, 2, RIG_PDU_LOGIN_REQ, true) && !t.p.items.ptr[2].leaked);
    talk_end(&t);
}

/* During phase 1 no port is known: a SYN to any iSCSI port should have waited. */
static void leak_in_front(void)
{
    talk_begin(&t, (talk_plan){.fault = F_REFUSE_PHASE1});
    talk_clear(&t, INITIATOR, SYN);
    CU_ASSERT(t.p.items.num == 1 && !t.p.items.ptr[0].leaked);
    talk_all(&t);
    t.p.ends[INITIATOR].port++;
    talk_clear(&t, INITIATOR, SYN);
    CU_ASSERT_EQUAL_FATAL(t.p.items.num, 2);
    CU_ASSERT(is_event(&t.p, 1, "connect", "192.0.2.10:3260") && t.p.items.ptr[1].leaked);
    talk_end(&t);
}

/* Quick mode said that it is about port 3260; 860 is somebody else's affair. */
static void leak_by_port(void)
{
    talk_begin(&t, (talk_plan){.fault = F_NO_ESP});
    talk_all(&t);
    t.p.ends[TARGET].port = 860;
    talk_clear(&t, INITIATOR, SYN);
    CU_ASSERT(t.p.items.num == 1 && !t.p.items.ptr[0].leaked);
    t.p.ends[TARGET].port = 3260;
    talk_clear(&t, INITIATOR, SYN);
    CU_ASSERT(t.p.items.num == 2 && t.p.items.ptr[1].leaked);
    talk_end(&t);
}

/* A guard is remembered until as many as are kept came behind it. */
static void limit_of_guards(void)
{
    for (unsigned past = 0; past < 2; past++) {
        play p;
        play_begin(&p, 3260);
        const rig_ip ends[] = {{{192, 0, 2, 1}, 4}, {{192, 0, 2, 10}, 4}};
        rig_streams_guard(p.streams, &ends[1], &ends[0], 3260);
        for (unsigned i = 1; i < RIG_STREAM_GUARDS_MAX + past; i++) {
            const rig_ip other = {{10, 0, (uint8_t)(i >> 8), (uint8_t)i}, 4};
            rig_streams_guard(p.streams, &ends[0], &other, 3260);
        }
        play_flag(&p, INITIATOR, SYN);
        CU_ASSERT(is_event(&p, 0, "connect", "192.0.2.10:3260"));
        CU_ASSERT_EQUAL(p.items.ptr[0].leaked, past == 0);
        play_end(&p);
    }
}

/* ---- keys ---- */

typedef struct wrong_keys {
    rig_ipsec_keys kind;
    const char *text;
    rig_status status;
    uint32_t line, col;
} wrong_keys;

#define K16 "00112233445566778899aabbccddeeff"
#define K32 K16 K16
#define AES "\"AES-CBC [RFC3602]\""
#define SHA "\"HMAC-SHA-256-128 [RFC4868]\""

static const wrong_keys wrongs[] = {
    {RIG_IPSEC_KEYS_IKE, "0011223344556677," K16 "\n", RIG_OK, 0, 0},
    {RIG_IPSEC_KEYS_IKE, "0011223344556677," K32, RIG_OK, 0, 0},
    {RIG_IPSEC_KEYS_IKE, "\n#\n0011223344556677\n", RIG_E_SYNTAX, 3, 17},
    {RIG_IPSEC_KEYS_IKE, "00112233445566," K16, RIG_E_SYNTAX, 1, 1},
    {RIG_IPSEC_KEYS_IKE, "0011223344556677,001122", RIG_E_SYNTAX, 1, 18},
    {RIG_IPSEC_KEYS_IKE, "0011223344556677," K32 "00", RIG_E_SYNTAX, 1, 18},
    {RIG_IPSEC_KEYS_IKE, "0011223344556677," K16 ",", RIG_E_SYNTAX, 1, 51},
    {RIG_IPSEC_KEYS_ESP,
     "\"IPv4\",\"*\",\"*\",\"0x00000001\"," AES ",\"0x" K16 "\"," SHA ",\"0x" K32 "\"\r\n", RIG_OK, 0, 0},
    {RIG_IPSEC_KEYS_ESP, "\"IPv4\",\"*\",\"*\",\"0x00000001\"," AES ",\"0x" K16 "\"," SHA "\n", RIG_E_SYNTAX,
     1, 114},
    {RIG_IPSEC_KEYS_ESP, "\"IPv5\",\"*\",\"*\",\"0x00000001\"," AES ",\"0x" K16 "\"," SHA ",\"0x" K32 "\"\n",
     RIG_E_SYNTAX, 1, 2},
    {RIG_IPSEC_KEYS_ESP, "\"IPv6\",\"*\",\"*\",\"0x0001\"," AES ",\"0x" K16 "\"," SHA ",\"0x" K32 "\"\n",
     RIG_E_SYNTAX, 1, 17},
    {RIG_IPSEC_KEYS_ESP, "\"IPv6\",\"*\",\"*\",\"0x00000001\",\"DES\",\"0x" K16 "\"," SHA ",\"0x" K32 "\"\n",
     RIG_E_UNSUPPORTED, 1, 30},
    {RIG_IPSEC_KEYS_ESP, "\"IPv4\",\"*\",\"*\",\"0x00000001\"," AES ",\"0x0011\"," SHA ",\"0x" K32 "\"\n",
     RIG_E_SYNTAX, 1, 50},
    {RIG_IPSEC_KEYS_ESP, "\"IPv4\",\"*\",\"*\",\"0x00000001\",\"NULL\",\"0x\",\"none\",\"0x\"\n",
     RIG_E_UNSUPPORTED, 1, 42},
    {RIG_IPSEC_KEYS_ESP, "\"IPv4\",\"*\",\"*\",\"0x00000001\",\"NULL\",\"0x\"," SHA ",\"0x" K16 "\"\n",
     RIG_E_SYNTAX, 1, 71},
    {RIG_IPSEC_KEYS_KEYMAT, "phase1,0011223344556677," K32 "," K32 "\nquick,0011223344556677,00000001,\n",
     RIG_OK, 0, 0},
    {RIG_IPSEC_KEYS_KEYMAT, "phase1,0011223344556677," K32 "\n", RIG_E_SYNTAX, 1, 89},
    {RIG_IPSEC_KEYS_KEYMAT, "phase1,0011223344556677," K32 ",xy\n", RIG_E_SYNTAX, 1, 90},
    {RIG_IPSEC_KEYS_KEYMAT, "phase1,00112233," K32 "," K32 "\n", RIG_E_SYNTAX, 1, 8},
    {RIG_IPSEC_KEYS_KEYMAT, "quick,0011223344556677,1,\n", RIG_E_SYNTAX, 1, 24},
    {RIG_IPSEC_KEYS_KEYMAT, "quick,0011223344556677\n", RIG_E_SYNTAX, 1, 23},
    {RIG_IPSEC_KEYS_KEYMAT, "quick,0011223344556677,00000001,0\n", RIG_E_SYNTAX, 1, 33},
    {RIG_IPSEC_KEYS_KEYMAT, "quick,0011223344556677,00000001," K32 "00\n", RIG_E_SYNTAX, 1, 33},
    {RIG_IPSEC_KEYS_KEYMAT, "phase1,0011223344556677," K32 "," K32 "," K16 "\n", RIG_E_SYNTAX, 1, 155},
    {RIG_IPSEC_KEYS_KEYMAT, "phase1,0011223344556677," K32 "," K32 ",\n", RIG_E_SYNTAX, 1, 155},
    {RIG_IPSEC_KEYS_KEYMAT, "phase1,0011223344556677," K16 "," K16 "\n", RIG_E_SYNTAX, 1, 25},
    {RIG_IPSEC_KEYS_KEYMAT, "phase3,0011223344556677\n", RIG_E_SYNTAX, 1, 1},
};

static rig_status no_event(void *ctx, const rig_ipsec_event *event)
{
    (void)ctx;
    (void)event;
    return RIG_OK;
}

static void texts_of_keys(void)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        const wrong_keys *w = &wrongs[i];
        const rig_ipsec_reader_config config = {.alloc = rig_alloc_libc(), .event = no_event};
        rig_ipsec_reader *reader;
        rig_error err = {0};
        CU_ASSERT_EQUAL_FATAL(rig_ipsec_reader_new(&config, &reader), RIG_OK);
        CU_ASSERT_EQUAL(rig_ipsec_keys_add(reader, w->kind, rig_view_str(w->text), &err), w->status);
        CU_ASSERT(err.line == w->line && err.col == w->col);
        if (err.line != w->line || err.col != w->col)
            printf("\n%u:%u %s: %s", err.line, err.col, err.text, w->text);
        CU_ASSERT((err.text[0] != 0) == (w->status != RIG_OK));
        CU_ASSERT(strstr(err.text, "0011") == NULL); /* what is secret is not said */
        rig_ipsec_reader_free(reader);
    }
}

/* Whoever reads it has to find the place: the field by its name, and what it should be. */
static void cut_lines(void)
{
    static const struct {
        rig_ipsec_keys kind;
        const char *text, *said;
    } rows[] = {
        {RIG_IPSEC_KEYS_IKE, "0011223344556677",
         "field 2 (KEY) is not there: wanted COOKIE,KEY; is the line cut?"},
        {RIG_IPSEC_KEYS_IKE, "0011223344556677,001",
         "field 2 (KEY): wanted 32, 48 or 64 hex digits, came 3 characters; is the line cut?"},
        {RIG_IPSEC_KEYS_ESP, "\"IPv4\",\"*\",\"*\",\"0x0000",
         "field 5 (cipher) is not there: wanted IP version,source,destination,SPI,cipher,cipher "
         "key,integrity,"
         "integrity key; is the line cut?"},
        {RIG_IPSEC_KEYS_KEYMAT, "phase1,0011223344556677," K32 "," K32 "," K16,
         "field 5 (SKEYID): wanted 64 hex digits, as SKEYID_a has, came 32 characters; is the line cut?"},
        {RIG_IPSEC_KEYS_KEYMAT, "phase1,0011223344556677," K32 "," K16 "," K32,
         "field 4 (SKEYID_d): wanted 64 hex digits, as SKEYID_a has, came 32 characters"},
        {RIG_IPSEC_KEYS_KEYMAT, "quick,0011223344556677,00",
         "field 4 (SECRET) is not there: wanted quick,COOKIE,MESSAGE-ID,SECRET; is the line cut?"},
    };
    talk_begin(&t, (talk_plan){.fault = F_NO_KEYS});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_error err = {0};
        CU_ASSERT_EQUAL(rig_ipsec_keys_add(t.reader, rows[i].kind, rig_view_str(rows[i].text), &err),
                        RIG_E_SYNTAX);
        CU_ASSERT_STRING_EQUAL(err.text, rows[i].said);
    }
    talk_end(&t);
}

/* The newest keys of more than are kept still count. */
static void limit_of_keys(void)
{
    talk_begin(&t, (talk_plan){.fault = F_NO_KEYS});
    for (unsigned i = 0; i <= RIG_IPSEC_FOLLOWED_MAX; i++) {
        char text[128];
        rig_text line;
        rig_text_init(&line, text, sizeof text);
        rig_text_add(&line, "%016x,%s\n", i, K16);
        CU_ASSERT_EQUAL(rig_ipsec_keys_add(t.reader, RIG_IPSEC_KEYS_IKE, rig_view_of(text, line.len), NULL),
                        RIG_OK);
    }
    t.plan.fault = F_NO_ESP;
    give_keys(&t);
    talk_all(&t);
    CU_ASSERT(strstr(t.lines.ptr, "> IKE quick 3 E id=0x8f1cbd27 HASH\n") != NULL);
    talk_end(&t);
}

/* Keys that more than are kept follow are forgotten: nothing is read, and nothing is malformed. */
static void keys_forgotten(void)
{
    talk_begin(&t, (talk_plan){.fault = F_NO_ESP});
    for (unsigned i = 0; i < RIG_IPSEC_FOLLOWED_MAX; i++)
        CU_ASSERT_EQUAL(
            rig_ipsec_keys_add(t.reader, RIG_IPSEC_KEYS_IKE, rig_view_str("0000000000000000," K16), NULL),
            RIG_OK);
    talk_all(&t);
    CU_ASSERT(strstr(t.lines.ptr, "> IKE main 5 E ID ?\n") != NULL);
    CU_ASSERT(strstr(t.lines.ptr, "malformed") == NULL);
    talk_end(&t);
}

/* ---- what is malformed ---- */

typedef struct malformed {
    size_t at; /* byte of main message 1 that is set */
    uint8_t value;
    const char *line;
} malformed;

/* Main message 1: header 28, SA 4 + 8, proposal 8, transform 8, attributes of 4. */
static const malformed malformeds[] = {
    {17, 0x20, "! malformed IKE byte=17 header version wanted=16 came=32\n"},
    {27, 0x50, "! malformed IKE byte=24 header length wanted=84 came=80\n"},
    {29, 1, "! malformed IKE byte=29 SA reserved wanted=0 came=1\n"},
    {31, 3, "! malformed IKE byte=30 SA length wanted=4 came=3\n"},
    {30, 9, "! malformed IKE byte=30 SA length wanted=56 came=2360\n"},
    {28, 10, "! malformed IKE byte=84 NONCE length wanted=4 came=0\n"},
    {35, 9, "! malformed IKE byte=32 SA DOI wanted=1 came=9\n"},
    {47, 2, "! malformed IKE byte=47 SA transforms wanted=1 came=2\n"},
    {46, 41, "! malformed IKE byte=44 SA length wanted=45 came=40\n"},
    {51, 99, "! malformed IKE byte=50 SA length wanted=36 came=99\n"},
    {56, 0, "! malformed IKE byte=58 SA attribute-length wanted=24 came=28935\n"},
};

static size_t main_message_1(message *m)
{
    begin_message(&t, m, RIG_IKE_MAIN, 0, true);
    put_payload(m, RIG_IKE_P_SA, t.sa, t.sa_len);
    rig_be_set(m->bytes + 24, 4, m->len);
    return m->len;
}

static void malformed_messages(void)
{
    for (size_t i = 0; i < sizeof malformeds / sizeof malformeds[0]; i++) {
        const malformed *row = &malformeds[i];
        message m;
        talk_begin(&t, (talk_plan){.fault = F_NONE});
        CU_ASSERT_EQUAL(main_message_1(&m), 84);
        m.bytes[row->at] = row->value;
        if (row->at == 56)
            m.bytes[58] = 0x71;
        talk_udp(&t, 0, 500, rig_view_of(m.bytes, m.len));
        CU_ASSERT_EQUAL(strncmp(t.lines.ptr, row->line, strlen(row->line)), 0);
        if (strncmp(t.lines.ptr, row->line, strlen(row->line)) != 0)
            printf("\n%zu: %s", row->at, t.lines.ptr);
        talk_end(&t);
    }
}

/* A packet with one bit changed, or cut off there. */
static void tear(rig_view packet, uint64_t n)
{
    static const rig_draws draws = {.seed = 7};
    uint8_t torn[1024];
    rig_view inner;
    uint64_t draw = rig_draw(&draws, "tear", n);
    size_t at = (size_t)(draw >> 8) % packet.len;
    memcpy(torn, packet.ptr, packet.len);
    torn[at] = (uint8_t)(torn[at] ^ (1u << (draw & 7)));
    rig_view captured = rig_view_of(torn, draw & 8 ? at : packet.len);
    CU_ASSERT_EQUAL(rig_ipsec_packet(t.reader, n, RIG_LINK_RAW, captured, (uint32_t)packet.len, &inner),
                    RIG_OK);
    CU_ASSERT(inner.len < packet.len);
}

/* Each packet of a whole talk comes torn; the next one finds what that left behind. */
static void torn_packets(void)
{
    for (unsigned i = 0; i < 4; i++) {
        talk_begin(&t, (talk_plan){.aggressive = i & 1, .pfs = true, .tunnel = i & 2, .null = i & 1});
        talk_all(&t);
        rig_ipsec_seen_free(t.seen);
        t.seen = NULL;
        for (uint64_t n = 0; n < 500 * t.frame; n++) {
            rig_text_init(&t.lines, t.line_bytes, sizeof t.line_bytes);
            if (n % t.frame == 0)
                t.kept[0][28] ^= (uint8_t)(n / t.frame); /* another cookie */
            tear(rig_view_of(t.kept[n % t.frame], t.kept_lens[n % t.frame]), n);
        }
        talk_end(&t);
    }
}

/* What more payloads and transforms than are told, or walked, come to. */
static void limits_of_a_message(void)
{
    static const struct {
        unsigned num;
        bool right;
    } rows[] = {{24, true}, {25, true}, {64, true}, {65, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        message m;
        talk_begin(&t, (talk_plan){.fault = F_NONE});
        begin_message(&t, &m, RIG_IKE_INFO, 1, false);
        for (unsigned n = 0; n < rows[i].num; n++)
            put_payload(&m, 13, "x", 1);
        send_message(&t, 0, 500, &m, NULL);
        unsigned told = 0;
        for (const char *at = t.lines.ptr; (at = strstr(at, " VID")); at++)
            told++;
        const char *said = strstr(t.lines.ptr, "VID payloads wanted=64 came=65");
        CU_ASSERT_EQUAL(said == NULL, rows[i].right);
        told -= strstr(t.lines.ptr, "malformed") != NULL;
        CU_ASSERT_EQUAL(told, RIG_IPSEC_PAYLOADS_MAX);
        talk_end(&t);
    }
}

static void limit_of_lines(void)
{
    static char text[RIG_IPSEC_LINE_MAX + 16];
    talk_begin(&t, (talk_plan){.fault = F_NO_KEYS});
    for (size_t len = RIG_IPSEC_LINE_MAX; len <= RIG_IPSEC_LINE_MAX + 1; len++) {
        rig_error err = {0};
        memset(text, '0', len);
        CU_ASSERT_EQUAL(rig_ipsec_keys_add(t.reader, RIG_IPSEC_KEYS_IKE, rig_view_of(text, len), &err),
                        RIG_E_SYNTAX);
        CU_ASSERT_EQUAL(strstr(err.text, "a shorter line") != NULL, len > RIG_IPSEC_LINE_MAX);
    }
    talk_end(&t);
}

/* The reader forgets the oldest exchange, and takes its next message for a first one. */
static void limit_of_exchanges(void)
{
    talk_begin(&t, (talk_plan){.fault = F_NONE});
    for (uint32_t i = 0; i <= RIG_IPSEC_FOLLOWED_MAX; i++) {
        message m;
        begin_message(&t, &m, RIG_IKE_INFO, i + 1, false);
        send_message(&t, 0, 500, &m, NULL);
    }
    for (uint32_t id = 2; id >= 1; id--) {
        message m;
        rig_text_init(&t.lines, t.line_bytes, sizeof t.line_bytes);
        begin_message(&t, &m, RIG_IKE_INFO, id, false);
        send_message(&t, 0, 500, &m, NULL);
        CU_ASSERT_STRING_EQUAL(t.lines.ptr, id == 2 ? "> IKE info 1 id=0x00000002 !again\n"
                                                    : "> IKE info 1 id=0x00000001\n");
    }
    talk_end(&t);
}

/* Cut by the capture: said, and not read. */
static void cut_packets(void)
{
    rig_view inner;
    talk_begin(&t, (talk_plan){.fault = F_NONE});
    talk_all(&t);
    rig_text_init(&t.lines, t.line_bytes, sizeof t.line_bytes);
    CU_ASSERT_EQUAL(rig_ipsec_packet(t.reader, 0, RIG_LINK_RAW, rig_view_of(t.packet, 60), 112, &inner),
                    RIG_OK);
    CU_ASSERT_EQUAL(inner.len, 0);
    CU_ASSERT(strstr(t.lines.ptr, "! malformed ESP byte=40 packet captured wanted=") == t.lines.ptr);
    talk_end(&t);
}

/* ---- memory ---- */

static rig_status feed_all(rig_ipsec_reader *reader)
{
    rig_status status = RIG_OK;
    rig_view inner;
    for (uint32_t i = 0; i < t.frame && !status; i++)
        status = rig_ipsec_packet(reader, i, RIG_LINK_RAW, rig_view_of(t.kept[i], t.kept_lens[i]),
                                  (uint32_t)t.kept_lens[i], &inner);
    return status;
}

static rig_status read_all(const rig_alloc *alloc, rig_ipsec_reader **out_reader)
{
    const rig_ipsec_reader_config config = {.alloc = alloc, .event = no_event};
    rig_status status = rig_ipsec_reader_new(&config, out_reader);
    for (unsigned i = 0; i < 3 && !status; i++)
        status = rig_ipsec_keys_add(*out_reader, (rig_ipsec_keys)i, rig_view_of(t.keys[i].ptr, t.keys[i].len),
                                    NULL);
    return status ? status : feed_all(*out_reader);
}

static void no_memory(void)
{
    bool done = false;
    talk_begin(&t, (talk_plan){.pfs = true});
    talk_all(&t);
    CU_ASSERT_FATAL(t.frame <= TALK_KEPT_MAX);
    for (uint64_t at = 1; !done && at < 100; at++) {
        rig_alloc_meter meter;
        rig_ipsec_reader *reader;
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = at;
        rig_status status = read_all(&meter.alloc, &reader);
        done = status == RIG_OK;
        CU_ASSERT(done ? meter.num_calls < at : status == RIG_E_NOMEM);
        rig_ipsec_reader_free(reader);
        CU_ASSERT_EQUAL(meter.num_live, 0);
    }
    CU_ASSERT(done);
    talk_end(&t);
}

RIG_SUITE("ipsec read", {"main mode, PFS, tunnel", main_lines},
          {"aggressive mode, refused in quick mode", aggressive_lines}, {"without keys", lines_without_keys},
          {"noise of another key", lines_of_another_key}, {"flaws", lines_of_flaws},
          {"PDUs inside ESP", inside}, {"a wrong ICV", bad_icv},
          {"a connection that leaves ESP", leaks_of_a_connection},
          {"a leak before all of IPsec", leak_before_anything},
          {"a SYN in front of IPsec and behind it", leak_in_front}, {"another port is free", leak_by_port},
          {"texts of keys", texts_of_keys}, {"cut lines of keys", cut_lines},
          {"more keys than are kept", limit_of_keys}, {"keys that were forgotten", keys_forgotten},
          {"malformed messages", malformed_messages}, {"torn packets", torn_packets},
          {"more exchanges than are kept", limit_of_exchanges},
          {"more guards than are kept", limit_of_guards},
          {"more payloads than are told", limits_of_a_message}, {"lines of keys", limit_of_lines},
          {"packets cut by the capture", cut_packets}, {"no memory", no_memory})
