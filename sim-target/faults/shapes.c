#include "rig/fault_shapes.h"

#include <string.h>

#include "rig/text.h"

#define ALWAYS RIG_FIELDS, 0
#define IF(field, value) RIG_F_##field, value
#define ROW(fault, pdu, how, field, byte, value, key, text, ...)                                             \
    {RIG_FAULT_##fault, RIG_PDU_##pdu, __VA_ARGS__, RIG_SHAPE_##how, field, byte, value, key, text},
#define SET(fault, pdu, when, field, value) ROW(fault, pdu, SET, RIG_F_##field, 0, value, NULL, NULL, when)
#define ADD(fault, pdu, when, field, value) ROW(fault, pdu, ADD, RIG_F_##field, 0, value, NULL, NULL, when)
#define FLIP(fault, pdu, when, byte, bits) ROW(fault, pdu, FLIP, RIG_FIELDS, byte, bits, NULL, NULL, when)
#define VALUE(fault, pdu, when, key, text, fill) ROW(fault, pdu, VALUE, RIG_FIELDS, 0, fill, key, text, when)
#define MORE(fault, pdu, when, key, text, fill) ROW(fault, pdu, MORE, RIG_FIELDS, 0, fill, key, text, when)
#define GONE(fault, pdu, when, key) ROW(fault, pdu, GONE, RIG_FIELDS, 0, 0, key, NULL, when)
#define AGAIN(fault, pdu, when, key) ROW(fault, pdu, AGAIN, RIG_FIELDS, 0, 0, key, NULL, when)
#define BARE(fault, pdu, when, text) ROW(fault, pdu, BARE, RIG_FIELDS, 0, 0, NULL, text, when)
#define CUT(fault, pdu, when, bytes) ROW(fault, pdu, CUT, RIG_FIELDS, 0, bytes, NULL, NULL, when)

static const rig_fault_shape shapes[] = {
#include "shapes.def"
};

#define NUM_SHAPES (sizeof shapes / sizeof shapes[0])

static const rig_fault_shape *from(const rig_fault_shape *shape, rig_pdu_kind pdu)
{
    while (shape < shapes + NUM_SHAPES && shape->pdu != pdu)
        shape++;
    return shape < shapes + NUM_SHAPES ? shape : NULL;
}

const rig_fault_shape *rig_fault_shape_first(rig_pdu_kind pdu)
{
    return from(shapes, pdu);
}

const rig_fault_shape *rig_fault_shape_next(const rig_fault_shape *shape)
{
    return from(shape + 1, shape->pdu);
}

const rig_fault_shape *rig_fault_shape_of(rig_fault fault)
{
    for (size_t i = 0; i < NUM_SHAPES; i++)
        if (shapes[i].fault == fault)
            return &shapes[i];
    return NULL;
}

bool rig_fault_shape_fits(const rig_fault_shape *shape, const uint8_t bhs[RIG_BHS_LEN])
{
    return shape->when == RIG_FIELDS || rig_get(bhs, shape->when) == shape->when_is;
}

bool rig_fault_shape_header(const rig_fault_shape *shape, uint8_t bhs[RIG_BHS_LEN])
{
    uint8_t before[RIG_BHS_LEN];
    memcpy(before, bhs, RIG_BHS_LEN);
    if (shape->how == RIG_SHAPE_SET)
        rig_set(bhs, shape->field, shape->value);
    else if (shape->how == RIG_SHAPE_ADD)
        rig_set(bhs, shape->field, rig_get(bhs, shape->field) + shape->value);
    else if (shape->how == RIG_SHAPE_FLIP)
        bhs[shape->byte] = (uint8_t)(bhs[shape->byte] ^ shape->value);
    return memcmp(before, bhs, RIG_BHS_LEN) != 0;
}

/* ---- texts ---- */

static size_t put(uint8_t *out, size_t at, rig_view bytes)
{
    if (bytes.len)
        memcpy(out + at, bytes.ptr, bytes.len);
    return at + bytes.len;
}

static size_t put_own(const rig_fault_shape *shape, uint8_t *out, size_t at)
{
    at = put(out, at, rig_view_str(shape->key));
    out[at++] = '=';
    at = put(out, at, rig_view_str(shape->text));
    memset(out + at, 'x', shape->value);
    at += shape->value;
    out[at++] = 0;
    return at;
}

/* One pair of the text, as the shape has it. */
static size_t put_pair(const rig_fault_shape *shape, rig_view whole, uint8_t *out, size_t at)
{
    if (shape->how == RIG_SHAPE_VALUE)
        return put_own(shape, out, at);
    if (shape->how == RIG_SHAPE_GONE)
        return at;
    at = put(out, at, whole);
    return shape->how == RIG_SHAPE_AGAIN ? put(out, at, whole) : at;
}

/* What happens at the end of a text, whatever its pairs are. */
static bool change_end(const rig_fault_shape *shape, rig_view text, uint8_t *out, size_t *out_len)
{
    size_t at = put(out, 0, text);
    if (shape->how == RIG_SHAPE_BARE) {
        at = put(out, at, rig_view_str(shape->text));
        out[at++] = 0;
    } else {
        at -= shape->value < at ? shape->value : at;
    }
    *out_len = at;
    return at != text.len;
}

bool rig_fault_shape_text(const rig_fault_shape *shape, rig_view text, uint8_t *out, size_t *out_len)
{
    if (shape->how == RIG_SHAPE_BARE || shape->how == RIG_SHAPE_CUT)
        return change_end(shape, text, out, out_len);
    bool more = shape->how == RIG_SHAPE_MORE, changed = more;
    size_t at = 0, done = 0;
    rig_view rest = text;
    rig_pair pair;
    rig_error err;
    if (!shape->key)
        return false;
    while (!rig_pair_next(text.ptr, &rest, &pair, &err)) {
        bool mine = !more && rig_view_is(pair.key, shape->key);
        rig_view whole = rig_view_sub(text, done, pair.key.len + pair.value.len + 2);
        at = mine ? put_pair(shape, whole, out, at) : put(out, at, whole);
        done += whole.len;
        changed = changed || mine;
    }
    at = put(out, at, rig_view_sub(text, done, text.len));
    *out_len = more ? put_own(shape, out, at) : at;
    return changed;
}
