/* prove --lint: every rule shown to be able to fail. */
#ifndef CLI_PROVE_LINT_H
#define CLI_PROVE_LINT_H

#include "rig/item.h"

#include <stdatomic.h>

/* Changes PDUs of what was captured for each rule that is not proved yet. By rule: it fired with its change
 * and not without; a PDU was changed for it. RIG_E_NOMEM, RIG_E_SYNTAX. */
rig_status cli_prove_rules(atomic_bool *proved, atomic_bool *tried, const rig_items *items);

/* Lists the rules that never fired; gives the number of those that did. */
size_t cli_list_rules(const atomic_bool *proved, const atomic_bool *tried);

#endif
