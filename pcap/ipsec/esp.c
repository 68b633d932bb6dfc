/* One ESP packet (RFC 4303 section 2). */
#include "read.h"

#define HEADER 8  /* SPI and sequence number */
#define TRAILER 2 /* pad length and next header */

enum { INNER_IP4 = 4, INNER_TCP = 6, INNER_IP6 = 41 };

static void flaw(rig_ipsec_reader *reader, uint32_t offset, const char *payload, const char *field,
                 uint64_t wanted, uint64_t came)
{
    const rig_ipsec_flaw said = {"ESP", offset, payload, field, wanted, came};
    ipr_flaw(reader, &said);
}

static bool negotiated(const rig_ipsec_reader *reader, uint32_t spi)
{
    const ipr_spi *row;
    for (uint64_t i = 0; (row = ipr_ring_at(&reader->spis, i)); i++)
        if (row->spi == spi && rig_ip_eq(&row->to, &reader->at.to))
            return true;
    return false;
}

/* With 64-bit numbers the high half is not sent, but covered (RFC 4303 section 2.2.1); it is 0 for the first
 * 2^32 packets, and no capture here has more. */
static rig_ipsec_verdict judge_icv(const ipr_esp_key *key, rig_view esp, bool *out_esn)
{
    static const uint8_t high[4];
    rig_view covered = rig_view_sub(esp, 0, esp.len - key->icv_len);
    const uint8_t *icv = esp.ptr + covered.len;
    for (unsigned esn = 0; esn < 2; esn++) {
        const rig_view parts[] = {covered, rig_view_of(high, sizeof high)};
        ipr_hash_out out;
        if (!ipr_hmac(key->hash, rig_view_of(key->auth, key->auth_len), parts, 1 + esn, &out))
            return RIG_IPSEC_UNKNOWN;
        *out_esn = esn;
        if (memcmp(out.bytes, icv, key->icv_len) == 0)
            return RIG_IPSEC_RIGHT;
    }
    *out_esn = false;
    return RIG_IPSEC_WRONG;
}

/* What was encrypted, behind IPR_IP_ROOM bytes of reader->plain. */
static bool decrypt(rig_ipsec_reader *reader, const ipr_esp_key *key, rig_view esp, rig_view *out_plain)
{
    uint8_t *plain = reader->plain + IPR_IP_ROOM;
    size_t iv_len = key->null ? 0 : IPR_BLOCK;
    rig_view cipher = rig_view_sub(esp, HEADER + iv_len, esp.len - HEADER - iv_len - key->icv_len);
    *out_plain = rig_view_of(plain, cipher.len);
    if (!key->null && cipher.len % IPR_BLOCK) {
        flaw(reader, HEADER, "payload", "length", cipher.len - cipher.len % IPR_BLOCK, cipher.len);
        return false;
    }
    if (!key->null)
        return ipr_decrypt(rig_view_of(key->cipher, key->cipher_len), esp.ptr + HEADER, cipher, plain);
    memcpy(plain, cipher.ptr, cipher.len);
    return true;
}

/* Takes padding, its length and the next header off. */
static bool strip_trailer(rig_ipsec_reader *reader, rig_view *plain, rig_esp_packet *told)
{
    uint8_t pad_len = plain->ptr[plain->len - TRAILER];
    told->next_header = plain->ptr[plain->len - 1];
    told->pad = RIG_IPSEC_RIGHT;
    if (pad_len > plain->len - TRAILER) {
        flaw(reader, (uint32_t)(HEADER + plain->len), "trailer", "pad-length", plain->len - TRAILER, pad_len);
        told->pad = RIG_IPSEC_WRONG;
        return false;
    }
    plain->len -= TRAILER + (size_t)pad_len;
    for (unsigned i = 0; i < pad_len; i++)
        if (plain->ptr[plain->len + i] != i + 1)
            told->pad = RIG_IPSEC_WRONG;
    return true;
}

/* A header like the outer one's in front of what transport mode carries: there is room for it. */
static rig_view with_header(rig_ipsec_reader *reader, const ipr_packet *outer, rig_view plain)
{
    bool ip4 = outer->from.version == 4;
    size_t len = ip4 ? 20 : 40, address = ip4 ? 4 : 16;
    uint8_t *ip = reader->plain + IPR_IP_ROOM - len;
    memset(ip, 0, len);
    ip[0] = ip4 ? 0x45 : 0x60;
    rig_be_set(ip + (ip4 ? 2 : 4), 2, ip4 ? plain.len + len : plain.len);
    ip[ip4 ? 8 : 7] = 64;
    ip[ip4 ? 9 : 6] = INNER_TCP;
    memcpy(ip + len - 2 * address, outer->from.bytes, address);
    memcpy(ip + len - address, outer->to.bytes, address);
    return rig_view_of(ip, len + plain.len);
}

static void tell_inner(rig_ipsec_reader *reader, rig_view inner, rig_esp_packet *told)
{
    ipr_packet packet;
    if (!ipr_ip_read(inner, (uint32_t)inner.len, &packet)) {
        flaw(reader, HEADER, "inside", "IP-header", 20, inner.len);
        return;
    }
    told->from = packet.from;
    told->to = packet.to;
    if (packet.protocol != INNER_TCP || packet.fragment || packet.body.len < 4)
        return;
    told->from_port = (uint16_t)rig_be_get(packet.body.ptr, 2);
    told->to_port = (uint16_t)rig_be_get(packet.body.ptr + 2, 2);
    ipr_guard(reader, &told->from, &told->to, reader->at.to_target ? told->to_port : told->from_port);
}

static void read_inside(rig_ipsec_reader *reader, const ipr_packet *outer, rig_view plain,
                        rig_esp_packet *told, rig_view *out_inner)
{
    if (!strip_trailer(reader, &plain, told))
        return;
    told->read = true;
    if (told->next_header == INNER_TCP)
        *out_inner = with_header(reader, outer, plain);
    else if (told->next_header == INNER_IP4 || told->next_header == INNER_IP6)
        *out_inner = plain;
    if (out_inner->len)
        tell_inner(reader, *out_inner, told);
}

/* What has a wrong ICV its receiver drops (RFC 4303 section 3.4.4.1), and so does the reader. */
static void read_esp(rig_ipsec_reader *reader, const ipr_packet *outer, rig_view esp, rig_esp_packet *told,
                     rig_view *out_inner)
{
    const ipr_esp_key *key = ipr_esp_key_find(reader, outer->from.version, told->spi);
    rig_view plain;
    if (!key)
        return;
    size_t least = HEADER + (key->null ? TRAILER : 2u * IPR_BLOCK) + key->icv_len;
    if (esp.len < least) {
        flaw(reader, 0, "packet", "length", least, esp.len);
        return;
    }
    told->icv = judge_icv(key, esp, &told->esn);
    if (told->icv == RIG_IPSEC_RIGHT && decrypt(reader, key, esp, &plain))
        read_inside(reader, outer, plain, told, out_inner);
}

void ipr_esp(rig_ipsec_reader *reader, const ipr_packet *outer, rig_view esp, uint32_t wire_len,
             rig_view *out_inner)
{
    rig_esp_packet told = {0};
    rig_ipsec_event event = reader->at;
    event.kind = RIG_IPSEC_ESP;
    event.is.esp = &told;
    ipr_guard(reader, &reader->at.from, &reader->at.to, 0);
    if (esp.len < HEADER || esp.len > RIG_IPSEC_MESSAGE_MAX) {
        flaw(reader, 0, "packet", "length", esp.len < HEADER ? HEADER : RIG_IPSEC_MESSAGE_MAX, esp.len);
        return;
    }
    told.spi = (uint32_t)rig_be_get(esp.ptr, 4);
    told.sequence = (uint32_t)rig_be_get(esp.ptr + 4, 4);
    told.negotiated = negotiated(reader, told.spi);
    if (esp.len < wire_len)
        flaw(reader, (uint32_t)esp.len, "packet", "captured", wire_len, esp.len);
    else
        read_esp(reader, outer, esp, &told, out_inner);
    ipr_tell(reader, &event);
}
