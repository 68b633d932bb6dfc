/* IP packets made whole for readers of single packets. */
#include "fragments.h"

#define IP4_HEADER 20
#define IP6_HEADER 40

enum { PROTOCOL_TCP = 6 };

struct rig_fragments {
    cap_fragments fragments;
    uint8_t packet[IP6_HEADER + CAP_WHOLE_MAX];
};

rig_status rig_fragments_new(const rig_alloc *alloc, rig_fragments **out_fragments)
{
    *out_fragments = rig_new(alloc, sizeof **out_fragments);
    if (!*out_fragments)
        return RIG_E_NOMEM;
    (*out_fragments)->fragments.alloc = alloc;
    return RIG_OK;
}

void rig_fragments_free(rig_fragments *fragments)
{
    if (!fragments)
        return;
    cap_fragments_cleanup(&fragments->fragments);
    rig_delete(fragments->fragments.alloc, fragments, sizeof *fragments);
}

static size_t write_ip4(uint8_t *out, const cap_whole *whole)
{
    memset(out, 0, IP4_HEADER);
    out[0] = 0x45;
    /* 0 where it does not fit: readers take the length of the frame */
    rig_be_set(out + 2, 2, IP4_HEADER + whole->len > UINT16_MAX ? 0 : IP4_HEADER + whole->len);
    out[9] = whole->protocol;
    memcpy(out + 12, whole->address[0], 4);
    memcpy(out + 16, whole->address[1], 4);
    return IP4_HEADER;
}

static size_t write_ip6(uint8_t *out, const cap_whole *whole)
{
    memset(out, 0, IP6_HEADER);
    out[0] = 0x60;
    rig_be_set(out + 4, 2, whole->len);
    out[6] = whole->protocol;
    memcpy(out + 8, whole->address[0], 16);
    memcpy(out + 24, whole->address[1], 16);
    return IP6_HEADER;
}

static void show(rig_fragments *fragments, rig_view *frame, uint32_t *wire_len)
{
    const cap_whole *whole = &fragments->fragments.joined;
    uint32_t captured = fragments->fragments.captured;
    size_t header =
        whole->version == 4 ? write_ip4(fragments->packet, whole) : write_ip6(fragments->packet, whole);
    if (captured)
        memcpy(fragments->packet + header, whole->bytes, captured);
    *frame = rig_view_of(fragments->packet, header + captured);
    *wire_len = (uint32_t)header + whole->len;
}

rig_status rig_fragments_packet(rig_fragments *fragments, uint64_t time, rig_link_type *link, rig_view *frame,
                                uint32_t *wire_len)
{
    cap_segment segment;
    bool whole;
    rig_view packet = *frame;
    uint32_t len = *wire_len;
    if (!rig_link_strip(*link, &packet, &len) || !cap_ip_fragment(packet, len, &segment) ||
        segment.fragment.protocol == PROTOCOL_TCP)
        return RIG_OK;
    rig_status status = cap_fragment_take(&fragments->fragments, time, &segment, &whole);
    *link = RIG_LINK_RAW;
    *frame = (rig_view){NULL, 0};
    *wire_len = 0;
    if (status == RIG_OK && whole)
        show(fragments, frame, wire_len);
    return status;
}

uint64_t rig_fragments_lost(const rig_fragments *fragments)
{
    uint64_t waiting = 0;
    for (unsigned i = 0; i < RIG_STREAM_FRAGMENTED_MAX; i++)
        waiting += fragments->fragments.wholes[i].used;
    return fragments->fragments.unjoined + waiting;
}
