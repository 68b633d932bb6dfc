/** @file
 * iSCSI PDUs as tables: kinds, header fields, additional header segments (RFC 7143 section 11).
 *
 * A header is 48 plain bytes; rig_get and rig_set reach any field by its row of pdu_fields.def. With a
 * constant field they compile to one load or store.
 */
#ifndef RIG_PDU_H
#define RIG_PDU_H

#include <stdbool.h>
#include <stdint.h>

#include "rig/names.h"
#include "rig/status.h"
#include "rig/view.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RIG_BHS_LEN 48                  /**< bytes of a basic header segment */
#define RIG_AHS_MAX 1020                /**< most bytes of additional header segments: 255 words (11.2.1.5) */
#define RIG_DIGEST_LEN 4                /**< bytes of a digest */
#define RIG_DATA_MAX UINT32_C(0xffffff) /**< most bytes of a data segment: 24 bits (11.2.1.6) */
#define RIG_TAG_NONE UINT32_C(0xffffffff) /**< the reserved task tag */
#define RIG_LOGIN_DATA_MAX 8192           /**< MaxRecvDataSegmentLength while logging in (section 6.3) */
#define RIG_PORT 3260                     /**< the default TCP port (section 15) */
#define RIG_LUN_MAX 0x3fff                /**< highest LUN number of a single-level address (SAM-5) */

/**
 * RIG_PDU_ROWS lists every PDU: identifier, name in traces, opcode, sent by the initiator, fixed bits of byte
 * 1, RFC section.
 */
#define RIG_PDU_ROWS(X)                                                                                      \
    X(NOP_OUT, "NopOut", 0x00, true, 0x80, "11.18")                                                          \
    X(SCSI_CMD, "ScsiCmd", 0x01, true, 0x00, "11.3")                                                         \
    X(TMF_REQ, "TmfReq", 0x02, true, 0x80, "11.5")                                                           \
    X(LOGIN_REQ, "Login", 0x03, true, 0x00, "11.12")                                                         \
    X(TEXT_REQ, "TextReq", 0x04, true, 0x00, "11.10")                                                        \
    X(DATA_OUT, "DataOut", 0x05, true, 0x00, "11.7")                                                         \
    X(LOGOUT_REQ, "Logout", 0x06, true, 0x80, "11.14")                                                       \
    X(SNACK, "Snack", 0x10, true, 0x80, "11.16")                                                             \
    X(NOP_IN, "NopIn", 0x20, false, 0x80, "11.19")                                                           \
    X(SCSI_RESP, "ScsiResp", 0x21, false, 0x80, "11.4")                                                      \
    X(TMF_RESP, "TmfResp", 0x22, false, 0x80, "11.6")                                                        \
    X(LOGIN_RESP, "LoginResp", 0x23, false, 0x00, "11.13")                                                   \
    X(TEXT_RESP, "TextResp", 0x24, false, 0x00, "11.11")                                                     \
    X(DATA_IN, "DataIn", 0x25, false, 0x00, "11.7")                                                          \
    X(LOGOUT_RESP, "LogoutResp", 0x26, false, 0x80, "11.15")                                                 \
    X(R2T, "R2T", 0x31, false, 0x80, "11.8")                                                                 \
    X(ASYNC, "Async", 0x32, false, 0x80, "11.9")                                                             \
    X(REJECT, "Reject", 0x3f, false, 0x80, "11.17")

/** rig_pdu_kind is a PDU type; RIG_PDU_UNKNOWN stands for any opcode without a row. */
typedef enum rig_pdu_kind {
#define X(id, name, opcode, from_initiator, fixed, section) RIG_PDU_##id,
    RIG_PDU_ROWS(X)
#undef X
        RIG_PDU_UNKNOWN, /**< vendor, reserved and unassigned opcodes */
    RIG_PDU_KINDS        /**< number of kinds, not a kind */
} rig_pdu_kind;

/** RIG_IN is the bit of a PDU kind in a rig_field's pdus. */
#define RIG_IN(id) (UINT32_C(1) << RIG_PDU_##id)

/** rig_pdu_row describes one PDU kind. */
typedef struct rig_pdu_row {
    const char *name;    /**< in traces: "ScsiCmd" */
    const char *section; /**< of RFC 7143 */
    uint8_t opcode;      /**< 6 bits */
    uint8_t fixed;       /**< bits of byte 1 the layout shows as 1 */
    bool from_initiator; /**< who sends it */
} rig_pdu_row;

/** rig_pdu_rows is indexed by rig_pdu_kind; the row of RIG_PDU_UNKNOWN is named "Unknown". */
extern const rig_pdu_row rig_pdu_rows[RIG_PDU_KINDS];

/** rig_pdu_kind_of gives the kind of a header by its opcode. */
rig_pdu_kind rig_pdu_kind_of(const uint8_t bhs[RIG_BHS_LEN]);

/** rig_pdu_find gives the kind with that name in traces, RIG_PDU_UNKNOWN when none has it. */
rig_pdu_kind rig_pdu_find(rig_view name);

/** rig_form is how a field's value is written in traces and scenarios. */
typedef enum rig_form {
    RIG_FORM_FLAG,  /**< 0 or 1 */
    RIG_FORM_DEC,   /**< decimal */
    RIG_FORM_HEX,   /**< 0x… */
    RIG_FORM_SN,    /**< a serial number: decimal, compared modulo 2^32 */
    RIG_FORM_TAG,   /**< 0x…, or none for 0xffffffff */
    RIG_FORM_LUN,   /**< the decimal number of a single-level LUN, else 0x and 16 digits */
    RIG_FORM_ISID,  /**< six bytes: 80:00:00:01:00:2a */
    RIG_FORM_CDB,   /**< a command name with its fields, see rig/cdb.h, else hex:… */
    RIG_FORM_NAMED, /**< a name of the field's set, else 0x… */
} rig_form;

/** rig_field_id names a header field; the rows are in pdu_fields.def. */
typedef enum rig_field_id {
#define RIG_FIELD(id, name, byte, bytes, low, bits, form, names, pdus) RIG_F_##id,
#include "rig/pdu_fields.def"
    RIG_FIELDS /**< number of fields, not a field */
} rig_field_id;

/** rig_field is one row of pdu_fields.def. */
typedef struct rig_field {
    const char *name;       /**< in traces: "ExpStatSN"; unique within a PDU kind */
    const rig_names *names; /**< value names, NULL when the form has none */
    uint32_t pdus;          /**< RIG_IN bits of the PDUs that have it */
    uint8_t byte;           /**< first byte */
    uint8_t bytes;          /**< bytes that hold it */
    uint8_t low;            /**< lowest bit within them */
    uint8_t bits;           /**< width in bits; 0 for CDB, whose value is its bytes */
    rig_form form;          /**< how it is written */
} rig_field;

/** rig_fields is indexed by rig_field_id. */
extern const rig_field rig_fields[RIG_FIELDS];

/** rig_field_find gives the field of that name in that kind of PDU, RIG_FIELDS when there is none. */
rig_field_id rig_field_find(rig_pdu_kind kind, rig_view name);

/** rig_field_place is the part of a row that get and set need. */
struct rig_field_place {
    uint8_t byte;  /**< first byte */
    uint8_t bytes; /**< bytes that hold it */
    uint8_t low;   /**< lowest bit within them */
    uint8_t bits;  /**< width in bits */
};

/** rig_field_places is indexed by rig_field_id; in the header, so that constant fields fold. */
static const struct rig_field_place rig_field_places[RIG_FIELDS] = {
#define RIG_FIELD(id, name, byte, bytes, low, bits, form, names, pdus) {byte, bytes, low, bits},
#include "rig/pdu_fields.def"
};

/** RIG_FOLDED has a function inlined always, because its body shrinks to an instruction when the field is
 * constant. */
#define RIG_FOLDED __attribute__((always_inline))

/** rig_be_get32 reads a big-endian number of 4 bytes: one load. */
static inline uint32_t rig_be_get32(const uint8_t *ptr)
{
    return (uint32_t)ptr[0] << 24 | (uint32_t)ptr[1] << 16 | (uint32_t)ptr[2] << 8 | ptr[3];
}

/** rig_be_get reads a big-endian number of 1 to 8 bytes. */
static inline uint64_t rig_be_get(const uint8_t *ptr, unsigned bytes)
{
    uint64_t value = 0;
    if (bytes == 4)
        return rig_be_get32(ptr);
    if (bytes == 8)
        return (uint64_t)rig_be_get32(ptr) << 32 | rig_be_get32(ptr + 4);
    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | ptr[i];
    return value;
}

/** rig_be_set writes a big-endian number of 1 to 8 bytes; higher bits of value are cut off. */
static inline void rig_be_set(uint8_t *ptr, unsigned bytes, uint64_t value)
{
    if (bytes == 4) {
        ptr[0] = (uint8_t)(value >> 24);
        ptr[1] = (uint8_t)(value >> 16);
        ptr[2] = (uint8_t)(value >> 8);
        ptr[3] = (uint8_t)value;
        return;
    }
    for (unsigned i = bytes; i-- > 0; value >>= 8)
        ptr[i] = (uint8_t)value;
}

/** rig_get reads a field of a header. Not for CDB. */
RIG_FOLDED static inline uint64_t rig_get(const uint8_t *bhs, rig_field_id field)
{
    const struct rig_field_place *p = &rig_field_places[field];
    uint64_t mask = p->bits >= 64 ? UINT64_MAX : (UINT64_C(1) << p->bits) - 1;
    return rig_be_get(bhs + p->byte, p->bytes) >> p->low & mask;
}

/** rig_get32 is rig_get for fields of at most 32 bits. */
RIG_FOLDED static inline uint32_t rig_get32(const uint8_t *bhs, rig_field_id field)
{
    return (uint32_t)rig_get(bhs, field);
}

/** rig_set writes a field of a header, leaving the other bits; higher bits of value are cut off. Not for CDB.
 */
RIG_FOLDED static inline void rig_set(uint8_t *bhs, rig_field_id field, uint64_t value)
{
    const struct rig_field_place *p = &rig_field_places[field];
    uint64_t mask = p->bits >= 64 ? UINT64_MAX : (UINT64_C(1) << p->bits) - 1;
    uint64_t old = rig_be_get(bhs + p->byte, p->bytes);
    rig_be_set(bhs + p->byte, p->bytes, (old & ~(mask << p->low)) | (value & mask) << p->low);
}

/**
 * rig_bhs_init zeroes a header and sets opcode, the fixed bits of byte 1, the I bit of a Login Request
 * (11.12), and ITT, TTT, the RefTag of a TmfReq and the SnackTag of a Snack (where there is one) to none.
 */
void rig_bhs_init(uint8_t bhs[RIG_BHS_LEN], rig_pdu_kind kind);

/** rig_bhs_reserved_bits gives the bits of a header that are reserved for that kind; none for one that is not
 * known. */
void rig_bhs_reserved_bits(rig_pdu_kind kind, uint8_t out_bits[RIG_BHS_LEN]);

/** rig_bhs_reserved gives the number of the first byte with a reserved bit set for that kind, RIG_BHS_LEN
 * when clean. */
unsigned rig_bhs_reserved(const uint8_t bhs[RIG_BHS_LEN], rig_pdu_kind kind);

/** rig_field_print appends the value of a field in its form. */
void rig_field_print(rig_text *out, const uint8_t bhs[RIG_BHS_LEN], rig_field_id field);

/**
 * rig_field_parse reads what rig_field_print writes (names, numbers in decimal or hex) and sets the field.
 * Errors: RIG_E_SYNTAX with err->field and the known names nearest to the text; RIG_E_LIMIT when it does not
 * fit.
 */
rig_status rig_field_parse(uint8_t bhs[RIG_BHS_LEN], rig_field_id field, rig_view text, rig_error *err);

/** rig_pdu is one PDU as received or captured. All views are borrowed until the callback that shows it
 * returns. */
typedef struct rig_pdu {
    const uint8_t *bhs; /**< 48 bytes */
    rig_view ahs;       /**< additional header segments, all of them */
    rig_view data;   /**< data segment without padding; {NULL, len} when it went to a place of the owner's */
    uint64_t offset; /**< of its first byte in the connection's stream, from 0 */
    uint32_t wire_len;                     /**< bytes on the wire, digests and padding included */
    bool has_header_digest;                /**< a header digest was on the wire */
    bool has_data_digest;                  /**< a data digest was on the wire */
    bool bad_header_digest;                /**< and did not match */
    bool bad_data_digest;                  /**< and did not match */
    uint8_t header_digest[RIG_DIGEST_LEN]; /**< as on the wire, with has_header_digest */
    uint8_t data_digest[RIG_DIGEST_LEN];   /**< as on the wire, with has_data_digest */
    bool bad_padding;                      /**< a pad byte was not zero (section 11.1: SHOULD be zero) */
} rig_pdu;

/** rig_ahs_type is the type code of an additional header segment (11.2.2.1). */
typedef enum rig_ahs_type {
    RIG_AHS_CDB = 1,  /**< extended CDB: the bytes from 16 on (11.2.2.3) */
    RIG_AHS_BIDI = 2, /**< bidirectional expected read length (11.2.2.4) */
} rig_ahs_type;

/** rig_ahs is one additional header segment. */
typedef struct rig_ahs {
    uint8_t type;  /**< rig_ahs_type, or any other code */
    rig_view data; /**< after the reserved byte; without padding */
} rig_ahs;

/**
 * rig_ahs_next takes the next segment off *rest. RIG_E_NOT_FOUND at the end; RIG_E_FORMAT with the offset
 * when a length overruns the area (section 7.7).
 */
rig_status rig_ahs_next(rig_view *rest, rig_ahs *out_ahs, rig_error *err);

/** rig_ahs_put writes one segment with padding into out; returns its bytes, 0 when it does not fit. */
size_t rig_ahs_put(uint8_t *out, size_t size, uint8_t type, rig_view data);

/** rig_lun_encode gives the 8-byte SAM form (as a number) of a flat LUN 0..16383: peripheral below 256, else
 * flat. */
uint64_t rig_lun_encode(uint32_t lun);

/** rig_lun_decode gives the number of a single-level LUN in peripheral or flat form; false for any other
 * form. */
bool rig_lun_decode(uint64_t sam, uint32_t *out_lun);

#ifdef __cplusplus
}
#endif

#endif
