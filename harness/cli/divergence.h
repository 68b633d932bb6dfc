/* Where what came goes other ways than a play, side by side. */
#ifndef CLI_DIVERGENCE_H
#define CLI_DIVERGENCE_H

#include "rig/result.h"

#include <stdio.h>

/* From the first line that differs on: " " for what is as expected, "-" for what was, "+" for what came.
 * Nothing when no play failed. RIG_E_NOMEM. */
rig_status cli_divergence(const rig_result *result, FILE *out);

#endif
