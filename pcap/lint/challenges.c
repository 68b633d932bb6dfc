/* The CHAP challenges of a capture: marks in a ring, so that one that comes again is known (RFC 1994 section
 * 2.3). Who says it is a part of its mark: what one side chose another one may choose, too, and whoever
 * forwards or reflects a challenge breaks other rules. */
#include "lint.h"

#define CHALLENGE_MAX 1024 /* octets (RFC 7143 section 12.1.3) */

static uint64_t speaker_mark(const lint_at *at)
{
    const rig_ip *ip = &at->item->sender;
    const uint8_t role = (uint8_t)at->side;
    uint64_t mark = lint_hash(LINT_HASH_START, rig_view_of(&role, 1));
    return lint_hash(mark, rig_view_of(ip->bytes, ip->version == 4 ? 4 : sizeof ip->bytes));
}

bool lint_challenge_octets(const lint_at *at, uint64_t *out_hash)
{
    uint8_t octets[CHALLENGE_MAX];
    size_t len = 0;
    if (!rig_view_is(at->pair.key, "CHAP_C") ||
        !rig_binary_parse(at->pair.value, octets, sizeof octets, &len) || len == 0)
        return false;
    *out_hash = lint_hash(LINT_HASH_START, rig_view_of(octets, len));
    return true;
}

/* Octets are compared, since hex and base64, in digits of either case, are the same challenge. */
bool lint_challenge_mark(const lint_at *at, uint64_t *out_mark)
{
    uint8_t octets[CHALLENGE_MAX];
    size_t len = 0;
    if (!rig_view_is(at->pair.key, "CHAP_C") || at->item->sender.version == 0 ||
        !rig_binary_parse(at->pair.value, octets, sizeof octets, &len) || len == 0)
        return false;
    *out_mark = lint_hash(speaker_mark(at), rig_view_of(octets, len));
    return true;
}

const lint_challenge *lint_challenge_find(const rig_lint *lint, uint64_t mark)
{
    uint64_t num =
        lint->num_challenges < RIG_LINT_CHALLENGES_MAX ? lint->num_challenges : RIG_LINT_CHALLENGES_MAX;
    for (uint64_t i = 0; i < num; i++)
        if (lint->challenges[i].mark == mark)
            return &lint->challenges[i];
    return NULL;
}

/* One that is known already keeps its place, where it was seen first. */
void lint_follow_challenge(lint_at *at)
{
    rig_lint *lint = at->lint;
    uint64_t mark;
    if (!lint_challenge_mark(at, &mark) || lint_challenge_find(lint, mark))
        return;
    if (!lint->challenges)
        lint->challenges = rig_new(lint->config.alloc, RIG_LINT_CHALLENGES_MAX * sizeof *lint->challenges);
    if (!lint->challenges) {
        lint->status = RIG_E_NOMEM;
        return;
    }
    lint->challenges[lint->num_challenges++ % RIG_LINT_CHALLENGES_MAX] =
        (lint_challenge){.mark = mark, .frame = at->item->frame};
}

void lint_challenges_free(rig_lint *lint)
{
    rig_delete(lint->config.alloc, lint->challenges,
               lint->challenges ? RIG_LINT_CHALLENGES_MAX * sizeof *lint->challenges : 0);
}
