/* A link that aims: it follows the PDUs of every connection and hits a drawn one, so that each kind of PDU
 * meets each kind of damage, the rare ones as well. */
#ifndef AIM_H
#define AIM_H

#include "rig/link.h"
#include "rig/pdu.h"

/* What happens to the segment in which the PDU begins. */
typedef enum aim_damage {
    AIM_DROP,    /* lost on the way */
    AIM_RESET,   /* both ends get a RST in its place */
    AIM_CORRUPT, /* one bit of the PDU; behind TCP's back where digests are on, else the checksum shows it */
    AIM_DAMAGES
} aim_damage;

extern const char *const aim_damage_names[AIM_DAMAGES];

/* How often each was hit. */
typedef struct aim_counts {
    uint64_t hits[RIG_PDU_KINDS][AIM_DAMAGES];
    uint64_t pdus[RIG_PDU_KINDS]; /* how many there were */
} aim_counts;

/* Puts the link last in the chain. One PDU in about `rarity` of the common kinds is hit, more of the rare
 * ones. */
rig_status aim_add(rig_simnet *net, uint32_t rarity, aim_counts *counts);

#endif
