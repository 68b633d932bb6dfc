/* SNACK (section 11.16). */
#include "lint.h"

enum { STATUS = 1, DATA_ACK = 2, R_DATA = 3 };

static uint32_t type(const lint_at *at)
{
    return LINT_GET(at, SNACK_TYPE);
}

void lint_snack_level(lint_at *at)
{
    if (lint_keys_known(at) && lint_of(at, LINT_N_ERL) == 0)
        lint_part(at, "PDU", 0, "none, as ErrorRecoveryLevel is 0", "Snack");
}

void lint_snack_type(lint_at *at)
{
    if (type(at) > R_DATA)
        lint_field_text(at, RIG_F_SNACK_TYPE, "0 to 3");
}

void lint_snack_task(lint_at *at)
{
    bool of_task = type(at) != STATUS && type(at) != DATA_ACK;
    if (!of_task && LINT_GET(at, ITT) != RIG_TAG_NONE)
        lint_field(at, RIG_F_ITT, RIG_TAG_NONE);
    if (of_task && LINT_GET(at, ITT) == RIG_TAG_NONE)
        lint_field_text(at, RIG_F_ITT, "the tag of the command");
}

void lint_snack_own_tag(lint_at *at)
{
    uint32_t tag = LINT_GET(at, SNACK_TAG);
    if (type(at) == R_DATA && (tag == 0 || tag == RIG_TAG_NONE))
        lint_field_text(at, RIG_F_SNACK_TAG, "neither 0 nor 0xffffffff");
    if (type(at) == DATA_ACK && tag == RIG_TAG_NONE)
        lint_field_text(at, RIG_F_SNACK_TAG, "the tag of the Data-In");
    if (type(at) <= STATUS && tag != RIG_TAG_NONE)
        lint_field(at, RIG_F_SNACK_TAG, RIG_TAG_NONE);
}

void lint_snack_begin(lint_at *at)
{
    if (type(at) == R_DATA && LINT_GET(at, BEG_RUN))
        lint_field(at, RIG_F_BEG_RUN, 0);
}

void lint_snack_length(lint_at *at)
{
    if ((type(at) == R_DATA || type(at) == DATA_ACK) && LINT_GET(at, RUN_LENGTH))
        lint_field(at, RIG_F_RUN_LENGTH, 0);
}
