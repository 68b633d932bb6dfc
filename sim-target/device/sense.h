/** @file
 * Sense data in both formats, and the failures that commands end in.
 */
#ifndef DEV_SENSE_H
#define DEV_SENSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rig/status.h"

typedef enum dev_sense_key { /* SPC-4 section 4.5.6 */
                             DEV_NO_SENSE = 0x0,
                             DEV_NOT_READY = 0x2,
                             DEV_MEDIUM_ERROR = 0x3,
                             DEV_HARDWARE_ERROR = 0x4,
                             DEV_ILLEGAL_REQUEST = 0x5,
                             DEV_UNIT_ATTENTION = 0x6,
                             DEV_DATA_PROTECT = 0x7,
                             DEV_COPY_ABORTED = 0xa,
                             DEV_ABORTED_COMMAND = 0xb,
                             DEV_MISCOMPARE = 0xe,
} dev_sense_key;

/* Additional sense code and qualifier, as one number. */
#define DEV_ASC_NONE 0x0000
#define DEV_ASC_STOPPED 0x0402     /* initializing command required */
#define DEV_ASC_SANITIZING 0x041b  /* sanitize in progress */
#define DEV_ASC_UNREACHABLE 0x0804 /* unreachable copy target */
#define DEV_ASC_WRITE_ERROR 0x0c00
#define DEV_ASC_COPY_DEVICE 0x0d02 /* copy target device not reachable */
#define DEV_ASC_COPY_TYPE 0x0d03   /* incorrect copy target device type */
#define DEV_ASC_GUARD 0x1001       /* logical block guard check failed */
#define DEV_ASC_APP_TAG 0x1002     /* logical block application tag check failed */
#define DEV_ASC_REF_TAG 0x1003     /* logical block reference tag check failed */
#define DEV_ASC_READ_ERROR 0x1100
#define DEV_ASC_LIST_LENGTH 0x1a00        /* parameter list length error */
#define DEV_ASC_MISCOMPARE 0x1d00         /* during verify operation */
#define DEV_ASC_OPCODE 0x2000             /* invalid command operation code */
#define DEV_ASC_RANGE 0x2100              /* logical block address out of range */
#define DEV_ASC_CDB_FIELD 0x2400          /* invalid field in CDB */
#define DEV_ASC_NO_UNIT 0x2500            /* logical unit not supported */
#define DEV_ASC_LIST_FIELD 0x2600         /* invalid field in parameter list */
#define DEV_ASC_RELEASE 0x2604            /* invalid release of persistent reservation */
#define DEV_ASC_TARGET_DESCRIPTORS 0x2606 /* too many target descriptors */
#define DEV_ASC_TARGET_DESCRIPTOR 0x2607  /* unsupported target descriptor type code */
#define DEV_ASC_SEGMENTS 0x2608           /* too many segment descriptors */
#define DEV_ASC_SEGMENT 0x2609            /* unsupported segment descriptor type code */
#define DEV_ASC_INEXACT 0x260a            /* unexpected inexact segment */
#define DEV_ASC_INLINE 0x260b             /* inline data length exceeded */
#define DEV_ASC_WRITE_PROTECTED 0x2700
#define DEV_ASC_SOFTWARE_PROTECTED 0x2702
#define DEV_ASC_SPACE 0x2707 /* space allocation failed write protect */
#define DEV_ASC_RESET 0x2903 /* bus device reset function occurred */
#define DEV_ASC_MODES_CHANGED 0x2a01
#define DEV_ASC_RESERVATIONS_PREEMPTED 0x2a03
#define DEV_ASC_RESERVATIONS_RELEASED 0x2a04
#define DEV_ASC_REGISTRATIONS_PREEMPTED 0x2a05
#define DEV_ASC_RESOURCES 0x5504 /* insufficient registration resources */
#define DEV_ASC_SANITIZE_FAILED 0x3103
#define DEV_ASC_NO_SAVING 0x3900      /* saving parameters not supported */
#define DEV_ASC_MEDIUM_CHANGED 0x2800 /* not ready to ready change, medium may have changed */
#define DEV_ASC_NO_MEDIUM 0x3a00      /* medium not present */
#define DEV_ASC_REMOVAL_PREVENTED 0x5302

#define DEV_SENSE_FIXED_LEN 18
#define DEV_SENSE_DESCRIPTOR_MAX 40 /* header, information, command-specific, sense-key specific */

typedef struct dev_sense {
    uint8_t key;
    uint16_t asc; /* DEV_ASC_… */
    bool has_info;
    uint64_t info;
    uint32_t command;    /* command-specific information, 0 = none */
    uint8_t specific[3]; /* sense-key specific bytes; the first has SKSV when there are any */
} dev_sense;

/* Writes sense data and returns its length: DEV_SENSE_FIXED_LEN, or up to DEV_SENSE_DESCRIPTOR_MAX. */
size_t dev_sense_put(uint8_t *out, const dev_sense *sense, bool descriptor);

struct dev_command;

/* Each ends the command with CHECK CONDITION, in the format the Control mode page asks for. */
void dev_fail_sense(struct dev_command *cmd, const dev_sense *sense);
void dev_fail(struct dev_command *cmd, uint8_t key, uint16_t asc);
void dev_fail_cdb(struct dev_command *cmd, unsigned byte, unsigned bit);
void dev_fail_list(struct dev_command *cmd, unsigned byte);
/* What a status of the backing means to the initiator. */
void dev_fail_backing(struct dev_command *cmd, rig_status status, bool write);

#endif
