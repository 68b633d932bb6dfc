/* Facts of IKE. */
#include "check.h"

/* ---- phase 1 ---- */

static uint8_t wanted_type(const chk *c)
{
    return c->wanted->aggressive ? RIG_IKE_AGGRESSIVE : RIG_IKE_MAIN;
}

void chk_phase1_type(chk *c)
{
    const chk_message *message;
    for (size_t at = 0; (message = chk_next_message(c, &at));)
        if (chk_phase1(message) && message->ike.exchange != wanted_type(c))
            chk_miss(c, message->frame, c->wanted->aggressive ? "exchange type 4" : "exchange type 2", "%u",
                     message->ike.exchange);
}

void chk_phase1_seen(chk *c)
{
    const chk_message *message;
    chk whole = *c; /* it may be one that was made for an earlier request */
    whole.since = 0;
    for (size_t at = 0; (message = chk_next_message(&whole, &at));)
        if (message->ike.exchange == wanted_type(c))
            return;
    if (!c->wanted->lossy || c->wanted->end == RIG_IPSEC_AGREED)
        chk_miss(c, 0, "a phase 1", "none");
}

void chk_phase1_group(chk *c)
{
    const chk_message *message;
    for (size_t at = 0; (message = chk_next_message(c, &at));)
        for (uint32_t i = 0; chk_phase1(message) && i < message->ike.num_transforms; i++)
            if (message->ike.transforms[i].group != c->wanted->group)
                chk_miss(c, message->frame, "the wanted group", "group %u", message->ike.transforms[i].group);
}

/* Of an exchange on a lossy way the last ones may be missing. */
static void judge_count(chk *c, uint8_t exchange, uint32_t wanted, const char *expected)
{
    const chk_message *message;
    for (size_t at = 0; (message = chk_next_message(c, &at));) {
        uint32_t num = message->ike.exchange == exchange ? chk_messages_of(c, message) : wanted;
        if (num != wanted && !(c->wanted->lossy && num < wanted))
            chk_miss(c, message->frame, expected, "%u", num);
    }
}

void chk_main_count(chk *c)
{
    judge_count(c, RIG_IKE_MAIN, 6, "6 messages");
}

void chk_aggressive_count(chk *c)
{
    judge_count(c, RIG_IKE_AGGRESSIVE, 3, "3 messages");
}

static bool has(const chk_message *message, uint8_t payload)
{
    return message->ike.read && memchr(message->ike.payloads, payload, message->ike.num_payloads);
}

/* Payloads that have to be there, ended by 0. */
static bool has_all(const chk_message *message, const uint8_t *payloads)
{
    while (*payloads && has(message, *payloads))
        payloads++;
    return *payloads == 0;
}

static bool in_turn(const chk_message *message)
{
    return message->ike.by_initiator == (message->ike.number % 2 == 1);
}

static void miss_message(chk *c, const chk_message *message, const char *expected)
{
    const rig_ipsec_event event = {
        .kind = RIG_IPSEC_IKE, .to_target = message->ike.by_initiator, .is.ike = &message->ike};
    char line[RIG_IPSEC_EVENT_LINE_MAX];
    rig_text text;
    rig_text_init(&text, line, sizeof line);
    rig_ipsec_event_print(&event, &text);
    chk_miss(c, message->frame, expected, "%s", line);
}

void chk_main_order(chk *c)
{
    static const uint8_t payloads[][3] = {
        {RIG_IKE_P_SA}, {RIG_IKE_P_SA}, {RIG_IKE_P_KE, RIG_IKE_P_NONCE}, {RIG_IKE_P_KE, RIG_IKE_P_NONCE}};
    const chk_message *message;
    for (size_t at = 0; (message = chk_next_message(c, &at));) {
        uint32_t number = message->ike.number;
        if (message->ike.exchange != RIG_IKE_MAIN)
            continue;
        bool right = number > 4 ? message->ike.encrypted : has_all(message, payloads[number - 1]);
        if (!right || !in_turn(message) || (number <= 4 && message->ike.encrypted))
            miss_message(c, message, "SA; KE and nonce; encrypted; each from both sides");
    }
}

void chk_main_identity(chk *c)
{
    const chk_message *message;
    for (size_t at = 0; (message = chk_next_message(c, &at));)
        if (message->ike.exchange == RIG_IKE_MAIN && !message->ike.encrypted && has(message, RIG_IKE_P_ID))
            miss_message(c, message, "no ID in the clear");
}

void chk_main_auth(chk *c)
{
    static const uint8_t payloads[] = {RIG_IKE_P_ID, RIG_IKE_P_HASH, 0};
    const chk_message *message;
    for (size_t at = 0; (message = chk_next_message(c, &at));)
        if (message->ike.exchange == RIG_IKE_MAIN && message->ike.number > 4 && !has_all(message, payloads))
            miss_message(c, message, "ID and HASH");
}

void chk_aggressive_order(chk *c)
{
    static const uint8_t payloads[][6] = {
        {RIG_IKE_P_SA, RIG_IKE_P_KE, RIG_IKE_P_NONCE},
        {RIG_IKE_P_SA, RIG_IKE_P_KE, RIG_IKE_P_NONCE, RIG_IKE_P_HASH},
        {RIG_IKE_P_HASH},
    };
    const chk_message *message;
    for (size_t at = 0; (message = chk_next_message(c, &at));) {
        uint32_t number = message->ike.number;
        if (message->ike.exchange != RIG_IKE_AGGRESSIVE)
            continue;
        if (number > 3 || !in_turn(message) || !has_all(message, payloads[number - 1]))
            miss_message(c, message, "SA KE nonce; SA KE nonce HASH; HASH");
    }
}

void chk_aggressive_identity(chk *c)
{
    const chk_message *message;
    for (size_t at = 0; (message = chk_next_message(c, &at));)
        if (message->ike.exchange == RIG_IKE_AGGRESSIVE && message->ike.number <= 2 &&
            (message->ike.encrypted || !has(message, RIG_IKE_P_ID)))
            miss_message(c, message, "ID in the clear");
}

void chk_aggressive_last(chk *c)
{
    const chk_message *message;
    for (size_t at = 0; (message = chk_next_message(c, &at));)
        if (message->ike.exchange == RIG_IKE_AGGRESSIVE && message->ike.number == 3 &&
            !message->ike.encrypted)
            miss_message(c, message, "flag E");
}

/* ---- quick mode ---- */

static const chk_message *next_quick(const chk *c, size_t *at)
{
    const chk_message *message;
    while ((message = chk_next_message(c, at)))
        if (message->ike.exchange == RIG_IKE_QUICK)
            return message;
    return NULL;
}

/* What overtook the end of its phase 1 on a lossy way nobody could read: it came again, or to nothing. */
static const chk_message *next_clear_quick(const chk *c, size_t *at)
{
    const chk_message *message;
    while ((message = next_quick(c, at)))
        if (!c->wanted->lossy || !message->ike.encrypted || message->ike.read)
            return message;
    return NULL;
}

void chk_quick_seen(chk *c)
{
    size_t at = 0;
    if (!next_quick(c, &at))
        chk_miss(c, 0, "a quick mode", "none");
}

void chk_quick_count(chk *c)
{
    judge_count(c, RIG_IKE_QUICK, 3, "3 messages");
}

void chk_quick_encrypted(chk *c)
{
    const chk_message *message;
    for (size_t at = 0; (message = next_quick(c, &at));)
        if (!message->ike.encrypted || message->ike.id == 0)
            miss_message(c, message, "flag E and a message ID");
}

static unsigned count_of(const chk_message *message, uint8_t payload)
{
    unsigned num = 0;
    for (uint32_t i = 0; i < message->ike.num_payloads; i++)
        num += message->ike.payloads[i] == payload;
    return num;
}

void chk_quick_payloads(chk *c)
{
    static const uint8_t offer[] = {RIG_IKE_P_HASH, RIG_IKE_P_SA, RIG_IKE_P_NONCE, RIG_IKE_P_ID, 0};
    const chk_message *message;
    for (size_t at = 0; (message = next_clear_quick(c, &at));) {
        bool third = message->ike.number > 2;
        bool right = third ? has(message, RIG_IKE_P_HASH)
                           : has_all(message, offer) && count_of(message, RIG_IKE_P_ID) == 2;
        if (!right || !in_turn(message) || message->ike.payloads[0] != RIG_IKE_P_HASH)
            miss_message(c, message, third ? "HASH" : "HASH SA nonce ID ID");
    }
}

void chk_pfs_ke(chk *c)
{
    const chk_message *message;
    for (size_t at = 0; (message = next_clear_quick(c, &at));)
        if (message->ike.number <= 2 && !has(message, RIG_IKE_P_KE))
            miss_message(c, message, "KE");
}

void chk_no_pfs_ke(chk *c)
{
    const chk_message *message;
    for (size_t at = 0; (message = next_clear_quick(c, &at));)
        if (!message->ike.read || has(message, RIG_IKE_P_KE))
            miss_message(c, message, "no KE");
}

/* Of every transform of quick messages 1 and 2, of which there has to be one at least. */
static void judge_transforms(chk *c, const char *expected,
                             bool (*right)(const chk *c, const rig_ike_transform *transform))
{
    const chk_message *message;
    for (size_t at = 0; (message = next_clear_quick(c, &at));) {
        bool all = message->ike.number > 2 || message->ike.num_transforms > 0;
        for (uint32_t i = 0; i < message->ike.num_transforms; i++)
            all &= right(c, &message->ike.transforms[i]);
        if (!all)
            miss_message(c, message, expected);
    }
}

static bool group_wanted(const chk *c, const rig_ike_transform *transform)
{
    return transform->group == c->wanted->group;
}

static bool group_absent(const chk *c, const rig_ike_transform *transform)
{
    (void)c;
    return transform->group == 0;
}

static bool encapsulation_wanted(const chk *c, const rig_ike_transform *transform)
{
    return transform->encapsulation == (c->wanted->tunnel ? 1 : 2) + (c->wanted->nat_t ? 2 : 0);
}

void chk_pfs_group(chk *c)
{
    judge_transforms(c, "the wanted group", group_wanted);
}

void chk_no_pfs_group(chk *c)
{
    judge_transforms(c, "no group", group_absent);
}

void chk_encapsulation(chk *c)
{
    judge_transforms(c, c->wanted->tunnel ? "tunnel" : "transport", encapsulation_wanted);
}

static bool is_end(const rig_ike_id *id, const rig_ip *ip)
{
    size_t len = ip->version == 4 ? 4 : 16;
    return id->type == (ip->version == 4 ? 1 : 5) && id->len == len && memcmp(id->bytes, ip->bytes, len) == 0;
}

/* The first identity is that of whoever began the exchange (RFC 2409 section 5.5). */
static bool identities_right(const chk *c, const chk_message *message)
{
    bool by_opener = message->ike.by_initiator == rig_ip_eq(&message->from, &c->outer[0]);
    const rig_ike_id *own = &message->ike.ids[!by_opener], *portal = &message->ike.ids[by_opener];
    return message->ike.num_ids == 2 && is_end(own, &c->wanted->ends[0]) &&
           is_end(portal, &c->wanted->ends[1]) && own->protocol == 6 && portal->protocol == 6 &&
           portal->port == c->wanted->port;
}

void chk_identities(chk *c)
{
    const chk_message *message;
    for (size_t at = 0; (message = next_clear_quick(c, &at));)
        if (message->ike.number <= 2 && !identities_right(c, message))
            miss_message(c, message, "ID of initiator and of portal, with TCP and its port");
}

void chk_hashes(chk *c)
{
    const chk_message *message;
    for (size_t at = 0; (message = chk_next_message(c, &at));)
        if (message->ike.hash == RIG_IPSEC_WRONG)
            miss_message(c, message, "a right HASH");
}

/* Behind a bad key each side speaks under one that the other has not. */
void chk_hashes_known(chk *c)
{
    const chk_message *message;
    if (c->wanted->end == RIG_IPSEC_BAD_KEY)
        return;
    for (size_t at = 0; (message = chk_next_message(c, &at));)
        if (!chk_phase1(message) && message->ike.encrypted && message->ike.hash != RIG_IPSEC_RIGHT &&
            (message->ike.read || !c->wanted->lossy))
            miss_message(c, message, "a HASH that is known to be right");
}

static void judge_keymat(chk *c, rig_ipsec_keymat wanted, const char *expected)
{
    static const char *const words[] = {"not known", "without g(qm)^xy", "with g(qm)^xy", "other keys"};
    const chk_message *message;
    for (size_t at = 0; (message = next_quick(c, &at));)
        for (unsigned side = 0; message->ike.number == 3 && side < 2; side++)
            if (message->ike.keymat[side] != wanted)
                chk_miss(c, message->frame, expected, "%s", words[message->ike.keymat[side]]);
}

void chk_keymat_pfs(chk *c)
{
    judge_keymat(c, RIG_KEYMAT_PFS, "keys with g(qm)^xy");
}

void chk_keymat_plain(chk *c)
{
    judge_keymat(c, RIG_KEYMAT_PLAIN, "keys without g(qm)^xy");
}

/* ---- ports, refusals ---- */

/* With NAT traversal the ports change with main message 5 and aggressive message 3 (RFC 3947 section 4). */
static uint16_t port_wanted(const chk *c, const chk_message *message)
{
    uint32_t last = message->ike.exchange == RIG_IKE_MAIN ? 5 : 3;
    bool early = chk_phase1(message) && message->ike.number < last;
    return c->wanted->nat_t && !early ? 4500 : 500;
}

void chk_ike_port(chk *c)
{
    const chk_message *message;
    for (size_t at = 0; (message = chk_next_message(c, &at));)
        if (message->ike.exchange != RIG_IKE_INFO && message->udp_port != port_wanted(c, message))
            chk_miss(c, message->frame, c->wanted->nat_t ? "500, then 4500" : "500", "%u", message->udp_port);
}

static const chk_message *find_info(const chk *c, uint16_t notify)
{
    const chk_message *message;
    for (size_t at = 0; (message = chk_next_message(c, &at));)
        if (message->ike.exchange == RIG_IKE_INFO && message->ike.notify &&
            (notify == 0 || message->ike.notify == notify))
            return message;
    return NULL;
}

void chk_refused_phase1(chk *c)
{
    const chk_message *message;
    if (c->wanted->lossy) /* whoever answers late may have forgotten it */
        return;
    for (size_t at = 0; (message = chk_next_message(c, &at));)
        if (chk_phase1(message) && message->ike.number > 1)
            miss_message(c, message, "one phase 1 message");
    if (!find_info(c, 0))
        chk_miss(c, 0, "an informational exchange", "none");
}

void chk_refused_quick(chk *c)
{
    const chk_message *message;
    unsigned num = 0;
    for (size_t at = 0; (message = next_quick(c, &at)); num++)
        if (message->ike.number > (c->wanted->lossy ? 2 : 1)) /* the answer may come too late */
            miss_message(c, message, "one quick mode message");
    if (c->wanted->lossy)
        return;
    if (!num)
        chk_miss(c, 0, "one quick mode message", "none");
    if (!find_info(c, c->wanted->notify))
        chk_miss(c, 0, "the notification", "none of that type");
}

void chk_refused_no_quick(chk *c)
{
    size_t at = 0;
    const chk_message *message = next_quick(c, &at);
    if (message)
        miss_message(c, message, "no quick mode");
}

void chk_refused_no_esp(chk *c)
{
    size_t at = 0;
    const chk_spi *spi = chk_next_spi(c, &at);
    if (spi)
        chk_miss(c, spi->frame, "no ESP", "spi=0x%08x", spi->spi);
}
