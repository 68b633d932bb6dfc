/** @file
 * The table of deviations: the wrong target is the right target plus named faults.
 */
#ifndef RIG_FAULTS_H
#define RIG_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "rig/pdu.h"
#include "rig/view.h"

/** rig_fault names a deviation. */
typedef enum rig_fault {
/** RIG_FAULT is a row of faults.def: here it names the enumerator. */
#define RIG_FAULT(id, name, what, requirement, pdu, judge) RIG_FAULT_##id,
#include "rig/faults.def"
#undef RIG_FAULT
    RIG_FAULTS /**< number of faults, not a fault */
} rig_fault;

/** rig_fault_row describes one fault. */
typedef struct rig_fault_row {
    const char *name;        /**< in scenarios and on the command line */
    const char *what;        /**< the one deviation */
    const char *requirement; /**< the id it violates */
    rig_pdu_kind pdu;        /**< it shows on; RIG_PDU_UNKNOWN: several, or none */
    const char *judge;       /**< who notices */
} rig_fault_row;

/** rig_fault_rows is indexed by rig_fault. */
extern const rig_fault_row rig_fault_rows[RIG_FAULTS];

/** rig_fault_find gives the fault of that name, RIG_FAULTS when there is none. */
rig_fault rig_fault_find(rig_view name);

/** rig_fault_pdu gives the name of the kind of PDU a fault shows on, "any" when it is no single one. */
const char *rig_fault_pdu(const rig_fault_row *row);

/** rig_fault_rows_overlap tells whether two faults can violate one requirement on one kind of PDU: then
 * different checks have to notice them. */
bool rig_fault_rows_overlap(const rig_fault_row *a, const rig_fault_row *b);

/** rig_fault_set is a set of faults that are on. Zero-initialised = none. */
typedef struct rig_fault_set {
    uint64_t bits[(RIG_FAULTS + 63) / 64]; /**< one bit a fault */
} rig_fault_set;

/** rig_fault_add switches a fault on. */
static inline void rig_fault_add(rig_fault_set *set, rig_fault fault)
{
    set->bits[fault / 64] |= UINT64_C(1) << fault % 64;
}

/** rig_fault_has tells whether a fault is on. */
static inline bool rig_fault_has(const rig_fault_set *set, rig_fault fault)
{
    return (set->bits[fault / 64] >> fault % 64 & 1) != 0;
}

#endif
