/* Rules at the receiving end: which of them fire for a PDU. Their answers are shaped in treply.c. */
#include "tgt.h"

static bool drops(const rig_rule *rule)
{
    for (uint32_t i = 0; i < rule->num_actions; i++)
        if (rule->actions[i].verb == RIG_DO_DROP)
            return true;
    return false;
}

void tgt_rules_receive(tgt_conn *conn, const uint8_t *bhs)
{
    rig_target *target = conn->target;
    if (conn->rules_done)
        return;
    conn->rules_done = true;
    for (uint32_t i = 0; i < target->num_rules; i++) {
        if (!rig_rule_fires(&target->rules[i], bhs))
            continue;
        conn->effects |= UINT64_C(1) << i;
        conn->dropped = conn->dropped || drops(&target->rules[i]);
    }
    if (conn->dropped)
        tgt_deviated(conn, "drop");
}

void tgt_rules_received(tgt_conn *conn)
{
    conn->rules_done = false;
    conn->dropped = false;
    conn->effects = 0;
}

bool tgt_rules_fault(const rig_target *target, uint64_t effects, rig_fault fault, uint32_t *out_bit)
{
    *out_bit = 0;
    for (uint32_t i = 0; effects >> i && i < target->num_rules; i++) {
        const rig_rule *rule = &target->rules[i];
        for (uint32_t j = 0; effects >> i & 1 && j < rule->num_actions; j++) {
            if (rule->actions[j].verb == RIG_DO_FAULT && rule->actions[j].fault == fault) {
                *out_bit = rule->actions[j].bit;
                return true;
            }
        }
    }
    return rig_fault_has(&target->faults, fault);
}
