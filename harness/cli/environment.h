/* What has to be there before anything is played, each complaint one line. */
#ifndef CLI_ENVIRONMENT_H
#define CLI_ENVIRONMENT_H

#include "run_options.h"
#include "selection.h"

/* CLI_OK, or CLI_USAGE (said why). Fills in the target's name when the URL leaves it out. */
int cli_check_environment(run_options *options, const cli_selection *selection);

#endif
