/** @file
 * SCSI command descriptor blocks as rows: names, fields, printing, parsing and building.
 */
#ifndef RIG_CDB_H
#define RIG_CDB_H

#include "rig/status.h"
#include "rig/view.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RIG_CDB_MAX 260       /**< most bytes of a CDB (SPC-4) */
#define RIG_CDB_FIELDS_MAX 10 /**< most named fields of one command row */

/** rig_cdb_data says which way a command moves data. */
typedef enum rig_cdb_data {
    RIG_CDB_NONE, /**< no data */
    RIG_CDB_IN,   /**< device to initiator */
    RIG_CDB_OUT,  /**< initiator to device */
    RIG_CDB_BIDI  /**< both ways, the same number of bytes each */
} rig_cdb_data;

/** rig_cdb_unit is what a field counts, as far as the length of the data depends on it. */
typedef enum rig_cdb_unit {
    RIG_CDB_PLAIN,        /**< not a length of data moved; written in decimal */
    RIG_CDB_CODE,         /**< not a length; written in hex */
    RIG_CDB_BYTES,        /**< bytes: allocation or parameter list length */
    RIG_CDB_BLOCKS,       /**< logical blocks of data moved */
    RIG_CDB_BLOCKS_256,   /**< logical blocks of data moved, where 0 stands for 256 (READ(6), WRITE(6)) */
    RIG_CDB_BLOCKS_TWICE, /**< blocks of which data for both compare and write is moved (COMPARE AND WRITE) */
    RIG_CDB_BLOCKS_BYTCHK, /**< blocks moved when field bytchk is 1, one block when it is 3, else none
                              (VERIFY) */
    RIG_CDB_BLOCKS_ONE, /**< blocks written from one block of data, none with field ndob set (WRITE SAME) */
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
    const char *name;  /**< "read-10", "test-unit-ready" */
    uint8_t opcode;    /**< byte 0 */
    int8_t service;    /**< service action in byte 1 (or 8..9 of 32-byte CDBs), -1 when the opcode has none */
    uint8_t len;       /**< bytes of the CDB */
    uint8_t moves;     /**< bytes of data when no field gives a length (READ CAPACITY(10): 8), else 0 */
    rig_cdb_data data; /**< direction */
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

/** rig_cdb_field_find gives the field of that name of a row, NULL when there is none. Every row has
 * "control". */
const rig_cdb_field *rig_cdb_field_find(const rig_cdb_row *row, rig_view name);

/** rig_cdb_init writes opcode, service action and additional length of row into cdb, the rest of RIG_CDB_MAX
 * zero. */
void rig_cdb_init(uint8_t cdb[RIG_CDB_MAX], const rig_cdb_row *row);

/** rig_cdb_get reads a field. cdb must have the row's length. */
uint64_t rig_cdb_get(const uint8_t *cdb, const rig_cdb_field *field);

/** rig_cdb_set writes a field; false when value does not fit. */
bool rig_cdb_set(uint8_t *cdb, const rig_cdb_field *field, uint64_t value);

/**
 * rig_cdb_transfer gives the bytes a CDB asks to move with blocks of block_len bytes, one way of a
 * bidirectional command; 0 for an unknown or cut command and for one whose length only its parameter data
 * tells (FORMAT UNIT).
 */
uint64_t rig_cdb_transfer(rig_view cdb, uint32_t block_len);

/**
 * rig_cdb_print appends "read-10(lba=64,blocks=8)" (zero fields left out), or "hex:…" for an unknown or cut
 * command and for one with bits set that its row does not name: nothing is lost.
 */
void rig_cdb_print(rig_text *out, rig_view cdb);

/**
 * rig_cdb_parse reads what rig_cdb_print writes; fields in any order, blanks around ',' and '='. out_mask
 * (may be NULL) gets a 1 bit for every bit the text names, so that a matcher can compare only those. Errors:
 * RIG_E_SYNTAX, RIG_E_LIMIT, with the nearest known name.
 */
rig_status rig_cdb_parse(rig_view text, uint8_t cdb[RIG_CDB_MAX], uint8_t out_mask[RIG_CDB_MAX],
                         size_t *out_len, rig_error *err);

#ifdef __cplusplus
}
#endif

#endif
