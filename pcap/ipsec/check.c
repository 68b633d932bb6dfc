/* The facts a capture has to prove: which rows count, and what they look at. */
#include "check.h"

typedef struct chk_row {
    rig_ipsec_fact fact;
    uint32_t when; /* all of these have to be wanted */
    void (*judge)(chk *c);
} chk_row;

static const chk_row rows[] = {
#define X(function, id, when, what) {{id, what}, when, chk_##function},
    CHK_ROWS(X)
#undef X
};

#define NUM_ROWS (sizeof rows / sizeof rows[0])
_Static_assert(NUM_ROWS <= RIG_IPSEC_FACTS_MAX, "a caller's room has to hold a finding of each");

const rig_ipsec_fact *rig_ipsec_fact_at(size_t index)
{
    return index < NUM_ROWS ? &rows[index].fact : NULL;
}

static uint32_t wanted_bits(const rig_ipsec_wanted *wanted)
{
    static const uint32_t ends[] = {
        [RIG_IPSEC_AGREED] = CHK_AGREED,
        [RIG_IPSEC_REFUSED_PHASE1] = CHK_REFUSED | CHK_REFUSED_PHASE1 | CHK_NO_PHASE2,
        [RIG_IPSEC_REFUSED_QUICK] = CHK_REFUSED | CHK_REFUSED_QUICK,
        [RIG_IPSEC_BAD_KEY] = CHK_REFUSED | CHK_NO_PHASE2,
        [RIG_IPSEC_UNDER_WAY] = 0,
    };
    if (!wanted->ipsec)
        return CHK_OFF;
    return CHK_ON | ends[wanted->end] | (wanted->aggressive ? CHK_AGGRESSIVE : CHK_MAIN) |
           (wanted->pfs ? CHK_PFS : CHK_NO_PFS) | (wanted->tunnel ? CHK_TUNNEL : CHK_TRANSPORT) |
           (wanted->keymat ? CHK_KEYMAT : 0);
}

size_t rig_ipsec_check(const rig_ipsec_wanted *wanted, const rig_ipsec_seen *seen,
                       rig_ipsec_finding out[RIG_IPSEC_FACTS_MAX])
{
    uint32_t bits = wanted_bits(wanted);
    size_t num = 0;
    for (size_t i = 0; i < NUM_ROWS; i++) {
        chk c = {.wanted = wanted,
                 .seen = seen,
                 .since = wanted->since,
                 .until = wanted->until ? wanted->until : UINT32_MAX,
                 .finding = &out[num]};
        for (unsigned e = 0; e < 2; e++)
            c.outer[e] = wanted->outer[e].version ? wanted->outer[e] : wanted->ends[e];
        out[num] = (rig_ipsec_finding){.fact = &rows[i].fact};
        if ((rows[i].when & bits) == rows[i].when)
            rows[i].judge(&c);
        num += c.missed;
        if (num == RIG_IPSEC_FACTS_MAX)
            break;
    }
    return num;
}

void chk_miss(chk *c, uint32_t frame, const char *expected, const char *seen, ...)
{
    rig_text text;
    va_list list;
    if (c->missed)
        return;
    c->missed = true;
    c->finding->frame = frame;
    rig_text_init(&text, c->finding->wanted, sizeof c->finding->wanted);
    rig_text_add(&text, "%s", expected);
    rig_text_init(&text, c->finding->seen, sizeof c->finding->seen);
    va_start(list, seen);
    rig_text_vadd(&text, seen, list);
    va_end(list);
}

bool chk_between(const rig_ip ends[2], const rig_ip *from, const rig_ip *to)
{
    return (rig_ip_eq(&ends[0], from) && rig_ip_eq(&ends[1], to)) ||
           (rig_ip_eq(&ends[0], to) && rig_ip_eq(&ends[1], from));
}

bool chk_names(const chk_message *message, uint32_t spi)
{
    for (uint32_t i = 0; i < message->ike.num_transforms; i++)
        if (message->ike.transforms[i].protocol == 3 && message->ike.transforms[i].spi == spi)
            return true;
    return false;
}

static bool in_time(const chk *c, uint32_t frame)
{
    return frame >= c->since && frame < c->until;
}

const chk_message *chk_next_message(const chk *c, size_t *at)
{
    const chk_list *list = &c->seen->messages;
    const chk_message *messages = list->ptr;
    while (*at < list->num) {
        const chk_message *message = &messages[(*at)++];
        if (!message->ike.again && in_time(c, message->opened) &&
            chk_between(c->outer, &message->from, &message->to))
            return message;
    }
    return NULL;
}

/* Between the outer ends, or with the connection's own inside. */
const chk_spi *chk_next_spi(const chk *c, size_t *at)
{
    const chk_list *list = &c->seen->spis;
    const chk_spi *spis = list->ptr;
    while (*at < list->num) {
        const chk_spi *spi = &spis[(*at)++];
        bool ours = chk_between(c->outer, &spi->from, &spi->to) ||
                    (spi->num_inside &&
                     chk_between(c->wanted->ends, &spi->inside[0].packet.from, &spi->inside[0].packet.to));
        if (ours && in_time(c, spi->opened))
            return spi;
    }
    return NULL;
}

/* To or from the portal. */
const chk_clear *chk_next_clear(const chk *c, size_t *at)
{
    const chk_list *list = &c->seen->clears;
    const chk_clear *clears = list->ptr;
    const rig_ip *portal = &c->wanted->ends[1];
    while (*at < list->num) {
        const chk_clear *clear = &clears[(*at)++];
        bool to = clear->to_port == c->wanted->port && rig_ip_eq(portal, &clear->to);
        bool from = clear->from_port == c->wanted->port && rig_ip_eq(portal, &clear->from);
        if ((to || from) && in_time(c, clear->frame) &&
            chk_between(c->wanted->ends, &clear->from, &clear->to))
            return clear;
    }
    return NULL;
}

bool chk_phase1(const chk_message *message)
{
    return message->ike.exchange == RIG_IKE_MAIN || message->ike.exchange == RIG_IKE_AGGRESSIVE;
}

uint32_t chk_messages_of(const chk *c, const chk_message *message)
{
    const chk_message *other;
    uint32_t num = 0;
    for (size_t at = 0; (other = chk_next_message(c, &at));)
        num += other->ike.exchange == message->ike.exchange && other->ike.id == message->ike.id &&
               memcmp(other->ike.initiator_cookie, message->ike.initiator_cookie, 8) == 0;
    return num;
}

/* ---- rows about the capture as a whole ---- */

void chk_well_formed(chk *c)
{
    if (c->seen->flaw)
        chk_miss(c, c->seen->flaw, "nothing malformed", "%s", c->seen->said);
}

void chk_all_seen(chk *c)
{
    if (c->seen->overflow)
        chk_miss(c, c->seen->overflow, "no more than is kept", "more");
}

void chk_off_ike(chk *c)
{
    size_t at = 0;
    const chk_message *message = chk_next_message(c, &at);
    if (message)
        chk_miss(c, message->frame, "no IKE", "a message");
}

void chk_off_esp(chk *c)
{
    size_t at = 0;
    const chk_spi *spi = chk_next_spi(c, &at);
    if (spi)
        chk_miss(c, spi->frame, "no ESP", "spi=0x%08x", spi->spi);
}

void chk_off_tcp(chk *c)
{
    const chk_clear *clear;
    for (size_t at = 0; (clear = chk_next_clear(c, &at));)
        if (clear->syn && clear->to_port == c->wanted->port)
            return;
    if (!c->wanted->lossy)
        chk_miss(c, 0, "a SYN to the portal", "none");
}

void chk_no_clear(chk *c)
{
    size_t at = 0;
    const chk_clear *clear = chk_next_clear(c, &at);
    if (clear)
        chk_miss(c, clear->frame, "no TCP in the clear", "port %u to port %u", clear->from_port,
                 clear->to_port);
}
