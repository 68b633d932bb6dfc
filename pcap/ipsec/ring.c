/* What is kept of hostile input has an end: the newest so many. */
#include "read.h"

void ipr_ring_init(ipr_ring *ring, size_t size)
{
    ring->size = size;
}

void *ipr_ring_new(rig_ipsec_reader *reader, ipr_ring *ring)
{
    void **slot = &ring->slots[ring->num % RIG_IPSEC_FOLLOWED_MAX];
    if (*slot) {
        rig_secret_wipe(*slot, ring->size);
        memset(*slot, 0, ring->size);
    } else
        *slot = rig_new(reader->config.alloc, ring->size);
    if (*slot)
        ring->num++;
    else
        reader->status = RIG_E_NOMEM;
    return *slot;
}

void *ipr_ring_at(const ipr_ring *ring, uint64_t index)
{
    bool there = index < ring->num && index < RIG_IPSEC_FOLLOWED_MAX;
    return there ? ring->slots[(ring->num - 1 - index) % RIG_IPSEC_FOLLOWED_MAX] : NULL;
}

void ipr_ring_free(rig_ipsec_reader *reader, ipr_ring *ring)
{
    for (size_t i = 0; i < RIG_IPSEC_FOLLOWED_MAX; i++) {
        if (ring->slots[i])
            rig_secret_wipe(ring->slots[i], ring->size);
        rig_delete(reader->config.alloc, ring->slots[i], ring->size);
    }
}
