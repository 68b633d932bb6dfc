/** @file
 * The evidence as a list: PDUs read from packets, and events, in the order they were seen.
 *
 * The same items come from a live run's tap and from a stranger's capture file, so trace, matcher and lint
 * have one input.
 */
#ifndef RIG_ITEM_H
#define RIG_ITEM_H

#include "rig/alloc.h"
#include "rig/iname.h"
#include "rig/pdu.h"

/** rig_item_kind says what an item is. */
typedef enum rig_item_kind {
    RIG_ITEM_PDU,  /**< a whole PDU; written > (initiator to target) or < */
    RIG_ITEM_EVENT /**< something that is not a PDU; written ! */
} rig_item_kind;

/** rig_item is one line of evidence. */
typedef struct rig_item {
    rig_item_kind kind; /**< which members count */
    uint64_t time;      /**< ns: of the packet that completed the PDU, or of the event */
    uint32_t
        connection;    /**< index of the iSCSI connection in order of appearance, from 0; UINT32_MAX = none */
    uint32_t frame;    /**< 1-based packet number in the capture that completed it, 0 = none */
    bool to_target;    /**< PDU: direction */
    rig_ip sender;     /**< PDU: address it came from, as far as known */
    rig_pdu pdu;       /**< PDU: views point to memory of the item's list */
    bool out_of_turn;  /**< PDU: it stands before what its sender had seen, or behind an answer to it */
    uint32_t data_len; /**< PDU: whole length of the data segment; pdu.data may hold only its beginning */
    uint32_t
        missing;    /**< PDU: bytes behind the header that the capture lacks; then no data digest is judged */
    rig_view text;  /**< PDU with text: the whole text that ends here, parts of earlier PDUs (C=1) included;
                         empty while C=1 */
    rig_view event; /**< EVENT: name, "connect", "close", "session up" … */
    rig_view args;  /**< EVENT: the rest of the line, "reason=header-digest by initiator" */
    uint32_t step;  /**< scenario step (1-based) that was running, 0 = none */
    bool leaked;    /**< it came in the clear between ends that have IPsec between them */
    bool made_wrong; /**< PDU: the run's own record says that it was sent wrong on purpose */
} rig_item;

/**
 * RIG_ITEM_DATA_KEPT is how many bytes of a payload an item keeps, in PDUs of rig_item_bulk kinds; the others
 * are kept whole.
 */
#define RIG_ITEM_DATA_KEPT 64

/** rig_item_bulk tells whether a kind carries SCSI data: Data-In, Data-Out and a SCSI Command's immediate
 * data. */
bool rig_item_bulk(rig_pdu_kind kind);

/** rig_items is a growing list that owns what its items point to. Zero-initialised with alloc set. */
typedef struct rig_items {
    const rig_alloc *alloc;   /**< all memory */
    rig_item *ptr;            /**< the items */
    size_t num;               /**< items */
    size_t size;              /**< allocated items */
    size_t max;               /**< limit, 0 = none: RIG_E_LIMIT beyond */
    bool keep_data;           /**< keep payloads of bulk kinds whole, as far as the items added have them */
    struct rig_block *blocks; /**< private: memory of the views */
} rig_items;

/**
 * rig_items_add appends a copy of item, copying bhs, ahs, data, text, event and args into the list. On
 * failure nothing is appended: RIG_E_NOMEM, RIG_E_LIMIT.
 */
rig_status rig_items_add(rig_items *items, const rig_item *item);

/** rig_items_cleanup frees everything; the list is empty and usable again. */
void rig_items_cleanup(rig_items *items);

#endif
