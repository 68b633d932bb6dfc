/* Offers, answers and proposals under the rules of the key table (RFC 7143 section 6.2). Results stay in the
 * login until it ends in agreement: negotiation is atomic. */
#include "internal.h"

#define VALUE_TEXT_MAX 128 /* holds any value of the key table */

static rig_status put_value(eng_login *login, const rig_alloc *alloc, rig_key_id key,
                            const rig_key_value *value)
{
    char buffer[VALUE_TEXT_MAX];
    rig_text text;
    rig_text_init(&text, buffer, sizeof buffer);
    rig_key_value_print(&text, key, value);
    return rig_gather_pair(&login->tx, alloc, rig_key_rows[key].name, rig_view_of(text.ptr, text.len),
                           RIG_TEXT_MAX);
}

/* Words that only answer (section 6.2). */
bool eng_reserved_word(rig_view value)
{
    return rig_view_is(value, "Reject") || rig_view_is(value, "Irrelevant") ||
           rig_view_is(value, "NotUnderstood");
}

static uint32_t list_bits(const rig_key_row *row)
{
    uint32_t bits = 0;
    for (unsigned i = 0; row->items[i]; i++)
        bits |= UINT32_C(1) << i;
    return bits;
}

static bool offer_fits(const rig_key_row *row, const rig_key_value *offer)
{
    if (row->rule == RIG_BY_LIST)
        return offer->value && (offer->value & ~list_bits(row)) == 0;
    return offer->value >= row->low && offer->value <= row->high;
}

/* What a session is to propose, before anything is sent; the pair of bursts is made consistent (13.14). */
rig_status eng_offers_check(rig_session_config *config, rig_error *err)
{
    for (unsigned i = 0; i < RIG_KEYS; i++)
        if (!config->offer[i].omit && !offer_fits(&rig_key_rows[i], &config->offer[i]))
            return rig_fail_at(err, RIG_E_ARGUMENT, 0, rig_key_rows[i].name,
                               "%s: %u cannot be offered (section %s)", rig_key_rows[i].name,
                               config->offer[i].value, rig_key_rows[i].section);
    for (unsigned i = 0; i < RIG_KEYS; i++) /* what we answer a target that proposes such a key */
        if (!offer_fits(&rig_key_rows[i], &config->offer[i]))
            config->offer[i].value = rig_key_rows[i].offer;
    if (config->discovery) /* 7.4.1 */
        config->offer[RIG_KEY_RECOVERY_LEVEL].value = 0;
    const rig_key_value *burst = &config->offer[RIG_KEY_MAX_BURST];
    uint32_t most = burst->omit ? rig_key_rows[RIG_KEY_MAX_BURST].in_force : burst->value;
    if (config->offer[RIG_KEY_FIRST_BURST].value > most)
        config->offer[RIG_KEY_FIRST_BURST].value = most;
    return RIG_OK;
}

static bool is_offered(const rig_session_config *config, rig_key_id key, bool leading)
{
    const rig_key_row *row = &rig_key_rows[key];
    return !config->offer[key].omit && (leading || !row->leading) && !(config->discovery && row->irrelevant);
}

rig_status eng_offer(eng_login *login, const rig_alloc *alloc, const rig_session_config *config, bool leading)
{
    for (unsigned i = 0; i < RIG_KEYS; i++) {
        rig_key_id key = (rig_key_id)i;
        if (!is_offered(config, key, leading))
            continue;
        rig_status status = put_value(login, alloc, key, &config->offer[key]);
        if (status)
            return status;
        login->offers |= UINT32_C(1) << key;
    }
    return RIG_OK;
}

/* What an answer must fulfil: the offer, seen from the result function (section 6.2.2). */
static bool answer_fits(const rig_key_row *row, const rig_key_value *offer, const rig_key_value *answer)
{
    switch (row->rule) {
    case RIG_BY_MIN:
        return answer->value <= offer->value;
    case RIG_BY_MAX:
        return answer->value >= offer->value;
    case RIG_BY_AND:
        return offer->value || !answer->value;
    case RIG_BY_OR:
        return !offer->value || answer->value;
    case RIG_BY_LIST:
        return (answer->order >> 4) == 0 && (answer->value & ~offer->value) == 0;
    case RIG_BY_DECLARE:
        break;
    }
    return true;
}

/* Keys that are younger than RFC 3720. RFC 7143 knows no NotUnderstood for its own keys (6.2), but speaks of
 * targets that say so to TaskReporting (4.2.2.3.4); iSCSIProtocolLevel is RFC 7144's, a later key. Both leave
 * the features alone then. */
static bool may_be_unknown(rig_key_id key)
{
    return key == RIG_KEY_TASK_REPORTING || key == RIG_KEY_PROTOCOL_LEVEL;
}

rig_status eng_answer(eng_login *login, const rig_session_config *config, rig_key_id key, rig_view value,
                      rig_error *err)
{
    const rig_key_row *row = &rig_key_rows[key];
    rig_key_value answer;
    if (rig_view_is(value, "NotUnderstood") && !may_be_unknown(key))
        return rig_fail(err, RIG_E_NEGOTIATION,
                        "%s is a key of RFC 7143 and cannot be NotUnderstood (section 6.2)", row->name);
    if (eng_reserved_word(value) && row->rule == RIG_BY_LIST && !(config->offer[key].value & row->in_force))
        return rig_fail(err, RIG_E_NEGOTIATION, "%s: none of the offered values was taken (section 6.2.1)",
                        row->name);
    if (eng_reserved_word(value))
        return RIG_OK; /* the value in force stays */
    if (rig_key_value_parse(key, value, &answer, err))
        return RIG_E_NEGOTIATION;
    if (row->rule != RIG_BY_DECLARE && !answer_fits(row, &config->offer[key], &answer))
        return rig_fail(err, RIG_E_NEGOTIATION,
                        "%s: the answer \"%.*s\" does not follow from the offer (section %s)", row->name,
                        RIG_VIEW_ARG(value), row->section);
    login->result[key] = answer;
    login->valued |= UINT32_C(1) << key;
    return RIG_OK;
}

static rig_key_value list_choice(const rig_key_value *proposal, const rig_key_value *ours)
{
    rig_key_value choice = {0};
    for (uint32_t order = proposal->order; order; order >>= 4) {
        uint32_t bit = (order & 15) - 1;
        if (ours->value >> bit & 1) {
            choice.value = UINT32_C(1) << bit;
            break;
        }
    }
    return choice;
}

static rig_key_value result_of(const rig_key_row *row, const rig_key_value *proposal,
                               const rig_key_value *ours)
{
    rig_key_value result = {0};
    if (row->rule == RIG_BY_LIST)
        return list_choice(proposal, ours);
    switch (row->rule) {
    case RIG_BY_AND:
    case RIG_BY_MIN:
        result.value = proposal->value < ours->value ? proposal->value : ours->value;
        break;
    case RIG_BY_OR:
    case RIG_BY_MAX:
        result.value = proposal->value > ours->value ? proposal->value : ours->value;
        break;
    case RIG_BY_LIST:
    case RIG_BY_DECLARE:
        break;
    }
    return result;
}

/* The other side's value alone decides: an answer says nothing new (6.2.2). */
static bool is_settled(const rig_key_row *row, uint32_t proposal)
{
    return (row->rule == RIG_BY_AND && !proposal) || (row->rule == RIG_BY_OR && proposal);
}

rig_status eng_proposal(eng_login *login, const rig_alloc *alloc, const rig_session_config *config,
                        rig_key_id key, rig_view value, rig_error *err)
{
    const rig_key_row *row = &rig_key_rows[key];
    rig_key_value proposal;
    if (eng_reserved_word(value))
        return rig_fail(err, RIG_E_NEGOTIATION, "%s: \"%.*s\" cannot be proposed (section 6.2)", row->name,
                        RIG_VIEW_ARG(value));
    rig_status status = row->rule == RIG_BY_LIST ? eng_list_known(key, value, &proposal, NULL)
                                                 : rig_key_value_parse(key, value, &proposal, NULL);
    rig_key_value result = status ? (rig_key_value){0} : result_of(row, &proposal, &config->offer[key]);
    bool none = status || (row->rule == RIG_BY_LIST && result.value == 0);
    if (none)
        return rig_gather_pair(&login->tx, alloc, row->name, rig_view_str("Reject"), RIG_TEXT_MAX);
    size_t before = login->tx.len;
    login->result[key] = result;
    status = put_value(login, alloc, key, &result);
    if (is_settled(row, proposal.value))
        login->optional += login->tx.len - before;
    return status;
}

/* An AND key offered No and an OR key offered Yes have their result already: the answer may be missing
 * (6.2.2). */
static bool may_stay_open(rig_key_id key, const rig_session_config *config)
{
    rig_key_rule rule = rig_key_rows[key].rule;
    uint32_t offer = config->offer[key].value;
    return may_be_unknown(key) || rule == RIG_BY_DECLARE || (rule == RIG_BY_AND && !offer) ||
           (rule == RIG_BY_OR && offer);
}

rig_status eng_negotiated(const eng_login *login, const rig_session_config *config, rig_error *err)
{
    for (unsigned i = 0; i < RIG_KEYS; i++) {
        bool open = (login->offers & ~login->answers) >> i & 1;
        if (open && !may_stay_open((rig_key_id)i, config))
            return rig_fail(err, RIG_E_NEGOTIATION, "%s was offered and never answered (section 6.2)",
                            rig_key_rows[i].name);
    }
    const rig_key_value *result = login->result;
    if ((login->valued >> RIG_KEY_FIRST_BURST & 1) &&
        result[RIG_KEY_FIRST_BURST].value > result[RIG_KEY_MAX_BURST].value)
        return rig_fail(err, RIG_E_NEGOTIATION,
                        "FirstBurstLength=%u exceeds MaxBurstLength=%u (section 13.14)",
                        result[RIG_KEY_FIRST_BURST].value, result[RIG_KEY_MAX_BURST].value);
    return RIG_OK;
}
