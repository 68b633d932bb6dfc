/** @file
 * Messages of strongSwan's control interface (the vici socket of charon), read and made without I/O: a 32-bit
 * length, a type, for some types a name, then key/values, lists and sections one behind the other. Written
 * from the description of the protocol that strongSwan publishes with its vici plugin.
 */
#ifndef RIG_VICI_MESSAGE_H
#define RIG_VICI_MESSAGE_H

#include "rig/status.h"
#include "rig/view.h"

#define RIG_VICI_HEADER_LEN 4 /**< bytes of the length in front of a packet, big-endian */
#define RIG_VICI_PACKET_MAX                                                                                  \
    (512 * 1024)                 /**< most bytes of a packet behind its length; charon's own limit           \
                                  */
#define RIG_VICI_NAME_MAX 255    /**< most bytes of a name */
#define RIG_VICI_VALUE_MAX 65535 /**< most bytes of a value */
#define RIG_VICI_DEPTH_MAX 16    /**< most sections inside each other */

/** rig_vici_op is the type of a packet. */
typedef enum rig_vici_op {
    RIG_VICI_REQUEST,       /**< a command, by name */
    RIG_VICI_RESPONSE,      /**< what it came to */
    RIG_VICI_UNKNOWN,       /**< there is no such command */
    RIG_VICI_REGISTER,      /**< events of that name are wanted */
    RIG_VICI_UNREGISTER,    /**< no more */
    RIG_VICI_CONFIRM,       /**< of either */
    RIG_VICI_EVENT_UNKNOWN, /**< there is no such event */
    RIG_VICI_EVENT,         /**< an event, by name */
    RIG_VICI_OPS            /**< number of types, not one */
} rig_vici_op;

/** rig_vici_packet is a packet taken apart; views into it. */
typedef struct rig_vici_packet {
    rig_vici_op op;   /**< type */
    rig_view name;    /**< of the command or event, empty for types without */
    rig_view message; /**< elements, well-formed to the end */
} rig_vici_packet;

/** rig_vici_packet_get takes a packet without its length apart and looks at its message to the end: types and
 * lengths, nesting (RIG_VICI_DEPTH_MAX), that lists have items alone. RIG_E_TRUNCATED, RIG_E_FORMAT,
 * RIG_E_LIMIT with err->offset at the byte at fault; no text tells a value. */
rig_status rig_vici_packet_get(rig_view packet, rig_vici_packet *out, rig_error *err);

/** rig_vici_kind is the type of an element. */
typedef enum rig_vici_kind {
    RIG_VICI_END,           /**< nothing more */
    RIG_VICI_SECTION_START, /**< a section of that name begins */
    RIG_VICI_SECTION_END,   /**< the innermost section ends */
    RIG_VICI_KEY_VALUE,     /**< name and value */
    RIG_VICI_LIST_START,    /**< a list of that name begins */
    RIG_VICI_LIST_ITEM,     /**< a value of the list */
    RIG_VICI_LIST_END       /**< the list ends */
} rig_vici_kind;

/** rig_vici_element is one element; views into the message. */
typedef struct rig_vici_element {
    rig_vici_kind kind; /**< type */
    rig_view name;      /**< of sections, lists and key/values */
    rig_view value;     /**< of key/values and items */
} rig_vici_element;

/** rig_vici_reader goes through the elements of a message. */
typedef struct rig_vici_reader {
    rig_view message; /**< all of it */
    size_t at;        /**< next byte */
    uint32_t depth;   /**< sections that are open */
    bool in_list;     /**< a list is open */
} rig_vici_reader;

/** rig_vici_next gives the next element, RIG_VICI_END behind the last. Errors as of rig_vici_packet_get;
 * behind one nothing more is to be read. */
rig_status rig_vici_next(rig_vici_reader *reader, rig_vici_element *out, rig_error *err);

/** rig_vici_value gives the value of a key that stands in a message, or the inside of a section, itself and
 * not in a section of it; empty when there is none. The message is well-formed. */
rig_view rig_vici_value(rig_view message, const char *key);

/** rig_vici_section takes the next section off *rest, with the elements in front of it; false when there is
 * none. out_inside is its inside, as a message. The message is well-formed. */
bool rig_vici_section(rig_view *rest, rig_view *out_name, rig_view *out_inside);

/** rig_vici_item gives item index of the list of that name; false behind the last, or without the list. The
 * message is well-formed. */
bool rig_vici_item(rig_view message, const char *list, uint32_t index, rig_view *out_value);

/** rig_vici_writer makes a packet in a caller's buffer, which may hold secrets and is the caller's to wipe.
 * What does not fit is left out and remembered. */
typedef struct rig_vici_writer {
    uint8_t *ptr; /**< the caller's buffer */
    size_t size;  /**< its size in bytes */
    size_t len;   /**< bytes written */
    bool cut;     /**< something did not fit, or was longer than the protocol can say */
} rig_vici_writer;

/** rig_vici_begin starts a packet; a name is written for the types that have one. */
void rig_vici_begin(rig_vici_writer *writer, void *buffer, size_t size, rig_vici_op op, const char *name);

/** rig_vici_open begins a section. */
void rig_vici_open(rig_vici_writer *writer, const char *name);

/** rig_vici_close ends it. */
void rig_vici_close(rig_vici_writer *writer);

/** rig_vici_put adds a key and its value. */
void rig_vici_put(rig_vici_writer *writer, const char *key, rig_view value);

/** rig_vici_put_text adds a key and its value. */
void rig_vici_put_text(rig_vici_writer *writer, const char *key, const char *value);

/** rig_vici_put_list adds a list of num values. */
void rig_vici_put_list(rig_vici_writer *writer, const char *key, const char *const *values, size_t num);

/** rig_vici_finish writes the length and gives that of the whole; 0 when something did not fit. */
size_t rig_vici_finish(rig_vici_writer *writer);

#endif
