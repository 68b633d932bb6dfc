#ifndef CDB_ROWS_H
#define CDB_ROWS_H

#include <stdbool.h>

#include "rig/cdb.h"

#define CDB_ROWS_MAX 128
#define CDB_VARIABLE                                                                                         \
    0x7f /* opcode whose service action is in bytes 8..9, additional length in byte 7 (SPC-4 4.3.3) */

extern const rig_cdb_row cdb_rows[];
extern const size_t cdb_num_rows;

/* The i-th field of a row, its control byte last; NULL behind that. */
const rig_cdb_field *cdb_field_at(const rig_cdb_row *row, size_t i);

#endif
