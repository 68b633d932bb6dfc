/* Ladders of captures for reports. */
#ifndef CLI_LADDERS_H
#define CLI_LADDERS_H

#include "rig/item.h"

/* What a capture has of a case, for rig_results_print; keys beside it open what was inside ESP. ctx is not
 * looked at. */
rig_status cli_ladder_read(void *ctx, const char *capture, rig_items *out_items);

#endif
