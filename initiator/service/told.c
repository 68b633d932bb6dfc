/* What was told of IPsec at portals, by iSNS servers and by discovery inside IPsec: an advertisement, for
 * connections about which nobody else has said anything. */
#include "told.h"

/* ---- by portal ---- */

bool svc_security_same(const rig_target_portal *a, const rig_target_portal *b)
{
    return a->socket == b->socket && strcmp(a->address, b->address) == 0;
}

static bool same_place(const void *entries, uint32_t index, const void *key)
{
    return svc_security_same(&((const rig_portal_security *)entries)[index].portal, key);
}

static uint64_t hash_of(const rig_target_portal *portal)
{
    return rig_hash64(portal->address, strlen(portal->address), portal->socket);
}

void svc_security_clear(svc_security *told, const rig_alloc *alloc)
{
    svc_places_free(&told->places, alloc);
    rig_delete(alloc, told->rows.ptr, told->rows.size * sizeof(rig_portal_security));
    *told = (svc_security){0};
}

bool svc_security_add(svc_security *told, const rig_alloc *alloc, const rig_portal_security *said)
{
    rig_portal_security_list *rows = &told->rows;
    uint32_t at = svc_places_take(&told->places, alloc, hash_of(&said->portal), same_place, rows->ptr,
                                  &said->portal, rows->num);
    const uint64_t wanted = RIG_SECURITY_VALID | RIG_SECURITY_IKE_IPSEC;
    if (at == UINT32_MAX)
        return false;
    if (at < rows->num) {
        if ((said->security_flags & wanted) == wanted)
            rows->ptr[at].security_flags = said->security_flags;
        return true;
    }
    rig_portal_security *row = rig_list_add(alloc, RIG_SHAPE(portal_security), rows);
    if (!row) {
        svc_security_clear(told, alloc); /* a place without its row would be found */
        return false;
    }
    *row = *said;
    return true;
}

const rig_portal_security *svc_security_find(const svc_security *told, const rig_target_portal *portal)
{
    const rig_portal_security_list *rows = &told->rows;
    uint64_t hash = hash_of(portal);
    for (uint64_t at = hash; told->places.num_slots; at++) {
        const svc_place *slot = &told->places.slots[at & (told->places.num_slots - 1)];
        if (!slot->entry)
            break;
        if (slot->hash == hash && svc_security_same(&rows->ptr[slot->entry - 1].portal, portal))
            return &rows->ptr[slot->entry - 1];
    }
    return NULL;
}

/* ---- of all targets ---- */

static bool gather_target(svc_security *told, const rig_alloc *alloc, const svc_target *target)
{
    for (const svc_instance *at = target->first; at; at = at->next)
        for (uint32_t i = 0; at->record && i < at->record->security.num; i++)
            if (!svc_security_add(told, alloc, &at->record->security.ptr[i]))
                return false;
    return true;
}

static bool refresh(rig_service *service, svc_security *told)
{
    const rig_alloc *alloc = service->config.alloc;
    bool whole = true;
    svc_security_clear(told, alloc);
    for (const svc_target *target = svc_targets_first(service); target && whole; target = target->next)
        whole = gather_target(told, alloc, target);
    if (!whole)
        svc_security_clear(told, alloc);
    told->fresh = whole;
    return whole;
}

void svc_told_anew(rig_service *service)
{
    if (service->told)
        service->told->fresh = false;
}

rig_status svc_told_flags(rig_service *service, const rig_portal *portal, uint64_t *out_flags)
{
    const rig_alloc *alloc = service->config.alloc;
    rig_target_portal wanted = {.socket = portal->port};
    rig_text text;
    if (!service->told)
        service->told = rig_new(alloc, sizeof *service->told);
    if (!service->told || (!service->told->fresh && !refresh(service, service->told)))
        return RIG_E_NOMEM;
    rig_text_init(&text, wanted.address, sizeof wanted.address);
    if (!svc_ip_text(portal->host, wanted.address, sizeof wanted.address))
        rig_text_add(&text, "%s", portal->host);
    const rig_portal_security *said = svc_security_find(service->told, &wanted);
    if (!said || !(said->security_flags & RIG_SECURITY_VALID))
        return RIG_E_NOT_FOUND;
    *out_flags = said->security_flags;
    return RIG_OK;
}

void svc_told_free(rig_service *service)
{
    if (service->told)
        svc_security_clear(service->told, service->config.alloc);
    rig_delete(service->config.alloc, service->told, service->told ? sizeof *service->told : 0);
    service->told = NULL;
}
