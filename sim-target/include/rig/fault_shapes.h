/** @file
 * Deviations that are one field, one bit or one key of one kind of PDU, as rows: shapes.def.
 */
#ifndef RIG_FAULT_SHAPES_H
#define RIG_FAULT_SHAPES_H

#include "rig/faults.h"
#include "rig/pdu.h"

/** RIG_SHAPE_GROWTH is how many bytes a shape adds to a text at most. */
#define RIG_SHAPE_GROWTH 20480

/** rig_shape_how is what a shape does. */
typedef enum rig_shape_how {
    RIG_SHAPE_SET,   /**< the field becomes the value */
    RIG_SHAPE_ADD,   /**< the value is added to the field, modulo its width */
    RIG_SHAPE_FLIP,  /**< the bits of value are inverted in a byte of the header */
    RIG_SHAPE_VALUE, /**< the key gets another value, wherever it stands */
    RIG_SHAPE_MORE,  /**< a pair is put behind the others */
    RIG_SHAPE_GONE,  /**< the key is left out */
    RIG_SHAPE_AGAIN, /**< the key and its value stand there twice */
    RIG_SHAPE_BARE,  /**< what is no pair is put behind the others, with a NUL */
    RIG_SHAPE_CUT,   /**< the last bytes are missing */
} rig_shape_how;

/** rig_fault_shape is one row; what its kind of change does not need is zero. */
typedef struct rig_fault_shape {
    rig_fault fault;    /**< the deviation */
    rig_pdu_kind pdu;   /**< the PDU it is in */
    rig_field_id when;  /**< only where this field */
    uint64_t when_is;   /**< has this value; RIG_FIELDS: always */
    rig_shape_how how;  /**< what happens */
    rig_field_id field; /**< SET, ADD */
    unsigned byte;      /**< FLIP: of the header */
    uint64_t value;     /**< SET, ADD, FLIP; of a text: bytes 'x' behind the value, CUT: how many */
    const char *key;    /**< VALUE, MORE, GONE, AGAIN */
    const char *text;   /**< VALUE, MORE: the value; BARE: all of it */
} rig_fault_shape;

/** rig_fault_shape_first gives the first shape of a PDU kind, rig_fault_shape_next the one behind it; NULL at
 * the end. */
const rig_fault_shape *rig_fault_shape_first(rig_pdu_kind pdu);

/** rig_fault_shape_next: see rig_fault_shape_first. */
const rig_fault_shape *rig_fault_shape_next(const rig_fault_shape *shape);

/** rig_fault_shape_of gives the shape of a fault, NULL when it is none of this kind. */
const rig_fault_shape *rig_fault_shape_of(rig_fault fault);

/** rig_fault_shape_fits tells whether a header is one that the shape changes. */
bool rig_fault_shape_fits(const rig_fault_shape *shape, const uint8_t bhs[RIG_BHS_LEN]);

/** rig_fault_shape_header changes a header it fits; false when it leaves it as it is: it is of a text, or the
 * field had that value. */
bool rig_fault_shape_header(const rig_fault_shape *shape, uint8_t bhs[RIG_BHS_LEN]);

/** rig_fault_shape_text writes the changed text to out, with room for text.len + RIG_SHAPE_GROWTH, and its
 * length; false when nothing changes: the shape is of a header, or the key is not there. */
bool rig_fault_shape_text(const rig_fault_shape *shape, rig_view text, uint8_t *out, size_t *out_len);

#endif
