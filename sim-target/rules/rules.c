#include "rig/rules.h"

static bool cdb_matches(const rig_rule_condition *condition, const uint8_t *cdb)
{
    for (size_t i = 0; i < sizeof(condition->cdb); i++)
        if ((cdb[i] ^ condition->cdb[i]) & condition->mask[i])
            return false;
    return true;
}

/* A serial number lies in a range when it follows its lower end by no more than the range is wide. */
static bool in_range(const rig_rule_condition *condition, uint64_t value)
{
    if (rig_fields[condition->field].form == RIG_FORM_SN)
        return (uint32_t)(value - condition->low) <= (uint32_t)(condition->high - condition->low);
    return value >= condition->low && value <= condition->high;
}

static bool holds(const rig_rule_condition *condition, rig_pdu_kind kind, const uint8_t *bhs)
{
    const rig_field *field = &rig_fields[condition->field];
    if (!(field->pdus >> kind & 1))
        return false;
    bool same = field->bits == 0 ? cdb_matches(condition, bhs + field->byte)
                                 : in_range(condition, rig_get(bhs, condition->field));
    return same != condition->differs;
}

static bool due(const rig_rule *rule)
{
    if (rule->nth && rule->seen != rule->nth)
        return false;
    if (rule->every && rule->seen % rule->every != 0)
        return false;
    return !rule->after || rule->seen > rule->after;
}

bool rig_rule_fires(rig_rule *rule, const uint8_t bhs[RIG_BHS_LEN])
{
    rig_pdu_kind kind = rig_pdu_kind_of(bhs);
    if (rule->on != kind)
        return false;
    for (uint32_t i = 0; i < rule->num_conditions; i++)
        if (!holds(&rule->conditions[i], kind, bhs))
            return false;
    rule->seen++;
    return due(rule);
}
