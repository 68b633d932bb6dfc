/* Informational exchanges: notifications and deletions (RFC 2408 sections 3.14 and 3.15, RFC 2409
 * section 5.7). */
#include "internal.h"

#define NOTIFY_HEAD 8 /* DOI, protocol, size of SPI, type */
#define DELETE_HEAD 8 /* DOI, protocol, size of SPI, number of SPIs */
#define DOI_IPSEC 1
#define SPI 4
#define COOKIES 16
#define NOTIFY_STATUS 16384 /* types from here on refuse nothing (RFC 2408 section 3.14.1) */

uint16_t ike_notify_for(rig_status status, const char *field)
{
    if (status == RIG_E_NEGOTIATION)
        return field && strcmp(field, "ID") == 0 ? NOTIFY_INVALID_ID : NOTIFY_NO_PROPOSAL;
    return status == RIG_E_AUTH ? NOTIFY_AUTH_FAILED : NOTIFY_MALFORMED;
}

static rig_view notification(uint16_t type, uint8_t protocol, uint32_t spi, uint8_t out[NOTIFY_HEAD + SPI])
{
    rig_put_be32(out, DOI_IPSEC);
    out[4] = protocol;
    out[5] = protocol == ISA_PROTOCOL_ESP ? SPI : 0;
    rig_put_be16(out + 6, type);
    rig_put_be32(out + 8, spi);
    return rig_view_of(out, NOTIFY_HEAD + (size_t)out[5]);
}

/* ---- saying ---- */

static bool hash_of(ike_sa *sa, uint32_t message_id, rig_view rest, uint8_t out[IPC_HASH_MAX])
{
    uint8_t id[4];
    const rig_view parts[] = {rig_view_of(id, 4), rest};
    rig_view key = rig_view_of(sa->skeyid_a, ipc_hash_len(sa->suite->hash));
    rig_put_be32(id, message_id);
    return ipc_prf(sa->ipsec->crypto, sa->suite->hash, key, parts, 2, out);
}

static void say(ike_sa *sa, uint8_t type, rig_view body)
{
    uint8_t drawn[4], hash[IPC_HASH_MAX] = {0}, iv[IPC_BLOCK], *bytes = sa->ipsec->scratch[1];
    size_t hash_len = ipc_hash_len(sa->suite->hash), head = ISA_HEADER + 4;
    ips_draw(sa->ipsec, "ike-message", drawn, 4);
    isa_header header = {.exchange = ISA_INFO, .message_id = rig_be32(drawn) | 1};
    isa_writer w;
    memcpy(header.icookie, sa->icookie, ISA_COOKIE);
    memcpy(header.rcookie, sa->rcookie, ISA_COOKIE);
    isa_begin(&w, bytes, IKE_MESSAGE_MAX, &header);
    isa_put(&w, ISA_HASH, rig_view_of(hash, hash_len));
    isa_put(&w, type, body);
    size_t len = isa_end(&w).len;
    rig_view rest = rig_view_of(bytes + head + hash_len, len - head - hash_len);
    if (len == 0 || !hash_of(sa, header.message_id, rest, hash) || !ike_iv_of(sa, header.message_id, iv))
        return;
    memcpy(bytes + head, hash, hash_len);
    if (ike_encrypt(sa, iv, bytes, &len))
        ike_send(sa, rig_view_of(bytes, len), true);
}

void ike_notify(ike_sa *sa, uint16_t type, uint8_t protocol, uint32_t spi)
{
    uint8_t body[NOTIFY_HEAD + SPI];
    if (sa->up)
        say(sa, ISA_NOTIFY, notification(type, protocol, spi, body));
}

void ike_delete(ike_sa *sa, uint32_t spi)
{
    uint8_t body[DELETE_HEAD + SPI];
    rig_put_be32(body, DOI_IPSEC);
    body[4] = ISA_PROTOCOL_ESP;
    body[5] = SPI;
    rig_put_be16(body + 6, 1);
    rig_put_be32(body + 8, spi);
    if (sa->up)
        say(sa, ISA_DELETE, rig_view_of(body, sizeof body));
}

void ike_delete_isakmp(ike_sa *sa)
{
    uint8_t body[DELETE_HEAD + COOKIES];
    rig_put_be32(body, DOI_IPSEC);
    body[4] = ISA_PROTOCOL_ISAKMP;
    body[5] = COOKIES;
    rig_put_be16(body + 6, 1);
    memcpy(body + DELETE_HEAD, sa->icookie, ISA_COOKIE);
    memcpy(body + DELETE_HEAD + ISA_COOKIE, sa->rcookie, ISA_COOKIE);
    if (sa->up)
        say(sa, ISA_DELETE, rig_view_of(body, sizeof body));
}

/* Nothing protects it: there are no keys yet. */
void ike_notify_clear(rig_ipsec *ipsec, const rig_ip *local, const rig_ip *peer, const isa_header *about,
                      uint16_t type)
{
    const rig_address from = {*local, IKE_PORT}, to = {*peer, IKE_PORT};
    uint8_t bytes[ISA_HEADER + 4 + NOTIFY_HEAD + SPI], body[NOTIFY_HEAD + SPI];
    isa_header header = *about;
    isa_writer w;
    header.exchange = ISA_INFO;
    header.flags = 0;
    header.message_id = 0;
    isa_begin(&w, bytes, sizeof bytes, &header);
    isa_put(&w, ISA_NOTIFY, notification(type, ISA_PROTOCOL_ISAKMP, 0, body));
    rig_view message = isa_end(&w);
    if (message.len)
        rig_simhost_udp_send(ipsec->config.host, &from, &to, message);
}

/* ---- hearing ---- */

static const char *notify_name(uint16_t type)
{
    static const struct {
        uint16_t type;
        const char *name;
    } names[] = {
        {NOTIFY_INVALID_EXCHANGE, "INVALID-EXCHANGE-TYPE"},
        {NOTIFY_NO_PROPOSAL, "NO-PROPOSAL-CHOSEN"},
        {NOTIFY_MALFORMED, "PAYLOAD-MALFORMED"},
        {NOTIFY_INVALID_ID, "INVALID-ID-INFORMATION"},
        {NOTIFY_INVALID_HASH, "INVALID-HASH-INFORMATION"},
        {NOTIFY_AUTH_FAILED, "AUTHENTICATION-FAILED"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].type == type)
            return names[i].name;
    return "a notification";
}

/* The quick mode that a refusal means: that of the SPI; one that names none, as charon's, the one that waits
 * longest. */
static ike_quick *quick_of_spi(ike_sa *sa, uint32_t spi)
{
    ike_quick *found = NULL;
    for (ike_quick *quick = sa->quicks; quick; quick = quick->next)
        if (ike_quick_asks(quick) && (quick->spi[0] == spi || spi == 0))
            found = quick;
    return found;
}

/* Before the end of phase 1 anybody could have sent what is not encrypted; without keys nothing else can
 * come. */
static void take_notify(ike_sa *sa, rig_view body, bool encrypted)
{
    rig_error why = {0};
    if (body.len < NOTIFY_HEAD)
        return;
    uint16_t type = rig_be16(body.ptr + 6);
    if (type >= NOTIFY_STATUS)
        return;
    rig_fail(&why, RIG_E_REFUSED, "the peer says %s (%u)", notify_name(type), type);
    if (!sa->up) {
        if (encrypted || (sa->exchange.initiator && !sa->has_keys))
            ike_sa_end(sa, &why);
        return;
    }
    bool named = body.ptr[5] == SPI && body.len >= NOTIFY_HEAD + SPI;
    ike_quick *quick = quick_of_spi(sa, named ? rig_be32(body.ptr + NOTIFY_HEAD) : 0);
    if (quick)
        ike_quick_fail(quick, &why);
}

/* The peer takes no more packets of that SPI; a connection that goes on negotiates anew, and lives (RFC 7146
 * section 3.2). */
static void take_delete(ike_sa *sa, rig_view body)
{
    if (body.len < DELETE_HEAD || body.ptr[4] != ISA_PROTOCOL_ESP || body.ptr[5] != SPI)
        return;
    uint16_t num = rig_be16(body.ptr + 6);
    for (uint16_t i = 0; i < num && body.len >= DELETE_HEAD + (i + 1u) * SPI; i++) {
        uint32_t spi = rig_be32(body.ptr + DELETE_HEAD + (size_t)i * SPI);
        const esp_sa *out = esp_find_theirs(sa->ipsec, spi, &sa->peer);
        if (out)
            ips_flow_deleted(out->flow);
    }
}

/* Its SPI are both cookies (RFC 2408 section 3.15). */
static bool is_of_isakmp(const ike_sa *sa, rig_view body)
{
    return body.len >= DELETE_HEAD + COOKIES && body.ptr[4] == ISA_PROTOCOL_ISAKMP &&
           body.ptr[5] == COOKIES && memcmp(body.ptr + DELETE_HEAD, sa->icookie, ISA_COOKIE) == 0 &&
           memcmp(body.ptr + DELETE_HEAD + ISA_COOKIE, sa->rcookie, ISA_COOKIE) == 0;
}

/* All deletions of a message; true: that of the ISAKMP SA was among them. */
static bool take_deletes(ike_sa *sa, const isa_message *message)
{
    bool all = false;
    const isa_part *gone;
    for (unsigned n = 0; (gone = isa_part_of(message, ISA_DELETE, n)); n++) {
        all = all || is_of_isakmp(sa, gone->body);
        take_delete(sa, gone->body);
    }
    return all;
}

static bool is_genuine(ike_sa *sa, const isa_message *message)
{
    uint8_t hash[IPC_HASH_MAX];
    if (message->num < 2 || message->parts[0].type != ISA_HASH)
        return false;
    const isa_part *last = &message->parts[message->num - 1], *first = &message->parts[1];
    rig_view rest =
        rig_view_of(first->whole.ptr, (size_t)(last->whole.ptr + last->whole.len - first->whole.ptr));
    return hash_of(sa, message->header.message_id, rest, hash) &&
           rig_view_eq(message->parts[0].body, rig_view_of(hash, ipc_hash_len(sa->suite->hash)));
}

static bool open_message(ike_sa *sa, rig_view bytes, isa_message *out, rig_error *err)
{
    uint8_t iv[IPC_BLOCK], *clear = sa->ipsec->scratch[0];
    bool encrypted = out->header.flags & ISA_FLAG_ENCRYPTED;
    rig_view body = rig_view_sub(bytes, ISA_HEADER, bytes.len);
    if (encrypted ? !sa->has_keys : sa->up)
        return false;
    if (encrypted && (!ike_iv_of(sa, out->header.message_id, iv) || !ike_decrypt(sa, iv, bytes, clear)))
        return false;
    if (encrypted)
        body.ptr = clear;
    return isa_read_parts(body, body.ptr - ISA_HEADER, out->header.next, encrypted, out, err) == RIG_OK &&
           (!encrypted || is_genuine(sa, out));
}

void ike_info_heard(ike_sa *sa, rig_view bytes, const isa_header *header)
{
    isa_message message = {.header = *header};
    const rig_address peer = {sa->peer, IKE_PORT};
    rig_error why = {0};
    if (!open_message(sa, bytes, &message, &why)) {
        if (!why.status)
            rig_fail(&why, RIG_E_AUTH, "an informational message that is not protected by its ISAKMP SA");
        ips_refused(sa->ipsec, &peer, &why);
        return;
    }
    const isa_part *notify = isa_part_of(&message, ISA_NOTIFY, 0);
    if (sa->up && take_deletes(sa, &message))
        ike_sa_deleted(sa);
    else if (notify)
        take_notify(sa, notify->body, header->flags & ISA_FLAG_ENCRYPTED);
}
