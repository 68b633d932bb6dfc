/* What charon says it has installed, against what was wished. Whatever is not as wished, or not told, is in
 * doubt. */
#include "internal.h"

typedef struct expectation {
    const char *key, *value;
} expectation;

static const expectation of_ike[] = {
    {"version", "1"}, {"encr-alg", "AES_CBC"}, {"encr-keysize", "128"}, {"dh-group", "MODP_2048"}};

static const expectation of_child[] = {{"protocol", "ESP"}, {"encr-alg", "AES_CBC"}, {"encr-keysize", "128"}};

static bool doubt(rig_text *why, const char *what, rig_view is, const char *wanted)
{
    rig_text_add(why, "what charon has installed is not what was wished: %s is \"", what);
    rig_text_escaped(why, is);
    rig_text_add(why, "\", not \"%s\"", wanted);
    return false;
}

static bool is_as(rig_view section, const char *key, const char *wanted, rig_text *why)
{
    rig_view is = rig_vici_value(section, key);
    return rig_view_is(is, wanted) || doubt(why, key, is, wanted);
}

static bool all_as(rig_view section, const expectation *rows, size_t num, rig_text *why)
{
    for (size_t i = 0; i < num; i++)
        if (!is_as(section, rows[i].key, rows[i].value, why))
            return false;
    return true;
}

static bool is_ip(rig_view text, const rig_ip *wanted, const char *what, rig_ip *out, rig_text *why)
{
    if (!rig_ip_parse(text, out))
        return doubt(why, what, text, "an address");
    return wanted->version == 0 || rig_ip_eq(out, wanted) || doubt(why, what, text, "the one wished");
}

/* ADDRESS/LENGTH[tcp…]: one address alone, and TCP; a port that charon has a word for is told by the word. */
static bool is_selector(rig_view child, const char *list, const rig_ip *wanted, uint16_t port, rig_ip *out,
                        rig_text *why)
{
    rig_view item = {0}, more;
    uint64_t bits = 0, number = port;
    if (!rig_vici_item(child, list, 0, &item) || rig_vici_item(child, list, 1, &more))
        return doubt(why, list, item, "one selector");
    size_t bracket = rig_view_find(item, '[');
    rig_view address = rig_view_sub(item, 0, bracket), rest = address;
    rig_view ip = rig_view_split(&rest, '/');
    if (!is_ip(ip, wanted, list, out, why))
        return false;
    uint64_t whole = out->version == 4 ? 32 : 128;
    if (!rig_view_u64(rest, &bits) || bits != whole)
        return doubt(why, list, item, "one address");
    rig_view upper = rig_view_sub(item, bracket, item.len);
    if (port == 0 ? !rig_view_is(upper, "[tcp]") : !rig_view_starts(upper, "[tcp/"))
        return doubt(why, list, item, port ? "TCP to the portal's port" : "TCP");
    rig_view name = rig_view_sub(upper, 5, upper.len > 6 ? upper.len - 6 : 0);
    return !rig_view_u64(name, &number) || number == port || doubt(why, list, item, "the portal's port");
}

/* The policy is of the address that the association has. */
static bool is_same(const rig_ip *source, const rig_ip *wanted, rig_text *why)
{
    return rig_ip_eq(source, wanted) || doubt(why, "local-ts", (rig_view){0}, "that of the association");
}

static bool is_integrity(rig_view child, rig_text *why)
{
    rig_view is = rig_vici_value(child, "integ-alg");
    return rig_view_is(is, "HMAC_SHA2_256_128") || rig_view_is(is, "HMAC_SHA1_96") ||
           doubt(why, "integ-alg", is, "HMAC_SHA2_256_128");
}

static bool selectors_agree(vci_pair *pair, rig_view child, rig_text *why)
{
    vci_talk *talk = pair->talk;
    const rig_ip *theirs = pair->ip.version ? &pair->ip : &talk->peer;
    rig_ip remote;
    return is_selector(child, "local-ts", &pair->local.ip, 0, &talk->source, why) &&
           is_selector(child, "remote-ts", theirs, pair->portal.port, &remote, why);
}

static bool child_agrees(vci_pair *pair, rig_view child, rig_text *why)
{
    return is_as(child, "mode", pair->tunnel ? "TUNNEL" : "TRANSPORT", why) &&
           is_as(child, "dh-group", pair->pfs ? "MODP_2048" : "", why) &&
           (!pair->vici->config.device || is_as(child, "encap", "yes", why)) &&
           all_as(child, of_child, sizeof of_child / sizeof of_child[0], why) && is_integrity(child, why) &&
           selectors_agree(pair, child, why);
}

/* Those that are not installed (any more) protect nothing, and are passed over. */
static vci_found children(vci_pair *pair, rig_view ike, rig_text *why)
{
    vci_found found = VCI_NOTHING;
    rig_view name, inside, child;
    while (rig_vici_section(&ike, &name, &inside)) {
        if (!rig_view_is(name, "child-sas"))
            continue;
        while (rig_vici_section(&inside, &name, &child)) {
            if (!rig_view_is(rig_vici_value(child, "state"), "INSTALLED"))
                continue;
            if (!child_agrees(pair, child, why))
                return VCI_DOUBT;
            found = VCI_AGREED;
        }
    }
    return found;
}

static vci_found ike_found(vci_pair *pair, rig_view ike, rig_text *why)
{
    if (!rig_view_is(rig_vici_value(ike, "state"), "ESTABLISHED"))
        return VCI_NOTHING;
    rig_view host = rig_vici_value(ike, "remote-host");
    if (!all_as(ike, of_ike, sizeof of_ike / sizeof of_ike[0], why) ||
        !is_ip(host, vci_pair_peer(pair), "remote-host", &pair->talk->peer, why))
        return VCI_DOUBT;
    return children(pair, ike, why);
}

/* One event about associations; there may be several, and one that is in doubt is enough. */
void vci_compare(vci_pair *pair, rig_view message)
{
    vci_talk *talk = pair->talk;
    rig_view name, ike;
    while (talk->found != VCI_DOUBT && rig_vici_section(&message, &name, &ike)) {
        rig_text why;
        if (!rig_view_is(name, pair->name))
            continue;
        rig_text_init(&why, talk->why, sizeof talk->why);
        vci_found found = ike_found(pair, ike, &why);
        talk->found = found == VCI_NOTHING ? talk->found : (uint8_t)found;
    }
}

/* The policy that stays when the association has ended: the same selectors, and nothing leaves without. */
void vci_compare_policy(vci_pair *pair, rig_view message)
{
    vci_talk *talk = pair->talk;
    rig_view name, policy;
    while (talk->found != VCI_DOUBT && rig_vici_section(&message, &name, &policy)) {
        const rig_ip source = talk->source;
        rig_text why;
        if (!rig_view_is(rig_vici_value(policy, "child"), pair->name))
            continue;
        rig_text_init(&why, talk->why, sizeof talk->why);
        bool same = is_as(policy, "mode", pair->tunnel ? "TUNNEL" : "TRANSPORT", &why) &&
                    selectors_agree(pair, policy, &why) && is_same(&talk->source, &source, &why);
        talk->found = same ? VCI_AGREED : VCI_DOUBT;
    }
}

/* Which of charon's modules carries ESP, and so what it can do. */
bool vci_able(const vci_pair *pair, rig_view stats, rig_text *why)
{
    bool userspace = false;
    rig_view name;
    for (uint32_t i = 0; rig_vici_item(stats, "plugins", i, &name); i++)
        userspace = userspace || rig_view_is(name, "kernel-libipsec");
    bool has_device = pair->vici->config.device != NULL;
    if (userspace && !has_device)
        rig_text_add(why, "charon's ESP is in userspace, and its device is not configured");
    else if (!userspace && has_device)
        rig_text_add(why, "charon's ESP is the kernel's, but a device of userspace ESP is configured");
    else if (userspace && !pair->tunnel)
        rig_text_add(why, "charon's ESP is in userspace, and has no transport mode");
    else
        return true;
    return false;
}
