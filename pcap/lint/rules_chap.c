/* CHAP, as far as one who knows no secret can judge it (sections 9.2.1 and 12.1.3, RFC 1994). */
#include "lint.h"

/* RFC 1994 section 2.3: a challenge that comes again can be answered with the response somebody overheard
 * before. */
void lint_challenge_once(lint_at *at)
{
    uint64_t mark;
    const lint_challenge *before = NULL;
    if (lint_challenge_mark(at, &mark))
        before = lint_challenge_find(at->lint, mark);
    if (before)
        lint_value(at, "another challenge than in frame %u", before->frame);
}
