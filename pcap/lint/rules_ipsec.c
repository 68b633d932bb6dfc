/* What IPsec asks of the evidence: section 9.3. */
#include "lint.h"

void lint_in_the_clear(lint_at *at)
{
    if (at->item->leaked)
        lint_part(at, "packet", 0, "inside ESP", "in the clear");
}
