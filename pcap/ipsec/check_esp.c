/* Facts of ESP. */
#include "check.h"

void chk_esp_seen(chk *c)
{
    bool seen[2] = {false, false};
    const chk_spi *spi;
    for (size_t at = 0; (spi = chk_next_spi(c, &at));)
        for (unsigned end = 0; end < 2; end++)
            seen[end] |= rig_ip_eq(&spi->to, &c->outer[end]);
    if ((!seen[0] || !seen[1]) && !c->wanted->lossy)
        chk_miss(c, 0, "ESP both ways", !seen[0] && !seen[1] ? "none" : "one way");
}

/* Frame of message 3 of the quick mode that gave the SPI to whom its packets go to. On a lossy way
 * the first packet of whoever sent message 3 may be there before it, but not before message 2. */
static uint32_t agreed_in(const chk *c, const chk_spi *spi)
{
    const chk_message *message, *third;
    for (size_t at = 0; (message = chk_next_message(c, &at));) {
        if (message->ike.exchange != RIG_IKE_QUICK || !chk_names(message, spi->spi) ||
            !rig_ip_eq(&message->from, &spi->to))
            continue;
        if (c->wanted->lossy && message->ike.number == 2)
            return message->frame;
        for (size_t behind = at; (third = chk_next_message(c, &behind));)
            if (third->ike.exchange == RIG_IKE_QUICK && third->ike.id == message->ike.id &&
                third->ike.number == 3)
                return third->frame;
    }
    return UINT32_MAX;
}

void chk_ike_first(chk *c)
{
    const chk_spi *spi;
    for (size_t at = 0; (spi = chk_next_spi(c, &at));)
        if (spi->frame < agreed_in(c, spi))
            chk_miss(c, spi->frame, "behind message 3 of its quick mode", "spi=0x%08x before it", spi->spi);
}

void chk_esp_spi(chk *c)
{
    const chk_spi *spi;
    for (size_t at = 0; (spi = chk_next_spi(c, &at));)
        if (spi->stranger)
            chk_miss(c, spi->stranger, "a negotiated SPI", "spi=0x%08x", spi->spi);
}

void chk_esp_sequence(chk *c)
{
    const chk_spi *spi;
    for (size_t at = 0; (spi = chk_next_spi(c, &at));) {
        uint32_t odd = c->wanted->lossy ? spi->repeated : spi->disordered;
        if (spi->first != 1 && (spi->first == 0 || !c->wanted->lossy))
            chk_miss(c, spi->frame, "seq=1 first", "spi=0x%08x seq=%u", spi->spi, spi->first);
        if (odd)
            chk_miss(c, odd, c->wanted->lossy ? "no number twice" : "a number above the last one",
                     "spi=0x%08x", spi->spi);
    }
}

void chk_esp_icv(chk *c)
{
    const chk_spi *spi;
    for (size_t at = 0; (spi = chk_next_spi(c, &at));)
        if (spi->unread || spi->bad_icv)
            chk_miss(c, spi->unread ? spi->unread : spi->bad_icv, "a right ICV", "spi=0x%08x %s", spi->spi,
                     spi->bad_icv ? "wrong" : "not read");
}

void chk_esp_padding(chk *c)
{
    const chk_spi *spi;
    for (size_t at = 0; (spi = chk_next_spi(c, &at));)
        if (spi->bad_pad)
            chk_miss(c, spi->bad_pad, "padding 1, 2, 3 …", "spi=0x%08x other bytes", spi->spi);
}

static void judge_next_header(chk *c, uint8_t wanted, const char *expected)
{
    const chk_spi *spi;
    for (size_t at = 0; (spi = chk_next_spi(c, &at));)
        for (uint32_t i = 0; i < spi->num_inside; i++)
            if (spi->inside[i].packet.next_header != wanted)
                chk_miss(c, spi->inside[i].frame, expected, "%u", spi->inside[i].packet.next_header);
}

void chk_next_transport(chk *c)
{
    judge_next_header(c, 6, "next header 6");
}

void chk_next_tunnel(chk *c)
{
    bool ip4 = c->wanted->ends[0].version == 4;
    judge_next_header(c, ip4 ? 4 : 41, ip4 ? "next header 4" : "next header 41");
}

/* From the side that the SPI is not of, to the one it is of. */
static bool inside_right(const chk *c, const chk_spi *spi, const rig_esp_packet *packet)
{
    unsigned to = rig_ip_eq(&spi->to, &c->outer[1]);
    return rig_ip_eq(&packet->from, &c->wanted->ends[!to]) && rig_ip_eq(&packet->to, &c->wanted->ends[to]) &&
           (to ? packet->to_port : packet->from_port) == c->wanted->port;
}

static void judge_inside(chk *c, const chk_spi *spi, const rig_esp_packet *packet, uint32_t frame)
{
    char line[RIG_IPSEC_SAID_MAX];
    rig_text text;
    if (inside_right(c, spi, packet))
        return;
    rig_text_init(&text, line, sizeof line);
    rig_ip_print(&text, &packet->from);
    rig_text_add(&text, " port %u to ", packet->from_port);
    rig_ip_print(&text, &packet->to);
    rig_text_add(&text, " port %u", packet->to_port);
    chk_miss(c, frame, "TCP between initiator and portal", "%s", line);
}

void chk_esp_inner(chk *c)
{
    const chk_spi *spi;
    for (size_t at = 0; (spi = chk_next_spi(c, &at));)
        for (uint32_t i = 0; i < spi->num_inside; i++)
            judge_inside(c, spi, &spi->inside[i].packet, spi->inside[i].frame);
}

void chk_esp_outer(chk *c)
{
    const chk_spi *spi;
    for (size_t at = 0; (spi = chk_next_spi(c, &at));)
        if (!chk_between(c->outer, &spi->from, &spi->to) || spi->moved)
            chk_miss(c, spi->moved ? spi->moved : spi->frame, "the outer addresses", "others, spi=0x%08x",
                     spi->spi);
}

void chk_esp_carrier(chk *c)
{
    const chk_spi *spi;
    for (size_t at = 0; (spi = chk_next_spi(c, &at));)
        if (spi->udp_port != (c->wanted->nat_t ? 4500 : 0))
            chk_miss(c, spi->frame, c->wanted->nat_t ? "UDP port 4500" : "IP protocol 50", "UDP port %u",
                     spi->udp_port);
}
