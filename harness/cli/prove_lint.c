#include "prove_lint.h"

#include "rig/lint.h"

#include <stdio.h>

static rig_status prove_rule(atomic_bool *proved, atomic_bool *tried, size_t rule, const rig_items *items)
{
    rig_lint_proof proof;
    rig_status status = rig_lint_prove(rig_alloc_libc(), &rig_lint_rules[rule], items, &proof, NULL);
    if (status)
        return status;
    if (proof == RIG_LINT_SURVIVED || proof == RIG_LINT_SHARED || proof == RIG_LINT_PROVED)
        atomic_store(&tried[rule], true);
    if (proof == RIG_LINT_PROVED)
        atomic_store(&proved[rule], true);
    return RIG_OK;
}

rig_status cli_prove_rules(atomic_bool *proved, atomic_bool *tried, const rig_items *items)
{
    rig_status status = RIG_OK;
    for (size_t r = 0; r < rig_lint_num_rules && !status; r++)
        if (!atomic_load(&proved[r]))
            status = prove_rule(proved, tried, r, items);
    return status;
}

size_t cli_list_rules(const atomic_bool *proved, const atomic_bool *tried)
{
    size_t num = 0;
    for (size_t r = 0; r < rig_lint_num_rules; r++) {
        num += atomic_load(&proved[r]);
        if (!atomic_load(&proved[r]))
            printf("%s %s: %s (%s)\n", rig_lint_rules[r].id, rig_lint_rules[r].name,
                   atomic_load(&tried[r]) ? "did not fire, or its id is told without it as well"
                                          : "no case has a PDU to change",
                   rig_lint_rules[r].change);
    }
    return num;
}
