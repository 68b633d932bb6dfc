/* Where a literal stands in a case. */
#ifndef MATCH_LITERAL_H
#define MATCH_LITERAL_H

#include "rig/scn.h"

typedef enum match_role {
    MATCH_NOWHERE, /* in a play: not the matcher's */
    MATCH_IN_LINE,
    MATCH_IN_AFTER,
    MATCH_IN_BEFORE,
    MATCH_IN_HAS,
    MATCH_IN_NUMBER,
    MATCH_IN_VALUE,
    MATCH_IN_TRACE,
} match_role;

typedef struct match_literal {
    match_role role;
    uint32_t index; /* of the clause or trace */
    uint32_t line;  /* IN_TRACE: index of the line */
    rig_view name;  /* what a finding has to name */
} match_literal;

/* altered is the same case with that literal changed. */
void match_literal_find(const rig_scn *scn, const rig_scn *altered, uint32_t literal, match_literal *out);

#endif
