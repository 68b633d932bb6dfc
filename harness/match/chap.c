/* chap(identifier, secret, challenge): the response of RFC 1994 section 4.1, by the algorithm that was
 * agreed. */
#include "matching.h"

#include "rig/text.h"
#include "rig/trace.h"

#define CHAP_BYTES_MAX 1024 /* most bytes of a challenge or response (RFC 7143 section 12.1.3) */

static bool find_algorithm(rig_view text, uint32_t *out)
{
    rig_pair pair;
    uint64_t number;
    for (rig_view rest = text; rest.len > 0;) {
        rig_pair_next(text.ptr, &rest, &pair, NULL);
        if (!rig_view_is(pair.key, "CHAP_A") || !rig_number_parse(pair.value, &number) || number > UINT32_MAX)
            continue;
        *out = (uint32_t)number;
        return true;
    }
    return false;
}

/* The target's CHAP_A is one number: its choice from the initiator's list. */
static bool agreed_algorithm(const match_run *run, size_t before, uint32_t connection, uint32_t *out)
{
    for (size_t back = 1; back <= MATCH_CHAP_BACK && back <= before; back++) {
        const rig_item *item = &run->items[before - back];
        if (item->kind == RIG_ITEM_PDU && item->connection == connection && !item->to_target &&
            find_algorithm(rig_item_text(item), out))
            return true;
    }
    return false;
}

static bool call_identifier(const match_run *run, const rig_scn_value *value, uint8_t *out)
{
    rig_view text;
    uint64_t number;
    if (!match_value_text(run, value, &text) || !rig_number_parse(text, &number) || number > UINT8_MAX)
        return false;
    *out = (uint8_t)number;
    return true;
}

size_t match_chap_response(const match_run *run, const rig_scn_call *call, size_t before, uint32_t connection,
                           uint8_t out[RIG_MATCH_HASH_MAX])
{
    rig_view secret, challenge_text;
    uint8_t identifier, challenge[CHAP_BYTES_MAX];
    size_t challenge_len;
    uint32_t algorithm;
    if (call->num_args != 3 || !run->config->chap || !call_identifier(run, &call->args[0], &identifier) ||
        !match_value_text(run, &call->args[1], &secret) ||
        !match_value_text(run, &call->args[2], &challenge_text))
        return 0;
    if (!rig_binary_parse(challenge_text, challenge, sizeof challenge, &challenge_len) ||
        !agreed_algorithm(run, before, connection, &algorithm))
        return 0;
    return run->config->chap(run->config->ctx, algorithm, identifier, secret,
                             rig_view_of(challenge, challenge_len), out);
}

bool match_chap(match_run *run, const rig_scn_call *call, const match_got *got)
{
    uint8_t came[CHAP_BYTES_MAX], want[RIG_MATCH_HASH_MAX];
    size_t came_len;
    if (!rig_binary_parse(got->text, came, sizeof came, &came_len))
        return false;
    size_t len =
        match_chap_response(run, call, (size_t)(got->item - run->items), got->item->connection, want);
    return len > 0 && len == came_len && memcmp(want, came, len) == 0;
}
