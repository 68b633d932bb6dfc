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
    bool kept;     /* APTPL: outlives a loss of power */
} dev_persistent;

struct dev_command;

/* ---- persistent.c: registrations, and who may do what ---- */

bool dev_type_known(uint8_t type);
/* Whether a reservation of that type lets every registrant pass. */
bool dev_type_registrants_pass(uint8_t type);
/* Whether a reservation of that type is held by every registrant. */
bool dev_persistent_all_hold(uint8_t type);
/* Whether a registration (NULL: none) holds the reservation. */
bool dev_persistent_holds(const dev_persistent *state, const dev_registration *row);
/* Whether the reservation lets a command of this nexus pass. */
bool dev_persistent_allows(const struct dev_command *cmd);

static inline rig_view dev_registration_initiator(const dev_registration *row)
{
    return rig_view_of(row->names, row->initiator_len);
}

static inline rig_view dev_registration_port(const dev_registration *row)
{
    return rig_view_of(row->names ? row->names + row->initiator_len : NULL, row->port_len);
}

/* The registration of the nexus that asks, NULL when there is none. One that came back is known by its names.
 */
dev_registration *dev_registration_own(const struct dev_command *cmd);
/* The registration of these ports, NULL when there is none. */
dev_registration *dev_registration_find(const dev_persistent *state, rig_view initiator, rig_view port);
/* Names that are empty or too long are left out. False when there is no memory or the limit is reached. */
bool dev_registration_add(rig_device *device, uint64_t key, rig_nexus_id nexus, rig_view initiator,
                          rig_view port);
/* Takes one away; a reservation it held alone goes with it. */
void dev_registration_remove(rig_device *device, size_t index);
/* Gives back a nexus's id; a registration without a name has nobody left to come back to it. */
void dev_persistent_lost(rig_device *device, rig_nexus_id nexus);
void dev_persistent_cleanup(dev_persistent *state, const rig_alloc *alloc);

/* ---- persistent_saved.c: what the backing keeps (APTPL) ---- */

bool dev_persistent_can_keep(const rig_device *device);
/* Makes the backing keep what there is now, or nothing when the state is not to be kept. */
rig_status dev_persistent_save(rig_device *device);
rig_status dev_persistent_load(rig_device *device, rig_error *err);

#endif
