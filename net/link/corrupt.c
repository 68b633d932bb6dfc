/* Flips one bit of a payload. The checksum shows it, unless it is made to fit: then only iSCSI's digests do.
 */
#include "links.h"

typedef struct corrupt_link {
    rig_link base;
    link_choice choice;
    uint64_t byte;
    bool byte_given;
    bool keep_checksum;
} corrupt_link;

static void flip(corrupt_link *link, rig_packet *packet)
{
    if (!rig_packet_own(link->base.net, packet))
        return;
    uint64_t drawn = link_draw(&link->base, "link.corrupt.bit", link->choice.count);
    uint64_t byte = (link->byte_given ? link->byte : drawn >> 3) % packet->payload_len;
    uint8_t *bytes = packet->iov[0].iov_base;
    bytes[byte] ^= (uint8_t)(1u << (drawn & 7));
    if (!link->keep_checksum)
        packet->corrupt_checksum = true;
}

static void corrupt_pass(rig_link *base, rig_packet *packet)
{
    corrupt_link *link = (corrupt_link *)base;
    if (packet->payload_len && link_choice_hits(base, &link->choice, "link.corrupt", packet))
        flip(link, packet);
    rig_link_forward(base, packet);
}

static void corrupt_free(rig_link *base)
{
    link_free(base, sizeof(corrupt_link));
}

static bool corrupt_option(rig_link *base, rig_view key, rig_view value)
{
    corrupt_link *link = (corrupt_link *)base;
    if (rig_view_is(key, "byte"))
        return link->byte_given = rig_view_u64(value, &link->byte);
    if (rig_view_is(key, "keep-checksum")) {
        link->keep_checksum = rig_view_is(value, "yes");
        return link->keep_checksum || rig_view_is(value, "no");
    }
    return link_choice_option(&link->choice, key, value);
}

rig_status link_corrupt_make(rig_simnet *net, rig_view options, rig_link **out_link, rig_error *err)
{
    static const rig_link_ops ops = {corrupt_pass, NULL, corrupt_free};
    corrupt_link *link = link_new(net, sizeof(*link), &ops);
    return link_finish(link, options, corrupt_option, out_link, err);
}
