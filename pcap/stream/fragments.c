/* IP packets with TCP that came in fragments (RFC 791 section 3.2, RFC 8200 section 4.5). */
#include "fragments.h"

static void forget(cap_fragments *fragments, cap_whole *whole)
{
    rig_delete(fragments->alloc, whole->bytes, whole->size);
    *whole = (cap_whole){.used = false};
}

static rig_ip end_of(const cap_whole *whole, unsigned side)
{
    rig_ip ip = {.version = whole->version};
    memcpy(ip.bytes, whole->address[side], sizeof ip.bytes);
    return ip;
}

/* Tells that a packet stays in pieces. */
static rig_status give_up(cap_fragments *fragments, cap_whole *whole)
{
    rig_ip from = end_of(whole, 0), to = end_of(whole, 1);
    forget(fragments, whole);
    fragments->unjoined++;
    return fragments->lost ? fragments->lost(fragments->ctx, &from, &to) : RIG_OK;
}

static void key_of(const cap_fragments *fragments, const cap_segment *segment, cap_whole *out)
{
    size_t len = segment->addresses.len / 2;
    *out = (cap_whole){.used = true,
                       .version = segment->version,
                       .protocol = segment->fragment.protocol,
                       .id = segment->fragment.id,
                       .born = fragments->now};
    for (unsigned side = 0; side < 2; side++)
        memcpy(out->address[side], segment->addresses.ptr + side * len, len);
}

static bool same_packet(const cap_whole *a, const cap_whole *b)
{
    return a->id == b->id && a->version == b->version && a->protocol == b->protocol &&
           memcmp(a->address, b->address, sizeof a->address) == 0;
}

/* Packets whose rest did not come in time, by the clock of the capture. */
static rig_status expire(cap_fragments *fragments)
{
    rig_status status = RIG_OK;
    for (unsigned i = 0; i < RIG_STREAM_FRAGMENTED_MAX && status == RIG_OK; i++) {
        cap_whole *whole = &fragments->wholes[i];
        if (whole->used && fragments->now > whole->born &&
            fragments->now - whole->born > RIG_STREAM_FRAGMENT_LIFE)
            status = give_up(fragments, whole);
    }
    return status;
}

static cap_whole *oldest(cap_fragments *fragments)
{
    cap_whole *first = &fragments->wholes[0];
    for (unsigned i = 1; i < RIG_STREAM_FRAGMENTED_MAX; i++)
        if (fragments->wholes[i].number < first->number)
            first = &fragments->wholes[i];
    return first;
}

/* The row of a packet; an unused one, or the oldest one's, when it is new. Unused rows have number 0. */
static rig_status row_of(cap_fragments *fragments, const cap_segment *segment, cap_whole **out)
{
    cap_whole wanted;
    rig_status status = RIG_OK;
    key_of(fragments, segment, &wanted);
    for (unsigned i = 0; i < RIG_STREAM_FRAGMENTED_MAX; i++)
        if (fragments->wholes[i].used && same_packet(&fragments->wholes[i], &wanted)) {
            *out = &fragments->wholes[i];
            return RIG_OK;
        }
    *out = oldest(fragments);
    if ((*out)->used) {
        fragments->crowded++;
        status = give_up(fragments, *out);
    }
    wanted.number = ++fragments->num_wholes;
    **out = wanted;
    return status;
}

/* Where a piece belongs among those that are there, in order of their beginning. */
static unsigned place_of(const cap_whole *whole, uint32_t from)
{
    unsigned place = whole->num_pieces;
    while (place > 0 && whole->pieces[place - 1].from >= from)
        place--;
    return place;
}

/* Pieces that overlap otherwise than by repetition: hosts differ in what they make of them, and RFC 5722
 * forbids them. */
static bool overlaps(const cap_whole *whole, unsigned place, const cap_piece *piece)
{
    return (place > 0 && whole->pieces[place - 1].to > piece->from) ||
           (place < whole->num_pieces && whole->pieces[place].from < piece->to);
}

static bool fits(const cap_whole *whole, const cap_fragment *fragment, const cap_piece *piece)
{
    uint32_t behind = whole->num_pieces ? whole->pieces[whole->num_pieces - 1].to : 0;
    if (piece->to > CAP_WHOLE_MAX || fragment->len == 0 || (fragment->more && fragment->len % 8))
        return false;
    if (whole->len && (fragment->more ? piece->to > whole->len : piece->to != whole->len))
        return false;
    return fragment->more || behind <= piece->to;
}

static rig_status keep(cap_fragments *fragments, cap_whole *whole, uint32_t from, rig_view bytes)
{
    size_t end = from + bytes.len;
    if (end > whole->size) {
        size_t size = whole->size * 2 > end ? whole->size * 2 : end;
        uint8_t *more = rig_resize(fragments->alloc, whole->bytes, whole->size, size);
        if (!more)
            return RIG_E_NOMEM;
        whole->bytes = more;
        whole->size = size;
    }
    if (bytes.len)
        memcpy(whole->bytes + from, bytes.ptr, bytes.len);
    return RIG_OK;
}

/* A packet that is spoilt stays until its time is over, so that its other pieces are taken by it. */
static rig_status add_piece(cap_fragments *fragments, cap_whole *whole, const cap_fragment *fragment)
{
    const cap_piece piece = {.from = fragment->offset,
                             .to = fragment->offset + fragment->len,
                             .captured = (uint32_t)fragment->bytes.len};
    unsigned place = place_of(whole, piece.from);
    const cap_piece *there = &whole->pieces[place];
    bool again = place < whole->num_pieces && there->from == piece.from && there->to == piece.to;
    if (again || whole->spoilt)
        return RIG_OK;
    whole->spoilt = !fits(whole, fragment, &piece) || overlaps(whole, place, &piece) ||
                    whole->num_pieces == CAP_PIECES_MAX;
    if (whole->spoilt)
        return RIG_OK;
    memmove(whole->pieces + place + 1, whole->pieces + place,
            (whole->num_pieces - place) * sizeof whole->pieces[0]);
    whole->pieces[place] = piece;
    whole->num_pieces++;
    if (!fragment->more)
        whole->len = piece.to;
    return keep(fragments, whole, piece.from, fragment->bytes);
}

/* Gives the bytes that were captured from the beginning on; false while pieces are missing. */
static bool complete(const cap_whole *whole, uint32_t *out_captured)
{
    uint32_t at = 0, captured = 0;
    for (unsigned i = 0; i < whole->num_pieces; i++) {
        const cap_piece *piece = &whole->pieces[i];
        if (piece->from != at)
            return false;
        if (captured == at)
            captured += piece->captured;
        at = piece->to;
    }
    *out_captured = captured;
    return whole->len && at == whole->len && !whole->spoilt;
}

rig_status cap_fragment_take(cap_fragments *fragments, uint64_t now, const cap_segment *segment,
                             bool *out_whole)
{
    cap_whole *whole;
    uint32_t captured;
    *out_whole = false;
    fragments->now = now;
    rig_status status = expire(fragments);
    if (status == RIG_OK)
        status = row_of(fragments, segment, &whole);
    if (status == RIG_OK)
        status = add_piece(fragments, whole, &segment->fragment);
    if (status != RIG_OK || !complete(whole, &captured))
        return status;
    forget(fragments, &fragments->joined);
    fragments->joined = *whole;
    fragments->captured = captured;
    *whole = (cap_whole){.used = false};
    *out_whole = true;
    return RIG_OK;
}

rig_status cap_fragments_end(cap_fragments *fragments)
{
    rig_status status = RIG_OK;
    for (unsigned i = 0; i < RIG_STREAM_FRAGMENTED_MAX && status == RIG_OK; i++)
        if (fragments->wholes[i].used)
            status = give_up(fragments, &fragments->wholes[i]);
    return status;
}

void cap_fragments_cleanup(cap_fragments *fragments)
{
    for (unsigned i = 0; i < RIG_STREAM_FRAGMENTED_MAX; i++)
        forget(fragments, &fragments->wholes[i]);
    forget(fragments, &fragments->joined);
}
