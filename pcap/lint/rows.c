#include "lint.h"

const rig_lint_rule rig_lint_rules[] = {
#define RULE(function, id, name, level, side, section, pdus, keys, what, change)                             \
    {id, name, RIG_LINT_##level, RIG_LINT_##side, section, pdus, keys, false, what, change},
#define BREAK(function, id, name, level, side, section, pdus, keys, what, change)                            \
    {id, name, RIG_LINT_##level, RIG_LINT_##side, section, pdus, keys, true, what, change},
#include "rules.def"
#undef BREAK
#undef RULE
};

const size_t rig_lint_num_rules = sizeof rig_lint_rules / sizeof rig_lint_rules[0];

const char *rig_lint_level_word(rig_lint_level level)
{
    static const char *const words[] = {"MUST", "SHOULD", "policy"};
    return words[level];
}

const char *rig_lint_side_word(rig_lint_side side)
{
    static const char *const words[] = {"initiator", "target", "both"};
    return words[side];
}
