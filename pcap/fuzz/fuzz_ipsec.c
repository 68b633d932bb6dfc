/*
 * Hostile IKE and ESP. A record begins with a control byte and two bytes of length; bits 0 and 1 choose what
 * the bytes are: 0 an IP packet, 1 an ISAKMP message on port 500, 2 the same on port 4500 or an ESP packet
 * there, 3 keys (bits 2 and 3: which). Bit 4 is the direction, bit 5 cuts the capture short of the packet.
 * Keys of one cookie and one SPI are given in front, so that whatever is encrypted under them is decrypted.
 */
#include <stdlib.h>

#include "rig/ipsec_check.h"

#define PACKET_MAX 66000

typedef struct job {
    rig_ipsec_seen *seen;
    rig_ipsec_reader *reader;
    rig_streams *streams;
    uint64_t frames;
    uint8_t packet[PACKET_MAX];
} job;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static rig_status on_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    (void)ctx;
    require(item->connection == flow->index);
    return RIG_OK;
}

static rig_status on_event(void *ctx, const rig_ipsec_event *event)
{
    job *j = ctx;
    char line[RIG_IPSEC_EVENT_LINE_MAX];
    rig_text text;
    rig_text_init(&text, line, sizeof line);
    rig_ipsec_event_print(event, &text);
    require(!text.cut && event->frame <= j->frames);
    if (event->kind == RIG_IPSEC_GUARD)
        rig_streams_guard(j->streams, &event->is.guard->ends[0], &event->is.guard->ends[1],
                          event->is.guard->port);
    return rig_ipsec_seen_event(j->seen, event);
}

static void packet(job *j, rig_view bytes, bool cut)
{
    rig_view inner;
    uint32_t wire_len = (uint32_t)bytes.len + (cut ? 7 : 0);
    j->frames++;
    require(rig_ipsec_packet(j->reader, j->frames, RIG_LINK_RAW, bytes, wire_len, &inner) == RIG_OK);
    require(inner.len <= bytes.len + 40);
    if (inner.len)
        require(rig_streams_inside(j->streams, j->frames, inner) == RIG_OK);
    else
        require(rig_streams_packet(j->streams, j->frames, RIG_LINK_RAW, bytes, wire_len) == RIG_OK);
}

static void udp(job *j, rig_view body, uint16_t port, bool back, bool cut)
{
    uint8_t *p = j->packet;
    memset(p, 0, 28);
    p[0] = 0x45;
    rig_be_set(p + 2, 2, 28 + body.len);
    p[9] = 17;
    p[12] = p[16] = 10;
    p[back ? 19 : 15] = 1;
    rig_be_set(p + 20, 2, port);
    rig_be_set(p + 22, 2, port);
    rig_be_set(p + 24, 2, 8 + body.len);
    if (body.len)
        memcpy(p + 28, body.ptr, body.len);
    packet(j, rig_view_of(p, 28 + body.len), cut);
}

static void keys(job *j, rig_ipsec_keys kind, rig_view text)
{
    rig_error err = {0};
    rig_status status = rig_ipsec_keys_add(j->reader, kind, text, &err);
    require(status == RIG_OK ||
            ((status == RIG_E_SYNTAX || status == RIG_E_UNSUPPORTED) && err.line && err.col && err.text[0]));
}

static void give_keys(job *j)
{
#define KEY "00112233445566778899aabbccddeeff"
    keys(j, RIG_IPSEC_KEYS_IKE, rig_view_str("10171e252c333a41," KEY));
    keys(j, RIG_IPSEC_KEYS_ESP,
         rig_view_str("\"IPv4\",\"*\",\"*\",\"0x00000001\",\"NULL\",\"0x\",\"HMAC-SHA-1-96 [RFC2404]\","
                      "\"0x" KEY "00112233\"\n"
                      "\"IPv4\",\"*\",\"*\",\"0x00000002\",\"AES-CBC [RFC3602]\",\"0x" KEY
                      "\",\"HMAC-SHA-256-128 [RFC4868]\",\"0x" KEY KEY "\"\n"));
    keys(j, RIG_IPSEC_KEYS_KEYMAT,
         rig_view_str("phase1,10171e252c333a41," KEY KEY "," KEY KEY "," KEY KEY "\n"
                      "quick,10171e252c333a41,00000001," KEY "\n"));
#undef KEY
}

static void record(job *j, uint8_t control, rig_view bytes)
{
    bool back = control & 16, cut = control & 32;
    switch (control & 3) {
    case 0:
        packet(j, bytes, cut);
        break;
    case 1:
        udp(j, bytes, 500, back, cut);
        break;
    case 2:
        udp(j, bytes, 4500, back, cut);
        break;
    default:
        keys(j, (rig_ipsec_keys)((control >> 2 & 3) % 3), bytes);
    }
}

static void check(const job *j, uint8_t bits)
{
    rig_ipsec_finding found[RIG_IPSEC_FACTS_MAX];
    const rig_ipsec_wanted wanted = {.ipsec = bits & 1,
                                     .aggressive = bits & 2,
                                     .pfs = bits & 4,
                                     .tunnel = bits & 8,
                                     .nat_t = bits & 16,
                                     .keymat = bits & 32,
                                     .end = (rig_ipsec_end)(bits >> 6),
                                     .group = 14,
                                     .ends = {{{10, 0, 0, 1}, 4}, {{10, 0, 0, 0}, 4}},
                                     .port = 3260};
    size_t num = rig_ipsec_check(&wanted, j->seen, found);
    require(num <= RIG_IPSEC_FACTS_MAX);
    for (size_t i = 0; i < num; i++)
        require(found[i].fact && found[i].frame <= j->frames && found[i].wanted[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static job j;
    rig_view rest = {data, size};
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    const rig_ipsec_reader_config config = {.alloc = &meter.alloc, .event = on_event, .ctx = &j};
    const rig_streams_config follow = {.alloc = &meter.alloc, .item = on_item};
    j.frames = 0;
    require(rig_ipsec_seen_new(&meter.alloc, &j.seen) == RIG_OK);
    require(rig_ipsec_reader_new(&config, &j.reader) == RIG_OK);
    require(rig_streams_new(&follow, &j.streams) == RIG_OK);
    give_keys(&j);
    while (rest.len >= 3) {
        size_t len = (size_t)rig_be_get(rest.ptr + 1, 2);
        uint8_t control = rest.ptr[0];
        rest = rig_view_sub(rest, 3, rest.len);
        record(&j, control, rig_view_sub(rest, 0, len));
        rest = rig_view_sub(rest, len, rest.len);
    }
    check(&j, size ? data[0] : 0);
    require(rig_streams_end(j.streams) == RIG_OK);
    rig_streams_free(j.streams);
    rig_ipsec_reader_free(j.reader);
    rig_ipsec_seen_free(j.seen);
    require(meter.num_live == 0);
    return 0;
}
