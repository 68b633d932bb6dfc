/* Messages of ISAKMP (RFC 2408 section 3) with the payloads of the IPsec DOI: their bytes, no meaning. */
#ifndef IPSEC_ISAKMP_H
#define IPSEC_ISAKMP_H

#include "rig/status.h"
#include "rig/view.h"

#define ISA_COOKIE 8
#define ISA_HEADER 28
#define ISA_PARTS_MAX 16      /* payloads of a message */
#define ISA_TRANSFORMS_MAX 16 /* of an SA */
#define ISA_ATTRIBUTES 16     /* types that are looked at */
#define ISA_FLAG_ENCRYPTED 1

typedef enum isa_payload {
    ISA_NONE,
    ISA_SA = 1,
    ISA_PROPOSAL = 2,
    ISA_TRANSFORM = 3,
    ISA_KE = 4,
    ISA_ID = 5,
    ISA_HASH = 8,
    ISA_NONCE = 10,
    ISA_NOTIFY = 11,
    ISA_DELETE = 12,
    ISA_VENDOR = 13
} isa_payload;

typedef enum isa_exchange { ISA_MAIN = 2, ISA_AGGRESSIVE = 4, ISA_INFO = 5, ISA_QUICK = 32 } isa_exchange;

typedef enum isa_protocol { ISA_PROTOCOL_ISAKMP = 1, ISA_PROTOCOL_ESP = 3 } isa_protocol;

typedef struct isa_header {
    uint8_t icookie[ISA_COOKIE], rcookie[ISA_COOKIE];
    uint8_t next, exchange, flags;
    uint32_t message_id;
} isa_header;

/* One payload: body is what stands behind its generic header. */
typedef struct isa_part {
    uint8_t type;
    rig_view body, whole;
} isa_part;

typedef struct isa_message {
    isa_header header;
    isa_part parts[ISA_PARTS_MAX];
    unsigned num;
} isa_message;

/* One transform of a proposal, with the proposal it belongs to. */
typedef struct isa_transform {
    uint8_t proposal, protocol, number, id;
    uint32_t spi;                   /* of ESP */
    uint16_t has;                   /* set of attribute types */
    uint32_t value[ISA_ATTRIBUTES]; /* by type */
    uint32_t kilobytes;             /* a second life beside that in seconds; 0: none */
    bool strange;                   /* has what nobody here knows, or something twice */
} isa_transform;

/* The header, and how long the message says it is: all of bytes. RIG_E_TRUNCATED, RIG_E_FORMAT. */
rig_status isa_read_header(rig_view bytes, isa_header *out, rig_error *err);

/* The chain of payloads that begins with one of type `first` at body; what follows the last one is padding,
 * and only allowed where `padded`. base: offsets of errors count from there. */
rig_status isa_read_parts(rig_view body, const uint8_t *base, uint8_t first, bool padded, isa_message *out,
                          rig_error *err);

/* The n-th payload of a type, NULL. */
const isa_part *isa_part_of(const isa_message *message, uint8_t type, unsigned n);

/* The transforms of an SA payload, in order. */
rig_status isa_read_sa(rig_view body, const uint8_t *base, isa_transform *out, unsigned *out_num,
                       rig_error *err);

/* ---- writing: into room that is known to be enough, or nothing ---- */

typedef struct isa_writer {
    uint8_t *bytes;
    size_t size, len;
    size_t next_at; /* where the type of the payload to come is written */
    bool full;
} isa_writer;

void isa_begin(isa_writer *w, uint8_t *bytes, size_t size, const isa_header *header);
void isa_put(isa_writer *w, uint8_t type, rig_view body);

/* An SA payload of one proposal with its transforms. The body that was written. */
rig_view isa_put_sa(isa_writer *w, const isa_transform *transforms, unsigned num);

/* Writes the length; bytes, empty when they did not fit. */
rig_view isa_end(isa_writer *w);

#endif
