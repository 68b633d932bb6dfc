/** @file
 * EXTENDED COPY (SPC-4 section 5.17): how much one command may ask for, and the results that are kept.
 */
#ifndef DEV_COPY_H
#define DEV_COPY_H

#include "rig/device.h"

#define DEV_COPY_UNITS_MAX 8            /* CSCD descriptors of one command */
#define DEV_COPY_SEGMENTS_MAX 8         /* segment descriptors of one command */
#define DEV_COPY_SEGMENT_MAX (8u << 20) /* bytes of one segment */
#define DEV_COPY_PIECE (1u << 20)       /* bytes read and written at a time */
#define DEV_COPY_RESULTS_MAX 16         /* results of a unit that are kept until they are asked for */
#define DEV_COPY_UNIT_LEN 32            /* CSCD descriptor */
#define DEV_COPY_SEGMENT_LEN 28         /* block device to block device */
#define DEV_COPY_UNIT_CODE 0xe4         /* identification descriptor */
#define DEV_COPY_SEGMENT_CODE 0x02      /* block device to block device */
#define DEV_COPY_SELF 0xffff            /* CSCD descriptor id of the unit that was asked */
#define DEV_COPY_LIST_MAX                                                                                    \
    (DEV_COPY_UNITS_MAX * DEV_COPY_UNIT_LEN + DEV_COPY_SEGMENTS_MAX * DEV_COPY_SEGMENT_LEN)

typedef struct dev_copy_result {
    rig_nexus_id nexus;
    uint64_t bytes;    /* written */
    uint16_t segments; /* carried out */
    uint8_t list;      /* LIST IDENTIFIER */
    bool failed;
} dev_copy_result;

typedef struct dev_copies {
    dev_copy_result rows[DEV_COPY_RESULTS_MAX]; /* oldest first */
    uint8_t num;
} dev_copies;

/* Takes the place of an older result of the same list, or of the oldest. */
void dev_copies_add(dev_copies *copies, const dev_copy_result *result);
void dev_copies_lost(rig_device *device, rig_nexus_id nexus);

#endif
