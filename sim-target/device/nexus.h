/** @file
 * I_T nexuses: a hash table of small entries with their queued unit attentions.
 */
#ifndef DEV_NEXUS_H
#define DEV_NEXUS_H

#include "rig/device.h"

#define DEV_ATTENTIONS_MAX 6 /* unit attentions queued for one nexus */

typedef struct dev_nexus {
    rig_nexus_id id; /* 0 = free slot */
    uint16_t attentions[DEV_ATTENTIONS_MAX];
    uint8_t num_attentions;
    bool prevents; /* PREVENT ALLOW MEDIUM REMOVAL */
} dev_nexus;

typedef struct dev_nexus_table {
    dev_nexus *slots;
    size_t num_slots; /* a power of two, or 0 */
    size_t num_used;
} dev_nexus_table;

rig_status dev_nexus_add(dev_nexus_table *table, const rig_alloc *alloc, rig_nexus_id id);
void dev_nexus_remove(dev_nexus_table *table, const rig_alloc *alloc, rig_nexus_id id);
dev_nexus *dev_nexus_find(const dev_nexus_table *table, rig_nexus_id id);
void dev_nexus_cleanup(dev_nexus_table *table, const rig_alloc *alloc);

/* attention.c */
void dev_attention_queue(dev_nexus *nexus, uint16_t asc);
/* Whether the oldest attention is of class 29h: a reset, or a nexus that was lost. */
bool dev_attention_is_reset(const dev_nexus *nexus);
/* Takes the oldest attention off; false when there is none. */
bool dev_attention_take(dev_nexus *nexus, uint16_t *out_asc);

#endif
