/* Unit attention conditions, SAM-5 section 5.14. */
#include "unit.h"

#define ASC_ANY_RESET 0x29

void dev_attention_queue(dev_nexus *nexus, uint16_t asc)
{
    /* A reset makes everything the initiator was to be told before it moot. */
    if (asc >> 8 == ASC_ANY_RESET)
        nexus->num_attentions = 0;
    for (unsigned i = 0; i < nexus->num_attentions; i++)
        if (nexus->attentions[i] == asc)
            return;
    if (nexus->num_attentions < DEV_ATTENTIONS_MAX)
        nexus->attentions[nexus->num_attentions++] = asc;
}

bool dev_attention_is_reset(const dev_nexus *nexus)
{
    return nexus && nexus->num_attentions > 0 && nexus->attentions[0] >> 8 == ASC_ANY_RESET;
}

bool dev_attention_take(dev_nexus *nexus, uint16_t *out_asc)
{
    if (!nexus || nexus->num_attentions == 0)
        return false;
    *out_asc = nexus->attentions[0];
    nexus->num_attentions--;
    memmove(nexus->attentions, nexus->attentions + 1, nexus->num_attentions * sizeof nexus->attentions[0]);
    return true;
}

void rig_device_attention(rig_device *device, rig_nexus_id except, uint8_t asc, uint8_t ascq)
{
    for (size_t i = 0; i < device->nexuses.num_slots; i++) {
        dev_nexus *nexus = &device->nexuses.slots[i];
        if (nexus->id && nexus->id != except)
            dev_attention_queue(nexus, (uint16_t)(asc << 8 | ascq));
    }
}

unsigned rig_device_attentions(const rig_device *device, rig_nexus_id nexus, uint16_t *out_first)
{
    const dev_nexus *found = dev_nexus_find(&device->nexuses, nexus);
    if (!found || found->num_attentions == 0)
        return 0;
    *out_first = found->attentions[0];
    return found->num_attentions;
}

void rig_device_attention_one(rig_device *device, rig_nexus_id nexus, uint8_t asc, uint8_t ascq)
{
    dev_nexus *found = dev_nexus_find(&device->nexuses, nexus);
    if (found)
        dev_attention_queue(found, (uint16_t)(asc << 8 | ascq));
}

rig_status rig_device_nexus_new(rig_device *device, rig_nexus_id nexus)
{
    return dev_nexus_add(&device->nexuses, device->alloc, nexus);
}

void rig_device_nexus_named(rig_device *device, rig_nexus_id nexus, rig_view initiator, rig_view port)
{
    dev_registration *row = dev_registration_find(&device->persistent, initiator, port);
    if (row)
        row->nexus = nexus;
}

void rig_device_nexus_lost(rig_device *device, rig_nexus_id nexus)
{
    dev_nexus_remove(&device->nexuses, device->alloc, nexus);
    dev_persistent_lost(device, nexus);
    dev_copies_lost(device, nexus);
    if (device->reserved_by == nexus)
        device->reserved_by = 0;
}
