#include "segment.h"

/* Address families of IP in the 4-byte loopback header: they differ between systems, and so does the byte
 * order. */
static const uint32_t loop_families[] = {2, 10, 24, 28, 30};

/* TPIDs of IEEE 802.1Q, 802.1ad and the older double tag. */
static bool vlan_tag(uint16_t type)
{
    return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

static uint16_t type_at(rig_view bytes, size_t at)
{
    return bytes.len >= at + 2 ? (uint16_t)rig_be_get(bytes.ptr + at, 2) : 0;
}

/* Cuts len bytes off; the type of what follows stood in them at type_offset. */
static bool strip_typed(rig_view *frame, size_t len, size_t type_offset)
{
    uint16_t type = type_at(*frame, type_offset);
    for (int i = 0; i < CAP_VLAN_MAX && vlan_tag(type); i++) {
        type = type_at(*frame, len + 2);
        len += 4;
    }
    if (frame->len < len || (type != 0x0800 && type != 0x86dd))
        return false;
    *frame = rig_view_sub(*frame, len, frame->len);
    return true;
}

static bool strip_loop(rig_view *frame)
{
    if (frame->len < 4)
        return false;
    uint32_t family = (uint32_t)rig_be_get(frame->ptr, 4);
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    for (size_t i = 0; i < sizeof loop_families / sizeof loop_families[0]; i++)
        if (family == loop_families[i]) {
            *frame = rig_view_sub(*frame, 4, frame->len);
            return true;
        }
    return false;
}

static bool strip(rig_link_type link, rig_view *frame)
{
    switch (link) {
    case RIG_LINK_ETHERNET:
        return strip_typed(frame, 14, 12);
    case RIG_LINK_SLL:
        return strip_typed(frame, 16, 14);
    case RIG_LINK_SLL2:
        return strip_typed(frame, 20, 0);
    case RIG_LINK_NULL:
    case RIG_LINK_LOOP:
        return strip_loop(frame);
    case RIG_LINK_RAW:
        return true;
    case RIG_LINK_OTHER:
        break;
    }
    return false;
}

bool rig_link_strip(rig_link_type link, rig_view *frame, uint32_t *wire_len)
{
    size_t before = frame->len;
    if (!strip(link, frame))
        return false;
    size_t stripped = before - frame->len;
    if (*wire_len < before)
        *wire_len = (uint32_t)before;
    *wire_len -= (uint32_t)stripped;
    return true;
}
