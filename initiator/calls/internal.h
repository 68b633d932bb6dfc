/* What the walkers over records share: where a member is, what it is called, what it holds. */
#ifndef RIG_CALLS_INTERNAL_H
#define RIG_CALLS_INTERNAL_H

#include "rig/records.h"

/* What every rig_X_list looks like. */
typedef struct list {
    uint32_t num, size;
    uint8_t *ptr;
} list;

static inline uint8_t *at(const void *record, const rig_member *member)
{
    return (uint8_t *)(uintptr_t)record + member->offset;
}

/* rec_member looks a member up by its word; NULL when there is none. */
const rig_member *rec_member(const rig_shape *shape, rig_view word);

/* rec_unknown says that a record has no such word, and which one may have been meant. */
rig_status rec_unknown(const rig_shape *shape, rig_view word, rig_status status, rig_error *err);

/* A number of any width; rec_number_set gives false for one that does not fit. */
uint64_t rec_number(const rig_member *member, const void *value);
bool rec_number_set(const rig_member *member, void *value, uint64_t number);

/* rec_printable tells whether people can read bytes as they are: UTF-8 without control characters. */
bool rec_printable(rig_view bytes);

/* rec_hex reads hex digits, pairs without gaps. RIG_E_SYNTAX, RIG_E_LIMIT. */
rig_status rec_hex(rig_view digits, uint8_t *out, size_t size, size_t *out_len);

/* rec_bytes_hex is rig_bytes_set from hex digits. RIG_E_NOMEM, too. */
rig_status rec_bytes_hex(const rig_alloc *alloc, rig_bytes *bytes, rig_view digits);

/* rec_octets_hex is rig_octets_set from hex digits. */
rig_status rec_octets_hex(rig_octets *octets, rig_view digits);

#endif
