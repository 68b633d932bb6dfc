#include "rig/faults.h"

#include <string.h>

const rig_fault_row rig_fault_rows[RIG_FAULTS] = {
#define RIG_FAULT(id, name, what, requirement, pdu, judge) {name, what, requirement, RIG_PDU_##pdu, judge},
#include "rig/faults.def"
#undef RIG_FAULT
};

rig_fault rig_fault_find(rig_view name)
{
    for (unsigned fault = 0; fault < RIG_FAULTS; fault++)
        if (rig_view_is(name, rig_fault_rows[fault].name))
            return (rig_fault)fault;
    return RIG_FAULTS;
}

const char *rig_fault_pdu(const rig_fault_row *row)
{
    return row->pdu == RIG_PDU_UNKNOWN ? "any" : rig_pdu_rows[row->pdu].name;
}

bool rig_fault_rows_overlap(const rig_fault_row *a, const rig_fault_row *b)
{
    bool same_pdu = a->pdu == b->pdu || a->pdu == RIG_PDU_UNKNOWN || b->pdu == RIG_PDU_UNKNOWN;
    return same_pdu && strcmp(a->requirement, b->requirement) == 0;
}
