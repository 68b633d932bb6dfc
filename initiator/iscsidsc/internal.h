/* What the functions of Microsoft's API share: arguments become records, records become structures of the
 * caller, once for the A and the W functions.
 *
 * A structure is described by a layout: which member of which record stands where, in the structure of either
 * character set. Two walkers read and write by it; a new member is one row. */
#ifndef RIG_ISCSIDSC_INTERNAL_H
#define RIG_ISCSIDSC_INTERNAL_H

#include "rig/iscsidsc_use.h"

#include <iscsidsc.h>

/* dsc_set is a character set: A functions speak UTF-8, W functions UTF-16. */
typedef enum dsc_set { DSC_A, DSC_W, DSC_SETS } dsc_set;

static inline size_t dsc_unit(dsc_set set)
{
    return set == DSC_A ? sizeof(CHAR) : sizeof(WCHAR);
}

/* ---- layouts ---- */

/* dsc_kind is how a member of a record stands in a structure. */
typedef enum dsc_kind {
    DSC_VERSION,      /* a number that has to be 0 */
    DSC_NUMBER,       /* a number; neither side need be as wide as the other */
    DSC_YES_NO,       /* BOOLEAN: anything but 0 is yes */
    DSC_NETWORK,      /* a number in two bytes, high one first */
    DSC_BYTES,        /* octets in an array */
    DSC_TEXT,         /* text in an array of characters, NUL included */
    DSC_POINTED_TEXT, /* pointer to a string; written only */
    DSC_BLOB,         /* pointer to octets, and how many */
    DSC_SECRET,       /* the same, and never given back */
    DSC_PART,         /* a structure inside */
    DSC_POINTED_PART, /* pointer to a structure, NULL = not given */
    DSC_LIST,         /* pointer to structures, and how many */
    DSC_KINDS
} dsc_kind;

/* dsc_field is one member. */
typedef struct dsc_field {
    dsc_kind kind;
    uint16_t member;               /* offset in the record */
    uint16_t member_size;          /* its bytes there */
    uint16_t at[DSC_SETS];         /* offset in the structure */
    uint16_t size;                 /* NUMBER, BYTES: its bytes there; TEXT: its characters */
    uint16_t count_at[DSC_SETS];   /* BLOB, SECRET, LIST: where the structure says how many */
    uint16_t given;                /* POINTED_PART: the record's bool; BLOB, SECRET: its number with `bit` */
    uint32_t bit;                  /* BLOB, SECRET: not looked at unless set; 0 = always */
    const struct dsc_layout *part; /* PART, POINTED_PART, LIST */
    ISDSC_STATUS refusal;          /* TEXT, BLOB, SECRET, LIST: for one that cannot be */
} dsc_field;

/* dsc_layout is a structure. */
typedef struct dsc_layout {
    rig_record_id record;
    uint16_t size[DSC_SETS];
    uint16_t align;
    const dsc_field *fields;
    uint16_t num_fields;
    void (*finish)(dsc_set set, const void *record, void *to); /* writes what no member says; or NULL */
} dsc_layout;

extern const dsc_layout dsc_id_layout;
extern const dsc_layout dsc_portal_layout;
extern const dsc_layout dsc_portal_info_layout;
extern const dsc_layout dsc_portal_info_ex_layout;
extern const dsc_layout dsc_options_layout;
extern const dsc_layout dsc_mapping_layout;
extern const dsc_layout dsc_session_layout;
extern const dsc_layout dsc_session_ex_layout;
extern const dsc_layout dsc_device_layout;
extern const dsc_layout dsc_login_layout;
extern const dsc_layout dsc_ike_layout;
extern const dsc_layout dsc_ike_query_layout;
extern const dsc_layout dsc_version_layout;

/* dsc_list is what every rig_X_list looks like. */
typedef struct dsc_list {
    uint32_t num, size;
    uint8_t *ptr;
} dsc_list;

/* Numbers of the caller's memory, of 1, 2, 4 or 8 bytes, wherever they stand. */
uint64_t dsc_get(const void *at, size_t size);
void dsc_put(void *at, size_t size, uint64_t number);

/* ---- texts ---- */

/* dsc_text_read reads a string into out; false when its NUL is not within room characters, when it is not of
 * its character set, or too long in UTF-8. Nothing behind the NUL is touched. */
bool dsc_text_read(dsc_set set, const void *from, size_t room, char *out, size_t size);

/* dsc_text_units tells how many characters text takes, with its NUL; 0 when it is not UTF-8. */
size_t dsc_text_units(dsc_set set, const char *text);

/* dsc_text_write writes that many characters. */
void dsc_text_write(dsc_set set, const char *text, void *to);

/* ---- what a function was given ---- */

/* dsc_args is arguments being read: from the first that cannot be on, nothing is read any more. */
typedef struct dsc_args {
    dsc_set set;
    ISDSC_STATUS status;
} dsc_args;

/* dsc_refuse has the call refused, unless it is already. */
void dsc_refuse(dsc_args *args, ISDSC_STATUS status);

/* dsc_must refuses the call as ERROR_INVALID_PARAMETER when a pointer that has to be there is not. */
void dsc_must(dsc_args *args, const void *pointer);

/* dsc_take_text reads a string that may be missing; NULL and "" are the same. A text with room for an iSCSI
 * name (RIG_NAME_MAX + 1) is one, and refused as such. */
void dsc_take_text(dsc_args *args, const void *text, char *out, size_t size);

/* dsc_need_text reads one that has to be there, and not empty. */
void dsc_need_text(dsc_args *args, const void *text, char *out, size_t size);

/* dsc_take reads a structure that may be missing; false when it is, or cannot be. */
bool dsc_take(dsc_args *args, const dsc_layout *layout, const void *from, void *record);

/* dsc_need reads one that has to be there. */
void dsc_need(dsc_args *args, const dsc_layout *layout, const void *from, void *record);

/* dsc_take_portal reads a portal; one without an address is none. */
bool dsc_take_portal(dsc_args *args, const void *from, rig_target_portal *portal);

/* dsc_take_octets reads bytes; refusal for more than a rig_octets holds. */
void dsc_take_octets(dsc_args *args, ULONG length, const void *bytes, rig_octets *out, ISDSC_STATUS refusal);

/* dsc_read reads a structure. 0, or why it is refused; its record has to be cleared either way. */
ISDSC_STATUS dsc_read(const dsc_layout *layout, dsc_set set, const void *from, void *record);

/* dsc_alloc gives the memory of requests. */
const rig_alloc *dsc_alloc(void);

/* ---- calls ---- */

/* dsc_ask makes a call unless the arguments are refused, and clears its request. True when there is a reply;
 * what the call came to is args->status. The reply has to be cleared with dsc_done. */
bool dsc_ask(dsc_args *args, rig_call_id call, void *request, void *reply);

/* dsc_done clears a reply and gives the function's result: what the call came to, unless the reply could not
 * be delivered. */
ISDSC_STATUS dsc_done(const dsc_args *args, rig_call_id call, void *reply, ISDSC_STATUS delivered);

/* dsc_order makes a call that answers nothing, and gives the function's result. */
ISDSC_STATUS dsc_order(dsc_args *args, rig_call_id call, void *request);

/* ---- what a function gives back ---- */

/* dsc_block is the caller's buffer being filled, or, without memory, measured. */
typedef struct dsc_block {
    dsc_set set;
    uint8_t *ptr;        /* NULL: only measured */
    size_t used;         /* bytes so far */
    ISDSC_STATUS status; /* not 0: something cannot be said in the caller's structures */
} dsc_block;

/* dsc_fill puts something into a block. It is called twice, and has to do the same both times. */
typedef void dsc_fill(dsc_block *block, const void *what);

/* dsc_block_take takes the next bytes, zeroed; NULL while measuring. */
uint8_t *dsc_block_take(dsc_block *block, size_t bytes, size_t align);

/* dsc_block_text puts a string. */
uint8_t *dsc_block_text(dsc_block *block, const char *text);

/* dsc_block_number puts a ULONG. */
void dsc_block_number(dsc_block *block, uint32_t number);

/* dsc_write writes a record at `to` (NULL: measures), and what it points to into the block. */
void dsc_write(dsc_block *block, const dsc_layout *layout, const void *record, uint8_t *to);

/* dsc_array is records to be delivered as an array of structures. */
typedef struct dsc_array {
    const dsc_layout *layout;
    const void *list; /* a rig_X_list of the layout's record */
} dsc_array;

/* dsc_fill_array is a dsc_fill of a dsc_array: first all structures, then what they point to. */
void dsc_fill_array(dsc_block *block, const void *array);

/* dsc_fill_labels is a dsc_fill of a rig_labels: strings, and an empty one behind them. */
void dsc_fill_labels(dsc_block *block, const void *labels);

/**
 * dsc_deliver is the one rule for buffers: *size says how many units of so many bytes there are, and hears
 * how many are used, or needed: then ERROR_INSUFFICIENT_BUFFER, and the buffer is not touched. A buffer that
 * is NULL has none.
 */
ISDSC_STATUS dsc_deliver(dsc_set set, dsc_fill *fill, const void *what, void *buffer, ULONG *size,
                         size_t unit);

/* dsc_report_bytes is a function that gives back an array, with what it points to, in so many bytes; *count
 * hears how many structures there are. The reply of the call is one list. */
ISDSC_STATUS dsc_report_bytes(dsc_args *args, rig_call_id call, void *request, const dsc_layout *layout,
                              void *buffer, ULONG *bytes, ULONG *count);

/* dsc_report_elements is one that gives back an array of so many structures, which point to nothing. */
ISDSC_STATUS dsc_report_elements(dsc_args *args, rig_call_id call, void *request, const dsc_layout *layout,
                                 void *buffer, ULONG *count);

/* dsc_report_labels is a function that gives back a list of strings; size in characters. */
ISDSC_STATUS dsc_report_labels(dsc_args *args, rig_call_id call, void *request, ULONG *size, void *buffer);

/* dsc_order_label is a function whose argument is one string, with room for a name or for anything. */
ISDSC_STATUS dsc_order_label(dsc_set set, rig_call_id call, const void *text, size_t room);

#define DSC_LABEL_ROOM sizeof(((rig_label *)0)->text) /* anything */
#define DSC_NAME_ROOM (RIG_NAME_MAX + 1)              /* an iSCSI name */

#endif
