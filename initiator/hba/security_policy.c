/* The decision before any connection: flags, source, fallbacks, keys and abilities in, what to do out. Each
 * rule is one function; the first that fires decides. */
#include "rig/hba.h"

typedef bool rule_fn(const rig_security_request *request, uint64_t *flags, rig_security_decision *decision);

static bool has(uint64_t flags, uint64_t bits)
{
    return (flags & bits) == bits;
}

static bool decide(rig_security_decision *decision, rig_security_outcome outcome)
{
    decision->outcome = outcome;
    return true;
}

static bool reserved_bits(const rig_security_request *request, uint64_t *flags,
                          rig_security_decision *decision)
{
    if ((*flags & ~RIG_SECURITY_KNOWN) && request->source == RIG_SECURITY_CALLER)
        return decide(decision, RIG_SECURITY_INVALID);
    *flags &= RIG_SECURITY_KNOWN;
    return false;
}

/* VALID clear says "not specified": the stored or default bitmap decides, without one there is no IPsec. */
static bool not_specified(const rig_security_request *request, uint64_t *flags,
                          rig_security_decision *decision)
{
    if (has(*flags, RIG_SECURITY_VALID))
        return false;
    decision->fell_back = true;
    bool usable = request->has_fallback && has(request->fallback, RIG_SECURITY_VALID);
    *flags = usable ? request->fallback & RIG_SECURITY_KNOWN : 0;
    return false;
}

static bool not_wanted(const rig_security_request *request, uint64_t *flags, rig_security_decision *decision)
{
    if (has(*flags, RIG_SECURITY_IKE_IPSEC))
        return false;
    return decide(decision, request->require_ipsec ? RIG_SECURITY_REFUSED : RIG_SECURITY_PLAIN);
}

static bool exchange(const rig_security_request *request, uint64_t *flags, rig_security_decision *decision)
{
    bool main_mode = has(*flags, RIG_SECURITY_MAIN_MODE);
    bool aggressive = has(*flags, RIG_SECURITY_AGGRESSIVE_MODE);
    bool contradiction = main_mode && aggressive && request->source == RIG_SECURITY_CALLER;
    if (contradiction || (!main_mode && !aggressive))
        return decide(decision, RIG_SECURITY_INVALID);
    decision->aggressive = !main_mode;
    return false;
}

static bool encapsulation(const rig_security_request *request, uint64_t *flags,
                          rig_security_decision *decision)
{
    bool transport = has(*flags, RIG_SECURITY_TRANSPORT_MODE);
    bool tunnel = has(*flags, RIG_SECURITY_TUNNEL_MODE);
    if (transport && tunnel && request->source == RIG_SECURITY_CALLER)
        return decide(decision, RIG_SECURITY_INVALID);
    decision->tunnel = transport == tunnel ? request->has_outer : tunnel;
    decision->pfs = has(*flags, RIG_SECURITY_PFS);
    return false;
}

static bool ability(const rig_security_request *request, uint64_t *flags, rig_security_decision *decision)
{
    (void)flags;
    const rig_security_abilities *can = &request->abilities;
    bool able =
        can->ipsec && (!decision->aggressive || can->aggressive) && (!decision->tunnel || can->tunnel);
    return able ? false : decide(decision, RIG_SECURITY_UNSUPPORTED);
}

static bool key(const rig_security_request *request, uint64_t *flags, rig_security_decision *decision)
{
    (void)flags;
    return decide(decision, request->has_key ? RIG_SECURITY_USE_IPSEC : RIG_SECURITY_NO_KEY);
}

rig_security_decision rig_security_decide(const rig_security_request *request)
{
    static rule_fn *const rules[] = {reserved_bits, not_specified, not_wanted, exchange,
                                     encapsulation, ability,       key};
    rig_security_decision decision = {.outcome = RIG_SECURITY_INVALID};
    uint64_t flags = request->flags;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i](request, &flags, &decision))
            break;
    return decision;
}

const char *rig_security_outcome_name(rig_security_outcome outcome)
{
    static const char *const names[] = {"plain", "ipsec", "invalid", "unsupported", "no-key", "refused"};
    return (unsigned)outcome < sizeof names / sizeof names[0] ? names[outcome] : "?";
}
