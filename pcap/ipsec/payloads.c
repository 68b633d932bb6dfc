/* A chain of payloads, and what stands in them (RFC 2408 section 3, RFC 2407 section 4.6). */
#include "read.h"

#define GENERIC 4          /* bytes of a payload's own header */
#define PAYLOADS_WALKED 64 /* of one message */
#define SITUATION 8        /* DOI and situation of an SA payload */

typedef struct walk {
    rig_ipsec_reader *reader;
    rig_view message;
    rig_ike_message *told;
    ipr_chain *chain;
    const char *payload; /* being read */
    bool unsure;         /* it was decrypted, and nothing of it made sense yet */
} walk;

static uint32_t number(rig_view v, size_t at, unsigned bytes)
{
    return (uint32_t)rig_be_get(v.ptr + at, bytes);
}

static bool flaw(walk *w, const uint8_t *byte, const char *field, uint64_t wanted, uint64_t came)
{
    const rig_ipsec_flaw said = {.what = "IKE",
                                 .offset = (uint32_t)(byte - w->message.ptr),
                                 .payload = w->payload,
                                 .field = field,
                                 .wanted = wanted,
                                 .came = came};
    w->chain->right = false;
    if (!w->unsure)
        ipr_flaw(w->reader, &said);
    return false;
}

static bool needs(walk *w, rig_view bytes, size_t len)
{
    return bytes.len >= len || flaw(w, bytes.ptr, "length", len, bytes.len);
}

/* A payload, proposal or transform: its generic header is at the start of *rest, which moves behind it. */
static bool take(walk *w, rig_view *rest, rig_view *out_body, uint8_t *out_next)
{
    if (!needs(w, *rest, GENERIC))
        return false;
    uint32_t len = number(*rest, 2, 2);
    if (rest->ptr[1] != 0)
        return flaw(w, rest->ptr + 1, "reserved", 0, rest->ptr[1]);
    if (len < GENERIC || len > rest->len)
        return flaw(w, rest->ptr + 2, "length", len < GENERIC ? GENERIC : rest->len, len);
    *out_next = rest->ptr[0];
    *out_body = rig_view_sub(*rest, GENERIC, len - GENERIC);
    *rest = (rig_view){rest->ptr + len, rest->len - len};
    return true;
}

/* ---- attributes (RFC 2408 section 3.3) ---- */

enum { ISAKMP = 1, AH = 2, ESP = 3 };

typedef struct attribute {
    uint16_t type;
    uint64_t value; /* UINT64_MAX = more than 8 bytes */
} attribute;

static bool take_attribute(walk *w, rig_view *rest, attribute *out)
{
    if (!needs(w, *rest, 4))
        return false;
    uint32_t type = number(*rest, 0, 2), value = number(*rest, 2, 2);
    *out = (attribute){.type = type & 0x7fff, .value = value};
    size_t len = type & 0x8000 ? 4 : 4 + (size_t)value;
    if (len > rest->len)
        return flaw(w, rest->ptr + 2, "attribute-length", rest->len - 4, value);
    if (!(type & 0x8000))
        out->value = value == 0 ? 0 : value > 8 ? UINT64_MAX : rig_be_get(rest->ptr + 4, value);
    *rest = (rig_view){rest->ptr + len, rest->len - len};
    return true;
}

static void set_life(rig_ike_transform *transform, uint16_t life_type, uint64_t value)
{
    uint32_t *life = life_type == 2 ? &transform->life_kilobytes : &transform->life_seconds;
    *life = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

/* RFC 2409 appendix A. */
static uint16_t *place_in_phase1(rig_ike_transform *transform, uint16_t type)
{
    switch (type) {
    case 1:
        return &transform->cipher;
    case 2:
        return &transform->hash;
    case 3:
        return &transform->auth_method;
    case 4:
        return &transform->group;
    case 14:
        return &transform->key_bits;
    default:
        return NULL;
    }
}

/* RFC 2407 section 4.5. */
static uint16_t *place_in_phase2(rig_ike_transform *transform, uint16_t type)
{
    switch (type) {
    case 3:
        return &transform->group;
    case 4:
        return &transform->encapsulation;
    case 5:
        return &transform->hash;
    case 6:
        return &transform->key_bits;
    default:
        return NULL;
    }
}

/* A duration follows its type, in seconds or kilobytes. */
static void read_attributes(walk *w, rig_view rest, rig_ike_transform *out)
{
    bool phase1 = out->protocol == ISAKMP;
    uint16_t type = phase1 ? 11 : 1, life_type = 1;
    attribute a;
    while (rest.len > 0 && take_attribute(w, &rest, &a)) {
        uint16_t *place = phase1 ? place_in_phase1(out, a.type) : place_in_phase2(out, a.type);
        if (place)
            *place = a.value > UINT16_MAX ? UINT16_MAX : (uint16_t)a.value;
        if (a.type == type)
            life_type = (uint16_t)a.value;
        if (a.type == type + 1)
            set_life(out, life_type, a.value);
        if (!phase1 && a.type == 11) /* RFC 4304 */
            out->esn = a.value == 1;
    }
}

/* ---- SA ---- */

static void read_transform(walk *w, rig_view body, uint8_t protocol, uint32_t spi)
{
    rig_ike_transform transform = {.protocol = protocol, .spi = spi};
    if (!needs(w, body, 4))
        return;
    transform.id = body.ptr[1];
    read_attributes(w, rig_view_sub(body, 4, body.len), &transform);
    if (w->told->num_transforms < RIG_IPSEC_TRANSFORMS_MAX)
        w->told->transforms[w->told->num_transforms++] = transform;
}

static void read_proposal(walk *w, rig_view body)
{
    if (!needs(w, body, 4))
        return;
    uint8_t protocol = body.ptr[1], spi_len = body.ptr[2], wanted = body.ptr[3], next = 3;
    if (!needs(w, body, 4u + spi_len))
        return;
    uint32_t spi = spi_len == 4 ? number(body, 4, 4) : 0;
    const uint8_t *count = body.ptr + 3;
    unsigned num = 0;
    rig_view rest = rig_view_sub(body, 4u + spi_len, body.len), transform;
    for (; next == 3 && take(w, &rest, &transform, &next); num++)
        read_transform(w, transform, protocol, spi);
    if (w->chain->right && num != wanted)
        flaw(w, count, "transforms", num, wanted);
}

static void read_sa(walk *w, rig_view body)
{
    uint8_t next = 2;
    rig_view rest, proposal;
    if (!needs(w, body, SITUATION))
        return;
    if (number(body, 0, 4) > 1)
        flaw(w, body.ptr, "DOI", 1, number(body, 0, 4));
    rest = rig_view_sub(body, SITUATION, body.len);
    while (next == 2 && take(w, &rest, &proposal, &next))
        read_proposal(w, proposal);
    if (w->chain->right && rest.len > 0)
        flaw(w, rest.ptr, "length", 0, rest.len);
}

/* ---- the others ---- */

static void read_id(walk *w, rig_view body)
{
    rig_ike_message *told = w->told;
    if (!needs(w, body, 4))
        return;
    rig_ike_id id = {.type = body.ptr[0],
                     .protocol = body.ptr[1],
                     .port = (uint16_t)number(body, 2, 2),
                     .len = (uint16_t)(body.len - 4)};
    rig_view kept = rig_view_sub(body, 4, RIG_IPSEC_ID_KEPT);
    size_t wanted = id.type == 1 ? 4 : id.type == 5 ? 16 : id.len;
    if (id.len != wanted) {
        flaw(w, body.ptr, "length", 4 + wanted, body.len);
        return;
    }
    if (kept.len)
        memcpy(id.bytes, kept.ptr, kept.len);
    if (told->num_ids < RIG_IPSEC_IDS_MAX)
        told->ids[told->num_ids++] = id;
}

static void read_notify(walk *w, rig_view body)
{
    if (!needs(w, body, 8) || !needs(w, body, 8u + body.ptr[5]))
        return;
    w->told->notify = (uint16_t)number(body, 6, 2);
}

static void read_delete(walk *w, rig_view body)
{
    rig_ike_message *told = w->told;
    if (!needs(w, body, 8))
        return;
    uint8_t size = body.ptr[5];
    uint32_t num = number(body, 6, 2);
    if (body.len != 8 + (size_t)size * num) {
        flaw(w, body.ptr + 6, "SPIs", size ? (body.len - 8) / size : 0, num);
        return;
    }
    told->delete_protocol = body.ptr[4];
    for (uint32_t i = 0; i < num && told->num_deleted < RIG_IPSEC_DELETED_MAX; i++)
        told->deleted[told->num_deleted++] = size == 4 ? number(body, 8 + 4 * (size_t)i, 4) : 0;
}

/* RFC 2409 section 5: a nonce has 8 to 256 bytes. */
static void read_nonce(walk *w, rig_view body)
{
    if (body.len < 8 || body.len > IPR_NONCE_MAX)
        flaw(w, body.ptr, "length", body.len < 8 ? 8 : IPR_NONCE_MAX, body.len);
}

static void read_body(walk *w, uint8_t type, rig_view body)
{
    static const struct {
        uint8_t type;
        void (*read)(walk *w, rig_view body);
    } rows[] = {
        {RIG_IKE_P_SA, read_sa},         {RIG_IKE_P_ID, read_id},         {RIG_IKE_P_NONCE, read_nonce},
        {RIG_IKE_P_NOTIFY, read_notify}, {RIG_IKE_P_DELETE, read_delete},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].type == type)
            rows[i].read(w, body);
}

static void add(walk *w, uint8_t type, rig_view body)
{
    ipr_chain *chain = w->chain;
    if (w->told->num_payloads < RIG_IPSEC_PAYLOADS_MAX)
        w->told->payloads[w->told->num_payloads++] = type;
    if (chain->num < RIG_IPSEC_PAYLOADS_MAX)
        chain->bodies[chain->num++] = (ipr_body){type, (uint32_t)(body.ptr - w->message.ptr) - GENERIC, body};
}

void ipr_chain_read(rig_ipsec_reader *reader, rig_view message, uint8_t first, ipr_chain *out,
                    rig_ike_message *told)
{
    walk w = {reader, message, told, out, "header", told->encrypted};
    rig_view rest = rig_view_sub(message, IPR_HEADER, message.len), body;
    uint8_t type = first, next = 0;
    *out = (ipr_chain){.right = true, .end = IPR_HEADER};
    for (unsigned i = 0; type != 0 && out->right; i++, type = next) {
        w.payload = ipr_payload_name(type);
        if (i == PAYLOADS_WALKED) {
            flaw(&w, rest.ptr, "payloads", PAYLOADS_WALKED, i + 1);
            break;
        }
        if (!take(&w, &rest, &body, &next))
            break;
        w.unsure = false;
        add(&w, type, body);
        read_body(&w, type, body);
        out->end = (uint32_t)(rest.ptr - message.ptr);
    }
}

const ipr_body *ipr_chain_find(const ipr_chain *chain, uint8_t type, unsigned index)
{
    for (uint32_t i = 0; i < chain->num; i++)
        if (chain->bodies[i].type == type && index-- == 0)
            return &chain->bodies[i];
    return NULL;
}
