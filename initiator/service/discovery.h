/* What the files of discovery share: portals as they are compared, and what is known of targets. */
#ifndef RIG_SERVICE_DISCOVERY_H
#define RIG_SERVICE_DISCOVERY_H

#include "internal.h"

#define SVC_TARGET_PORTALS_MAX 256 /* portals of a target that one mechanism may tell of */
#define SVC_DISCOVERIES_MAX 32     /* discovery sessions at a time, and portals a sweep has under way */

/* svc_portal_tidy checks a portal and gives it the form it is compared in: addresses as RFC 5952 prints them,
 * without brackets, and the port that is meant by none. INVALID_PARAMETER, with why. */
rig_code svc_portal_tidy(rig_target_portal *portal, rig_error *err);

/* svc_mechanism names what a discovery portal tells: "SendTargets:ADDRESS PORT", and " PORT INSTANCE" behind
 * it where an instance is named, "*" for any port of it. False when that is too long. */
bool svc_mechanism(const rig_send_targets_portal *portal, char *out, size_t size);

/* svc_discovery_drop ends the discovery of a portal that is no more. */
void svc_discovery_drop(rig_service *service, uint64_t row, uint64_t now);

/* ---- places: entries of an array, found by what they hold ---- */

typedef struct svc_place {
    uint64_t hash;
    uint32_t entry; /* index + 1; 0 = free */
} svc_place;

typedef struct svc_places {
    svc_place *slots; /* a power of two, at most half of them in use */
    uint32_t num_slots, num;
} svc_places;

typedef bool svc_same(const void *entries, uint32_t index, const void *key);

/* svc_places_take gives the index of the entry that is the same as key, or enters `fresh` for it and gives
 * that. UINT32_MAX: no memory. */
uint32_t svc_places_take(svc_places *places, const rig_alloc *alloc, uint64_t hash, svc_same *same,
                         const void *entries, const void *key, uint32_t fresh);

/* svc_places_find gives the index of the entry that is the same as key, UINT32_MAX: none. */
uint32_t svc_places_find(const svc_places *places, uint64_t hash, svc_same *same, const void *entries,
                         const void *key);
void svc_places_free(svc_places *places, const rig_alloc *alloc);

/* What answers tell: whether a name can be shown, whether it is that of entry index of an array of
 * rig_target_instance (key: a rig_view), and how many portals an instance has. */
bool svc_is_printable(rig_view name);
bool svc_same_name(const void *entries, uint32_t index, const void *key);
uint32_t svc_count_portals(const rig_target_instance *instance);

/* ---- what is known of targets ---- */

typedef struct svc_instance svc_instance;

/* svc_target is a name that some mechanism knows. */
typedef struct svc_target {
    rig_map_link by_name;
    struct svc_target *next, *prev; /* in the order they were found */
    svc_instance *first, *last;     /* in the order they were found */
    svc_instance *by_hand;          /* that of the static target, else NULL */
    svc_instance *before;           /* while a mechanism is replaced: what it told before */
    uint64_t round;                 /* the last replacement that told of it */
    char name[RIG_INAME_TEXT];
} svc_target;

/* svc_instance is what one mechanism knows of a target. */
struct svc_instance {
    svc_target *target;
    svc_instance *next, *prev;   /* of its target */
    svc_instance *next_told;     /* of its mechanism */
    rig_target_instance *record; /* NULL: a static target, whose row has it all */
};

svc_target *svc_targets_first(const rig_service *service);
svc_target *svc_target_find(const rig_service *service, const char *name);

/* svc_static_of gives what is kept of a static target. */
const rig_static_target *svc_static_of(const rig_service *service, const svc_instance *instance);

/* svc_static_known makes the instance of a static target, svc_static_forgotten takes it away.
 * OUT_OF_RESOURCES, NOT_ENOUGH_MEMORY. */
rig_code svc_static_known(rig_service *service, const char *name);
void svc_static_forgotten(rig_service *service, const char *name);

/* svc_instance_portals is svc_target_portals for one instance. */
bool svc_instance_portals(const rig_service *service, const svc_instance *instance, svc_see_portal *see,
                          void *ctx);

#endif
