/* IP packets of which fragments are there, until they are whole or given up. */
#ifndef CAP_FRAGMENTS_H
#define CAP_FRAGMENTS_H

#include "segment.h"

#define CAP_PIECES_MAX 128  /* most fragments of one IP packet */
#define CAP_WHOLE_MAX 65535 /* most bytes of the payload of one IP packet */

typedef struct cap_piece {
    uint32_t from, to; /* in the payload of the packet */
    uint32_t captured;
} cap_piece;

/* An IP packet of which fragments are there. */
typedef struct cap_whole {
    bool used;
    bool spoilt; /* it cannot be put together */
    uint8_t version, protocol;
    uint8_t address[2][16]; /* source, destination */
    uint32_t id;
    uint32_t len; /* of the payload, 0 while the last fragment is missing */
    uint64_t born, number;
    unsigned num_pieces;
    cap_piece pieces[CAP_PIECES_MAX]; /* in order, without overlaps */
    uint8_t *bytes;
    size_t size;
} cap_whole;

typedef struct cap_fragments {
    const rig_alloc *alloc;
    /* A packet stays in pieces; may be NULL. */
    rig_status (*lost)(void *ctx, const rig_ip *from, const rig_ip *to);
    void *ctx;
    uint64_t now;
    uint64_t unjoined;   /* packets given up */
    uint64_t crowded;    /* of these those that made room */
    uint64_t num_wholes; /* begun so far */
    cap_whole wholes[RIG_STREAM_FRAGMENTED_MAX];
    cap_whole joined;  /* the last one put together; its bytes stay until the next */
    uint32_t captured; /* its bytes from the beginning on that are there */
} cap_fragments;

/* Takes a fragment; *out_whole when it completes its packet, which is joined then. */
rig_status cap_fragment_take(cap_fragments *fragments, uint64_t now, const cap_segment *segment,
                             bool *out_whole);
rig_status cap_fragments_end(cap_fragments *fragments);
void cap_fragments_cleanup(cap_fragments *fragments);

#endif
