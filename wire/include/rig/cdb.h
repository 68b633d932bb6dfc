/** @file
 * SCSI command descriptor blocks as rows: names, fields, printing, parsing and building.
 */
#ifndef RIG_CDB_H
#define RIG_CDB_H

#include "rig/status.h"
#include "rig/view.h"

#define RIG_CDB_MAX 260      /**< most bytes of a CDB (SPC-4) */
#define RIG_CDB_FIELDS_MAX 8 /**< most named fields of one command row */

/** rig_cdb_data says which way a command moves data. */
typedef enum rig_cdb_data {
    RIG_CDB_NONE, /**< no data */
    RIG_CDB_IN,   /**< device to initiator */
    RIG_CDB_OUT   /**< initiator to device */
} rig_cdb_data;

/** rig_cdb_unit is what a length field counts. */
typedef enum rig_cdb_unit {
    RIG_CDB_PLAIN,  /**< not a length */
    RIG_CDB_BYTES,  /**< bytes: allocation or parameter list length */
    RIG_CDB_BLOCKS, /**< logical blocks of data moved */
} rig_cdb_unit;

/** rig_cdb_field is one named field of a command. */
typedef struct rig_cdb_field {
    const char *name;  /**< "lba", "blocks", "alloc", "page" … */
    uint8_t byte;      /**< first byte */
    uint8_t bytes;     /**< bytes that hold it, 1 to 8 */
    uint8_t low;       /**< lowest bit */
    uint8_t bits;      /**< width */
    rig_cdb_unit unit; /**< whether it gives the transfer length */
} rig_cdb_field;

/** rig_cdb_row describes one command. */
typedef struct rig_cdb_row {
    const char *name;    /**< "read-10", "test-unit-ready" */
    uint8_t opcode;      /**< byte 0 */
    int8_t service;      /**< service action in byte 1 (or 8..9 of 32-byte CDBs), -1 when the opcode has none */
    uint8_t len;         /**< bytes of the CDB */
    rig_cdb_data data;   /**< direction */
    rig_cdb_field fields[RIG_CDB_FIELDS_MAX]; /**< ended by a NULL name when shorter */
} rig_cdb_row;

/** rig_cdb_rows_count gives the number of command rows. */
size_t rig_cdb_rows_count(void);

/** rig_cdb_row_at gives row i, for documentation and editors. */
const rig_cdb_row *rig_cdb_row_at(size_t i);

/** rig_cdb_row_of gives the row of a CDB by opcode and service action, NULL when there is none. */
const rig_cdb_row *rig_cdb_row_of(rig_view cdb);

/** rig_cdb_find gives the row of that name, NULL when there is none. */
const rig_cdb_row *rig_cdb_find(rig_view name);

/** rig_cdb_field_find gives the field of that name of a row, NULL when there is none. */
const rig_cdb_field *rig_cdb_field_find(const rig_cdb_row *row, rig_view name);

/** rig_cdb_init writes opcode and service action of row into cdb (row->len bytes, the rest of the RIG_CDB_MAX zero). */
void rig_cdb_init(uint8_t cdb[RIG_CDB_MAX], const rig_cdb_row *row);

/** rig_cdb_get reads a field. cdb must have the row's length. */
uint64_t rig_cdb_get(const uint8_t *cdb, const rig_cdb_field *field);

/** rig_cdb_set writes a field; false when value does not fit. */
bool rig_cdb_set(uint8_t *cdb, const rig_cdb_field *field, uint64_t value);

/** rig_cdb_transfer gives the bytes a CDB asks to move with blocks of block_len bytes (0 for an unknown command). */
uint64_t rig_cdb_transfer(rig_view cdb, uint32_t block_len);

/** rig_cdb_print appends "read-10(lba=0,blocks=8)" (zero fields left out), or "hex:…" for an unknown command. */
void rig_cdb_print(rig_text *out, rig_view cdb);

/**
 * rig_cdb_parse reads what rig_cdb_print writes. out_mask (may be NULL) gets a 1 bit for every bit the text names, so
 * that a matcher can compare only those. Errors: RIG_E_SYNTAX, RIG_E_LIMIT, with the nearest known name.
 */
rig_status rig_cdb_parse(rig_view text, uint8_t cdb[RIG_CDB_MAX], uint8_t out_mask[RIG_CDB_MAX], size_t *out_len,
                         rig_error *err);

#endif
