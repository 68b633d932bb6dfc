/* The decision before any connection: flags, source, policy in force, fallbacks, keys and abilities in, what
 * to do out. Each rule is one function that says what it found; the first that decides ends it. */
#include "rig/hba.h"

/* A decision under way. */
typedef struct judged {
    const rig_security_request *request;
    uint64_t flags;
    bool advertised; /* the flags in force are those of an advertisement */
    rig_security_decision *out;
} judged;

typedef bool rule_fn(judged *j);

static bool has(const judged *j, uint64_t bits)
{
    return (j->flags & bits) == bits;
}

static void found(judged *j, rig_security_step step)
{
    if (j->out->num_steps < RIG_SECURITY_STEPS_MAX)
        j->out->steps[j->out->num_steps++] = (uint8_t)step;
}

static bool decide(judged *j, rig_security_step step, rig_security_outcome outcome, rig_code code)
{
    found(j, step);
    j->out->outcome = outcome;
    j->out->code = code;
    return true;
}

/* ---- the rules ---- */

/* What was negotiated, or set by an administrator, counts whole: AddIScsiSendTargetPortal and
 * LoginIScsiTarget ignore flags and key then. */
static bool policy_in_force(judged *j)
{
    const rig_security_policy *policy = j->request->policy;
    found(j, policy ? RIG_SECURITY_STEP_BITMAP_IGNORED : RIG_SECURITY_STEP_NO_POLICY);
    if (!policy)
        return false;
    j->flags = policy->ipsec ? RIG_SECURITY_VALID | RIG_SECURITY_IKE_IPSEC : RIG_SECURITY_VALID;
    j->out->by_policy = true;
    j->out->aggressive = policy->aggressive;
    j->out->pfs = policy->pfs;
    j->out->tunnel = policy->tunnel;
    j->out->key = policy->key;
    return false;
}

static bool reserved_bits(judged *j)
{
    if (j->out->by_policy)
        return false;
    bool any = (j->flags & ~RIG_SECURITY_KNOWN) != 0;
    if (any && !j->advertised)
        return decide(j, RIG_SECURITY_STEP_RESERVED_REFUSED, RIG_SECURITY_INVALID,
                      RIG_CODE_INVALID_PARAMETER);
    found(j, any ? RIG_SECURITY_STEP_RESERVED_MASKED : RIG_SECURITY_STEP_NO_RESERVED_BITS);
    j->flags &= RIG_SECURITY_KNOWN;
    return false;
}

/* VALID clear says "not specified": the first bitmap of the chain with VALID set decides. Those were all set
 * by callers or administrators, whoever asks now. */
static bool not_specified(judged *j)
{
    const rig_security_request *request = j->request;
    const struct {
        const rig_security_bitmap *bitmap;
        rig_security_step step;
    } chain[] = {{&request->of_portal, RIG_SECURITY_STEP_BITMAP_OF_PORTAL},
                 {&request->of_ike_info, RIG_SECURITY_STEP_BITMAP_OF_IKE_INFO},
                 {&request->of_default, RIG_SECURITY_STEP_BITMAP_OF_DEFAULT}};
    if (j->out->by_policy)
        return false;
    if (has(j, RIG_SECURITY_VALID)) {
        found(j, RIG_SECURITY_STEP_BITMAP_OF_REQUEST);
        return false;
    }
    j->out->fell_back = true;
    j->advertised = false;
    for (size_t i = 0; i < sizeof chain / sizeof chain[0]; i++)
        if (chain[i].bitmap->known && (chain[i].bitmap->flags & RIG_SECURITY_VALID)) {
            found(j, chain[i].step);
            j->flags = chain[i].bitmap->flags & RIG_SECURITY_KNOWN;
            return false;
        }
    found(j, RIG_SECURITY_STEP_NO_BITMAP);
    j->flags = 0;
    return false;
}

static bool contradiction(const judged *j)
{
    return has(j, RIG_SECURITY_MAIN_MODE | RIG_SECURITY_AGGRESSIVE_MODE) ||
           has(j, RIG_SECURITY_TRANSPORT_MODE | RIG_SECURITY_TUNNEL_MODE);
}

/* Without IPsec the qualifiers qualify nothing: of PFS the API says "if IPsec is required". */
static bool not_wanted(judged *j)
{
    const rig_security_request *request = j->request;
    if (has(j, RIG_SECURITY_IKE_IPSEC)) {
        found(j, RIG_SECURITY_STEP_IPSEC_WANTED);
        return false;
    }
    if (contradiction(j) && request->strict_flags && !j->advertised)
        return decide(j, RIG_SECURITY_STEP_CONTRADICTION_REFUSED, RIG_SECURITY_INVALID,
                      RIG_CODE_INVALID_PARAMETER);
    if (contradiction(j))
        found(j, RIG_SECURITY_STEP_CONTRADICTION_IGNORED);
    if (request->require_ipsec)
        return decide(j, RIG_SECURITY_STEP_REQUIRED_BUT_OFF, RIG_SECURITY_REFUSED,
                      RIG_CODE_FAILED_TO_CONFIGURE_IPSEC);
    return decide(j, RIG_SECURITY_STEP_IPSEC_NOT_WANTED, RIG_SECURITY_PLAIN, RIG_CODE_SUCCESS);
}

static bool exchange(judged *j)
{
    bool main_mode = has(j, RIG_SECURITY_MAIN_MODE), aggressive = has(j, RIG_SECURITY_AGGRESSIVE_MODE);
    if (j->out->by_policy)
        return false;
    if (!main_mode && !aggressive)
        return decide(j, RIG_SECURITY_STEP_NO_EXCHANGE, RIG_SECURITY_INVALID, RIG_CODE_INVALID_PARAMETER);
    if (main_mode && aggressive && !j->advertised)
        return decide(j, RIG_SECURITY_STEP_BOTH_EXCHANGES, RIG_SECURITY_INVALID, RIG_CODE_INVALID_PARAMETER);
    found(j, main_mode && aggressive ? RIG_SECURITY_STEP_MAIN_MODE_CHOSEN
             : main_mode             ? RIG_SECURITY_STEP_MAIN_MODE_GIVEN
                                     : RIG_SECURITY_STEP_AGGRESSIVE_MODE_GIVEN);
    j->out->aggressive = !main_mode;
    return false;
}

static bool encapsulation(judged *j)
{
    bool transport = has(j, RIG_SECURITY_TRANSPORT_MODE), tunnel = has(j, RIG_SECURITY_TUNNEL_MODE);
    if (j->out->by_policy)
        return false;
    if (transport && tunnel && !j->advertised)
        return decide(j, RIG_SECURITY_STEP_BOTH_ENCAPSULATIONS, RIG_SECURITY_INVALID,
                      RIG_CODE_INVALID_PARAMETER);
    if (transport != tunnel) {
        found(j, tunnel ? RIG_SECURITY_STEP_TUNNEL_GIVEN : RIG_SECURITY_STEP_TRANSPORT_GIVEN);
        j->out->tunnel = tunnel;
    } else {
        j->out->tunnel = j->request->has_outer;
        found(j, j->out->tunnel ? RIG_SECURITY_STEP_TUNNEL_CHOSEN : RIG_SECURITY_STEP_TRANSPORT_CHOSEN);
    }
    j->out->pfs = has(j, RIG_SECURITY_PFS);
    return false;
}

/* A mode that is not there is never replaced by another one. A policy in force has to be possible, too. */
static bool ability(judged *j)
{
    const rig_security_abilities *can = &j->request->abilities;
    if (!can->ipsec)
        return decide(j, RIG_SECURITY_STEP_NO_ENGINE, RIG_SECURITY_UNSUPPORTED,
                      RIG_CODE_IPSEC_NOT_SUPPORTED_ON_OS);
    if (j->out->aggressive && !can->aggressive)
        return decide(j, RIG_SECURITY_STEP_NO_AGGRESSIVE_MODE, RIG_SECURITY_UNSUPPORTED,
                      RIG_CODE_REQUEST_NOT_SUPPORTED);
    if (j->out->tunnel && !can->tunnel)
        return decide(j, RIG_SECURITY_STEP_NO_TUNNEL_MODE, RIG_SECURITY_UNSUPPORTED,
                      RIG_CODE_REQUEST_NOT_SUPPORTED);
    found(j, RIG_SECURITY_STEP_ABLE);
    return false;
}

/* With main mode and a shared key the responder knows nothing but our address when it needs the key
 * (RFC 2409 section 5.4). */
static bool key(judged *j)
{
    static const rig_security_step steps[] = {[RIG_SECURITY_KEY_CALL] = RIG_SECURITY_STEP_KEY_OF_CALL,
                                              [RIG_SECURITY_KEY_ID] = RIG_SECURITY_STEP_KEY_OF_ID,
                                              [RIG_SECURITY_KEY_GROUP] = RIG_SECURITY_STEP_KEY_OF_GROUP};
    const rig_security_request *request = j->request;
    if (j->out->by_policy)
        return false;
    if (request->key == RIG_SECURITY_KEY_NONE)
        return decide(j, RIG_SECURITY_STEP_NO_KEY_FOUND, RIG_SECURITY_NO_KEY,
                      request->has_identity ? RIG_CODE_TARGET_PRESHAREDKEY_UNAVAILABLE
                                            : RIG_CODE_NO_AUTH_INFO_AVAILABLE);
    found(j, steps[request->key]);
    if (request->id_is_name && !j->out->aggressive)
        found(j, RIG_SECURITY_STEP_ID_IS_NO_ADDRESS);
    j->out->key = request->key;
    return false;
}

static bool outer(judged *j)
{
    const rig_security_request *request = j->request;
    if (j->out->tunnel && !request->has_outer && request->strict_gateway)
        return decide(j, RIG_SECURITY_STEP_NO_OUTER_ADDRESS, RIG_SECURITY_NO_OUTER,
                      RIG_CODE_NO_TUNNEL_OUTER_MODE_ADDRESS);
    if (j->out->tunnel)
        found(j, request->has_outer ? RIG_SECURITY_STEP_OUTER_ADDRESS : RIG_SECURITY_STEP_HOST_TO_HOST);
    j->out->outcome = RIG_SECURITY_USE_IPSEC;
    j->out->code = RIG_CODE_SUCCESS;
    return true;
}

rig_security_decision rig_security_decide(const rig_security_request *request)
{
    static rule_fn *const rules[] = {policy_in_force, reserved_bits, not_specified, not_wanted, exchange,
                                     encapsulation,   ability,       key,           outer};
    rig_security_decision decision = {.outcome = RIG_SECURITY_INVALID, .code = RIG_CODE_INVALID_PARAMETER};
    judged j = {.request = request,
                .flags = request->flags,
                .advertised = request->source == RIG_SECURITY_DISCOVERED,
                .out = &decision};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i](&j))
            break;
    return decision;
}

/* ---- names ---- */

static const struct {
    const char *word, *meaning;
} steps_rows[] = {
#define X(id, word, meaning) {word, meaning},
    RIG_SECURITY_STEP_ROWS(X)
#undef X
};

#define NUM_STEPS (sizeof steps_rows / sizeof steps_rows[0])

const char *rig_security_step_name(rig_security_step step)
{
    return (unsigned)step < NUM_STEPS ? steps_rows[step].word : "?";
}

const char *rig_security_step_meaning(rig_security_step step)
{
    return (unsigned)step < NUM_STEPS ? steps_rows[step].meaning : "?";
}

const char *rig_security_outcome_name(rig_security_outcome outcome)
{
    static const char *const names[] = {"plain",  "ipsec",   "invalid",         "unsupported",
                                        "no-key", "refused", "no-outer-address"};
    return (unsigned)outcome < sizeof names / sizeof names[0] ? names[outcome] : "?";
}
