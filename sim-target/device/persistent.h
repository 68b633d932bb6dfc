/** @file
 * Persistent reservations (SPC-4 section 5.13): registrations by I_T nexus, and the one reservation of the
 * unit.
 */
#ifndef DEV_PERSISTENT_H
#define DEV_PERSISTENT_H

#include "rig/device.h"

#define DEV_REGISTRATIONS_MAX 256

typedef enum dev_reserve_type { /* SPC-4 table 58 */
                                DEV_TYPE_NONE = 0,
                                DEV_WRITE_EXCLUSIVE = 1,
                                DEV_EXCLUSIVE_ACCESS = 3,
                                DEV_WRITE_EXCLUSIVE_REGISTRANTS = 5,
                                DEV_EXCLUSIVE_ACCESS_REGISTRANTS = 6,
                                DEV_WRITE_EXCLUSIVE_ALL = 7,
                                DEV_EXCLUSIVE_ACCESS_ALL = 8,
} dev_reserve_type;

typedef struct dev_registration {
    uint64_t key;
    rig_nexus_id nexus; /* 0 while the initiator is away */
    char *names;        /* initiator port, then target port */
    size_t initiator_len;
    size_t port_len;
} dev_registration;

typedef struct dev_persistent {
    dev_registration *rows;
    size_t num;
    size_t size; /* rows there is room for */
    uint32_t generation;
    size_t holder; /* index, when type is not 0 and not one that all registrants hold */
    uint8_t type;  /* 0 = no reservation */
} dev_persistent;

struct dev_command;

/* Whether a reservation of that type is held by every registrant. */
bool dev_persistent_all_hold(uint8_t type);
/* Whether a registration (NULL: none) holds the reservation. */
bool dev_persistent_holds(const dev_persistent *state, const dev_registration *row);
/* Whether the reservation lets a command of this nexus pass. */
bool dev_persistent_allows(const struct dev_command *cmd);
/* Gives back a nexus's id; a registration without a name has nobody left to come back to it. */
void dev_persistent_lost(rig_device *device, rig_nexus_id nexus);
void dev_persistent_cleanup(dev_persistent *state, const rig_alloc *alloc);

#endif
