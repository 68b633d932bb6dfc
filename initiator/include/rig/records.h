/** @file
 * Records: what the management calls carry, in memory, as JSON and as single words of text.
 *
 * Every record is a struct generated from rig/records.def, and a shape that says where its members are. One
 * walker serves JSON, stores, reports and scenarios; a new member is one row.
 */
#ifndef RIG_RECORDS_H
#define RIG_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "rig/alloc.h"
#include "rig/status.h"
#include "rig/text.h"

#define RIG_OCTETS_MAX 255    /**< most octets of a name, secret or key */
#define RIG_RECORD_DEPTH 8    /**< records inside each other, at most */
#define RIG_LIST_MAX 100000   /**< most records of a list */
#define RIG_BYTES_MAX 1048576 /**< most bytes of a rig_bytes */

/** rig_octets is a short string of any octets. */
typedef struct rig_octets {
    uint16_t len;                  /**< octets */
    uint8_t bytes[RIG_OCTETS_MAX]; /**< they, the rest is 0 */
} rig_octets;

/** rig_bytes is any number of bytes, owned by the record they are in. */
typedef struct rig_bytes {
    uint32_t len; /**< bytes */
    uint8_t *ptr; /**< they; NULL when there are none */
} rig_bytes;

/* The structs rig_X and rig_X_list, in the order of the file. */
#define RIG_RECORD(record, meaning) typedef struct rig_##record {
#define RIG_TEXT(member, word, size, meaning) char member[size];
#define RIG_NUMBER(member, word, bits, meaning) uint##bits##_t member;
#define RIG_BOOL(member, word, meaning) bool member;
#define RIG_OCTETS(member, word, meaning) rig_octets member;
#define RIG_SECRET(member, word, meaning) rig_octets member;
#define RIG_BYTES(member, word, meaning) rig_bytes member;
#define RIG_PART(member, word, record, meaning) rig_##record member;
#define RIG_LIST(member, word, record, meaning) rig_##record##_list member;
#define RIG_RECORD_END(record)                                                                               \
    }                                                                                                        \
    rig_##record;                                                                                            \
    typedef struct rig_##record##_list {                                                                     \
        uint32_t num, size;                                                                                  \
        rig_##record *ptr;                                                                                   \
    } rig_##record##_list;
#include "rig/records.def"
#undef RIG_RECORD
#undef RIG_TEXT
#undef RIG_NUMBER
#undef RIG_BOOL
#undef RIG_OCTETS
#undef RIG_SECRET
#undef RIG_BYTES
#undef RIG_PART
#undef RIG_LIST
#undef RIG_RECORD_END

/** rig_record_id numbers the records. */
typedef enum rig_record_id {
#define RIG_RECORD(record, meaning) RIG_RECORD_##record,
#define RIG_TEXT(member, word, size, meaning)
#define RIG_NUMBER(member, word, bits, meaning)
#define RIG_BOOL(member, word, meaning)
#define RIG_OCTETS(member, word, meaning)
#define RIG_SECRET(member, word, meaning)
#define RIG_BYTES(member, word, meaning)
#define RIG_PART(member, word, record, meaning)
#define RIG_LIST(member, word, record, meaning)
#define RIG_RECORD_END(record)
#include "rig/records.def"
#undef RIG_RECORD
#undef RIG_TEXT
#undef RIG_NUMBER
#undef RIG_BOOL
#undef RIG_OCTETS
#undef RIG_SECRET
#undef RIG_BYTES
#undef RIG_PART
#undef RIG_LIST
#undef RIG_RECORD_END
    RIG_RECORDS /**< how many, not a record */
} rig_record_id;

/** rig_member_kind is how a member is kept. */
typedef enum rig_member_kind {
    RIG_MEMBER_TEXT,   /**< char array of `size` */
    RIG_MEMBER_NUMBER, /**< unsigned of `size` bytes */
    RIG_MEMBER_BOOL,   /**< bool */
    RIG_MEMBER_OCTETS, /**< rig_octets */
    RIG_MEMBER_SECRET, /**< rig_octets, not to be shown */
    RIG_MEMBER_BYTES,  /**< rig_bytes */
    RIG_MEMBER_PART,   /**< another record */
    RIG_MEMBER_LIST    /**< uint32_t num and size (of the memory), pointer to records */
} rig_member_kind;

/** rig_member is one member of a record. */
typedef struct rig_member {
    const char *word;     /**< its word */
    rig_member_kind kind; /**< how it is kept */
    size_t offset;        /**< where in the struct */
    size_t size;          /**< its bytes */
    rig_record_id record; /**< PART, LIST: of what */
    const char *meaning;  /**< for people */
} rig_member;

/** rig_shape is the description of a record. */
typedef struct rig_shape {
    const char *name;          /**< as in records.def */
    size_t size;               /**< of the struct */
    const rig_member *members; /**< in the order of the file */
    size_t num_members;        /**< entries */
} rig_shape;

/** rig_shape_of gives the shape of a record. Static storage. */
const rig_shape *rig_shape_of(rig_record_id record);

/** RIG_SHAPE is the shape of the record X. */
#define RIG_SHAPE(X) rig_shape_of(RIG_RECORD_##X)

/** rig_record_clear frees what a record owns, wipes its secrets and zeroes it. */
void rig_record_clear(const rig_alloc *alloc, const rig_shape *shape, void *record);

/** rig_record_copy makes out_record a copy with lists and bytes of its own. RIG_E_NOMEM, and then out_record
 * is zero. */
rig_status rig_record_copy(const rig_alloc *alloc, const rig_shape *shape, const void *record,
                           void *out_record);

/** rig_record_hide wipes every secret of a record, in its lists, too. */
void rig_record_hide(const rig_shape *shape, void *record);

/** rig_record_equal compares two records member by member, order of lists included. */
bool rig_record_equal(const rig_shape *shape, const void *a, const void *b);

/**
 * rig_list_add gives room for one more record, zeroed, at the end of a list (a rig_X_list of that shape).
 * NULL: no memory, or RIG_LIST_MAX. The list grows by doubling: pointers into it are good until the next
 * call.
 */
void *rig_list_add(const rig_alloc *alloc, const rig_shape *shape, void *list);

/** rig_list_reserve makes room for so many more records at once, so that adding them moves nothing.
 * RIG_E_NOMEM, RIG_E_LIMIT; the list is as it was. */
rig_status rig_list_reserve(const rig_alloc *alloc, const rig_shape *shape, void *list, uint32_t more);

/** rig_list_remove takes entry index out of a list and clears it; the others keep their order. */
void rig_list_remove(const rig_alloc *alloc, const rig_shape *shape, void *list, uint32_t index);

/** rig_bytes_set makes bytes a copy of view. RIG_E_NOMEM, RIG_E_LIMIT. */
rig_status rig_bytes_set(const rig_alloc *alloc, rig_bytes *bytes, rig_view view);

/** rig_octets_set makes octets a copy of view. RIG_E_LIMIT beyond RIG_OCTETS_MAX. */
rig_status rig_octets_set(rig_octets *octets, rig_view view);

/** rig_octets_view gives them as a view, borrowed. */
static inline rig_view rig_octets_view(const rig_octets *octets)
{
    return rig_view_of(octets->bytes, octets->len);
}

/**
 * rig_record_set gives a member a value from text: path is words joined by '.', in lists with the index, one
 * behind the last adds a record ("portal.socket", "luns.0.os-lun"). Numbers are decimal or 0x hex, bool
 * yes|no, octets and bytes text, or 0x and hex digits. RIG_E_NOT_FOUND with the nearest word, RIG_E_SYNTAX,
 * RIG_E_LIMIT, RIG_E_NOMEM.
 */
rig_status rig_record_set(const rig_alloc *alloc, const rig_shape *shape, void *record, rig_view path,
                          rig_view value, rig_error *err);

/** rig_record_get prints the member at path, as rig_record_set would read it; "num" behind a list is its
 * length; a secret reads "(secret)", or nothing when it is not given. RIG_E_NOT_FOUND with the nearest word.
 */
rig_status rig_record_get(const rig_shape *shape, const void *record, rig_view path, rig_text *out,
                          rig_error *err);

/** rig_json_secrets says what becomes of secrets in JSON. */
typedef enum rig_json_secrets {
    RIG_JSON_HIDE, /**< they are left out */
    RIG_JSON_KEEP  /**< they are written: for stores and the socket of the service alone */
} rig_json_secrets;

/**
 * rig_record_to_json writes a record as one line of JSON: {"word":value,…}, members that are zero or empty
 * left out; octets and bytes as {"text":…} when they are printable UTF-8, else {"hex":…}; 64-bit numbers as
 * "0x…" text, since JSON's are not that long. A byte of a text that is no UTF-8 is written as '?'. *out_text
 * is freed with rig_delete(alloc, text, len + 1). RIG_E_NOMEM.
 */
rig_status rig_record_to_json(const rig_alloc *alloc, const rig_shape *shape, const void *record,
                              rig_json_secrets secrets, char **out_text, size_t *out_len);

/**
 * rig_record_from_json reads it back; out_record is cleared on failure. Unknown words, wrong kinds, too long
 * texts and lists, and numbers out of range are refused: RIG_E_SYNTAX, RIG_E_LIMIT or RIG_E_NOMEM with the
 * path in err->field.
 */
rig_status rig_record_from_json(const rig_alloc *alloc, const rig_shape *shape, rig_view text,
                                void *out_record, rig_error *err);

#endif
