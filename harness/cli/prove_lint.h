/* prove --lint: every rule shown to be able to fail. */
#ifndef CLI_PROVE_LINT_H
#define CLI_PROVE_LINT_H

#include "run_options.h"

/* Plays the pack, and changes PDUs of what was captured until each rule fired once; lists the rules that
 * never did. */
int cli_prove_lint(run_options *options, const cli_pack *pack);

#endif
