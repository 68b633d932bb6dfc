/* The steps a host can take, from the rows of scn_steps.def. */
#include "lang.h"

#include "rig/isns_pdu.h"

const rig_scn_word lang_steps[] = {
#define RIG_SCN_STEP(id, function, name, who, leaves, needs, what, ...)                                      \
    {name, NULL, who, what, RIG_SCN_STEP_##id, {__VA_ARGS__}},
#include "rig/scn_steps.def"
};

const size_t lang_num_steps = RIG_SCN_STEPS;

rig_scn_result_kind lang_result_kind(rig_scn_step_id step)
{
    static const rig_scn_result_kind kinds[] = {
#define RIG_SCN_STEP(id, function, name, who, leaves, needs, what, ...) RIG_SCN_R_##leaves,
#include "rig/scn_steps.def"
    };
    return kinds[step];
}

bool lang_step_has_result(rig_scn_step_id step)
{
    return lang_result_kind(step) != RIG_SCN_R_NOTHING;
}

uint32_t lang_step_needs(rig_scn_step_id step)
{
    static const uint32_t needs_of[] = {
#define RIG_SCN_STEP(id, function, name, who, leaves, needs, what, ...) needs,
#include "rig/scn_steps.def"
    };
    return needs_of[step];
}
