#include "rig/faults.h"

const rig_fault_row rig_fault_rows[RIG_FAULTS] = {
#define RIG_FAULT(id, name, what, requirement, judge) {name, what, requirement, judge},
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
