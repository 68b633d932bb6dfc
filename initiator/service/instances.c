/* What is known of targets: each name once, and for each mechanism that knows it an instance. Found by name,
 * by mechanism, and in the order they were found; every change costs what it changes. */
#include "discovery.h"

/* One mechanism with what it told; static targets have none. */
typedef struct source {
    struct source *next, *prev;
    rig_map_link by_name;
    svc_instance *told;
    uint32_t num_told;
    char name[sizeof((rig_target_instance *)NULL)->mechanism];
} source;

typedef struct svc_targets {
    rig_map targets, sources; /* by name */
    uint32_t num_instances;
    svc_target *first, *last;
    source *first_source;
    uint64_t round; /* of the replacement under way */
} svc_targets;

static svc_targets *targets_of(const rig_service *service)
{
    return service->targets;
}

/* ---- targets by name ---- */

svc_target *svc_targets_first(const rig_service *service)
{
    return service->targets ? targets_of(service)->first : NULL;
}

static svc_target *target_find(const svc_targets *all, const char *name)
{
    rig_map_link *link = rig_map_first(&all->targets, rig_hash_text(name));
    while (link && strcmp(RIG_MAP_ITEM(link, svc_target, by_name)->name, name) != 0)
        link = rig_map_next(link);
    return link ? RIG_MAP_ITEM(link, svc_target, by_name) : NULL;
}

svc_target *svc_target_find(const rig_service *service, const char *name)
{
    return service->targets ? target_find(service->targets, name) : NULL;
}

/* A target that is known already, or stands behind all others from now on. NULL: no memory. */
static svc_target *target_take(const rig_alloc *alloc, svc_targets *all, const char *name)
{
    rig_text text;
    svc_target *target = target_find(all, name);
    if (target)
        return target;
    target = rig_new(alloc, sizeof *target);
    if (!target)
        return NULL;
    rig_text_init(&text, target->name, sizeof target->name);
    rig_text_add(&text, "%s", name);
    rig_map_add(&all->targets, &target->by_name, rig_hash_text(name));
    target->prev = all->last;
    *(all->last ? &all->last->next : &all->first) = target;
    all->last = target;
    return target;
}

/* Nobody knows it any more. */
static void target_sweep(const rig_alloc *alloc, svc_targets *all, svc_target *target)
{
    if (!target || target->first)
        return;
    rig_map_remove(&all->targets, &target->by_name);
    *(target->prev ? &target->prev->next : &all->first) = target->next;
    *(target->next ? &target->next->prev : &all->last) = target->prev;
    rig_delete(alloc, target, sizeof *target);
}

/* ---- mechanisms by name ---- */

static source *source_find(const svc_targets *all, const char *name)
{
    rig_map_link *link = rig_map_first(&all->sources, rig_hash_text(name));
    while (link && strcmp(RIG_MAP_ITEM(link, source, by_name)->name, name) != 0)
        link = rig_map_next(link);
    return link ? RIG_MAP_ITEM(link, source, by_name) : NULL;
}

static source *source_take(const rig_alloc *alloc, svc_targets *all, const char *name)
{
    rig_text text;
    source *by = source_find(all, name);
    if (by)
        return by;
    by = rig_new(alloc, sizeof *by);
    if (!by)
        return NULL;
    rig_text_init(&text, by->name, sizeof by->name);
    rig_text_add(&text, "%s", name);
    rig_map_add(&all->sources, &by->by_name, rig_hash_text(name));
    by->next = all->first_source;
    if (by->next)
        by->next->prev = by;
    all->first_source = by;
    return by;
}

static void source_sweep(const rig_alloc *alloc, svc_targets *all, source *by)
{
    if (!by || by->told)
        return;
    rig_map_remove(&all->sources, &by->by_name);
    *(by->prev ? &by->prev->next : &all->first_source) = by->next;
    if (by->next)
        by->next->prev = by->prev;
    rig_delete(alloc, by, sizeof *by);
}

/* ---- instances ---- */

static void instance_link(svc_targets *all, svc_instance *instance)
{
    svc_target *target = instance->target;
    instance->prev = target->last;
    *(target->last ? &target->last->next : &target->first) = instance;
    target->last = instance;
    all->num_instances++;
}

static void instance_unlink(svc_targets *all, svc_instance *instance)
{
    svc_target *target = instance->target;
    *(instance->prev ? &instance->prev->next : &target->first) = instance->next;
    *(instance->next ? &instance->next->prev : &target->last) = instance->prev;
    all->num_instances--;
}

static void instance_free(const rig_alloc *alloc, svc_instance *instance)
{
    if (instance && instance->record) {
        rig_record_clear(alloc, RIG_SHAPE(target_instance), instance->record);
        rig_delete(alloc, instance->record, sizeof *instance->record);
    }
    rig_delete(alloc, instance, instance ? sizeof *instance : 0);
}

static svc_instance *instance_new(const rig_alloc *alloc, const rig_target_instance *record, const source *by)
{
    rig_text text;
    svc_instance *instance = rig_new(alloc, sizeof *instance);
    if (!instance)
        return NULL;
    instance->record = rig_new(alloc, sizeof *instance->record);
    if (!instance->record ||
        rig_record_copy(alloc, RIG_SHAPE(target_instance), record, instance->record) != RIG_OK) {
        instance_free(alloc, instance);
        return NULL;
    }
    rig_text_init(&text, instance->record->mechanism, sizeof instance->record->mechanism);
    rig_text_add(&text, "%s", by->name);
    return instance;
}

/* ---- a mechanism tells anew ---- */

/* All that takes memory, before anything is changed. */
static bool prepare(const rig_alloc *alloc, svc_targets *all, const source *by,
                    const rig_target_instance_list *list, svc_instance **fresh)
{
    for (uint32_t i = 0; i < list->num; i++) {
        fresh[i] = instance_new(alloc, &list->ptr[i], by);
        if (!fresh[i])
            return false;
        fresh[i]->target = target_take(alloc, all, list->ptr[i].target);
        if (!fresh[i]->target)
            return false;
    }
    return true;
}

/* What was told before stays in its place with its new record. Returns whether anything is different. */
static bool renew(const rig_alloc *alloc, svc_instance *old, svc_instance *fresh)
{
    rig_target_instance *record = old->record;
    bool changed = !rig_record_equal(RIG_SHAPE(target_instance), record, fresh->record);
    old->record = fresh->record;
    fresh->record = record;
    instance_free(alloc, fresh);
    return changed;
}

static bool tell_one(const rig_alloc *alloc, svc_targets *all, svc_instance *fresh, svc_instance **out_told)
{
    svc_target *target = fresh->target;
    *out_told = NULL;
    if (target->round == all->round) { /* told twice: the first one counts */
        instance_free(alloc, fresh);
        return false;
    }
    target->round = all->round;
    if (!target->before) {
        instance_link(all, fresh);
        *out_told = fresh;
        return true;
    }
    *out_told = target->before;
    target->before = NULL;
    return renew(alloc, *out_told, fresh);
}

/* Who was not told of any more goes. */
static bool forget_others(const rig_alloc *alloc, svc_targets *all, svc_instance *old)
{
    bool any = false;
    for (svc_instance *next; old; old = next) {
        svc_target *target = old->target;
        next = old->next_told;
        if (target->before != old)
            continue;
        target->before = NULL;
        instance_unlink(all, old);
        instance_free(alloc, old);
        target_sweep(alloc, all, target);
        any = true;
    }
    return any;
}

/* Links of what was told before are needed until the end: the new ones are made behind that. */
static bool replace(const rig_alloc *alloc, svc_targets *all, source *by, svc_instance **fresh, uint32_t num)
{
    bool changed = false;
    all->round++;
    for (svc_instance *old = by->told; old; old = old->next_told)
        old->target->before = old;
    for (uint32_t i = 0; i < num; i++)
        changed = tell_one(alloc, all, fresh[i], &fresh[i]) || changed;
    changed = forget_others(alloc, all, by->told) || changed;
    svc_instance **end = &by->told;
    by->num_told = 0;
    for (uint32_t i = 0; i < num; i++)
        if (fresh[i]) {
            *end = fresh[i];
            end = &fresh[i]->next_told;
            by->num_told++;
        }
    *end = NULL;
    return changed;
}

/* A target that stands there twice is looked at once. */
static void give_back(const rig_alloc *alloc, svc_targets *all, svc_instance **fresh, uint32_t num)
{
    all->round++;
    for (uint32_t i = 0; i < num && fresh[i] && fresh[i]->target; i++)
        if (fresh[i]->target->round == all->round)
            fresh[i]->target = NULL;
        else
            fresh[i]->target->round = all->round;
    for (uint32_t i = 0; i < num && fresh[i]; i++) {
        target_sweep(alloc, all, fresh[i]->target);
        instance_free(alloc, fresh[i]);
    }
}

rig_code svc_instances_replace(rig_service *service, const char *mechanism,
                               const rig_target_instance_list *list, uint64_t now)
{
    const rig_alloc *alloc = service->config.alloc;
    svc_targets *all = service->targets;
    source *by = source_take(alloc, all, mechanism);
    uint32_t before = by ? by->num_told : 0;
    if (by && all->num_instances - before + list->num > RIG_SERVICE_TARGETS_MAX) {
        source_sweep(alloc, all, by);
        return RIG_CODE_OUT_OF_RESOURCES;
    }
    size_t size = (list->num + 1) * sizeof(svc_instance *);
    svc_instance **fresh = by ? rig_new(alloc, size) : NULL;
    bool ready = fresh && prepare(alloc, all, by, list, fresh);
    if (!ready && fresh)
        give_back(alloc, all, fresh, list->num);
    bool changed = ready && replace(alloc, all, by, fresh, list->num);
    svc_told_anew(service);
    rig_delete(alloc, fresh, fresh ? size : 0);
    source_sweep(alloc, all, by);
    if (changed)
        svc_tell(service, &(rig_service_event){.kind = RIG_SERVICE_TARGETS_CHANGED, .now = now});
    return ready ? RIG_CODE_SUCCESS : RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
}

/* ---- static targets ---- */

rig_code svc_static_known(rig_service *service, const char *name)
{
    const rig_alloc *alloc = service->config.alloc;
    svc_targets *all = service->targets;
    svc_target *target = svc_target_find(service, name);
    if (target && target->by_hand)
        return RIG_CODE_SUCCESS;
    if (all->num_instances >= RIG_SERVICE_TARGETS_MAX)
        return RIG_CODE_OUT_OF_RESOURCES;
    svc_instance *instance = rig_new(alloc, sizeof *instance);
    target = instance ? target_take(alloc, all, name) : NULL;
    if (!target) {
        instance_free(alloc, instance);
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    }
    instance->target = target;
    target->by_hand = instance;
    instance_link(all, instance);
    return RIG_CODE_SUCCESS;
}

void svc_static_forgotten(rig_service *service, const char *name)
{
    svc_target *target = svc_target_find(service, name);
    if (!target || !target->by_hand)
        return;
    instance_unlink(service->targets, target->by_hand);
    instance_free(service->config.alloc, target->by_hand);
    target->by_hand = NULL;
    target_sweep(service->config.alloc, service->targets, target);
}

const rig_static_target *svc_static_of(const rig_service *service, const svc_instance *instance)
{
    rig_static_target key = {0};
    rig_text text;
    rig_text_init(&text, key.target, sizeof key.target);
    rig_text_add(&text, "%s", instance->target->name);
    const svc_row *row = svc_find(service, SVC_STATICS, &key);
    return row ? row->record : NULL;
}

/* ---- portals ---- */

static bool list_portals(int32_t tag, const rig_target_portal_list *list, svc_see_portal *see, void *ctx)
{
    for (uint32_t i = 0; i < list->num; i++)
        if (!see(ctx, tag, &list->ptr[i]))
            return false;
    return true;
}

bool svc_instance_portals(const rig_service *service, const svc_instance *instance, svc_see_portal *see,
                          void *ctx)
{
    if (!instance->record) {
        const rig_static_target *by_hand = svc_static_of(service, instance);
        return !by_hand || list_portals(-1, &by_hand->portals, see, ctx);
    }
    for (uint32_t i = 0; i < instance->record->groups.num; i++) {
        const rig_portal_group *group = &instance->record->groups.ptr[i];
        if (!list_portals(group->tag, &group->portals, see, ctx))
            return false;
    }
    return true;
}

bool svc_target_portals(const rig_service *service, const char *target, svc_see_portal *see, void *ctx)
{
    const svc_target *known = svc_target_find(service, target);
    for (const svc_instance *at = known ? known->first : NULL; at; at = at->next)
        if (!svc_instance_portals(service, at, see, ctx))
            return false;
    return true;
}

bool svc_target_known(const rig_service *service, const char *target)
{
    return svc_target_find(service, target) != NULL;
}

typedef struct countdown {
    uint32_t left;
    rig_target_portal *out;
} countdown;

static bool count_down(void *ctx, int32_t tag, const rig_target_portal *portal)
{
    countdown *count = ctx;
    (void)tag;
    if (count->left-- > 0)
        return true;
    *count->out = *portal;
    return false;
}

bool svc_target_portal(const rig_service *service, const char *target, uint32_t index,
                       rig_target_portal *out_portal)
{
    countdown count = {index, out_portal};
    return !svc_target_portals(service, target, count_down, &count);
}

/* ---- from beginning to end ---- */

rig_status svc_targets_load(rig_service *service, rig_error *err)
{
    const svc_table *statics = &service->tables[SVC_STATICS];
    rig_code code = RIG_CODE_SUCCESS;
    const rig_alloc *alloc = service->config.alloc;
    svc_targets *all = rig_new(alloc, sizeof *all);
    service->targets = all;
    if (!all || rig_map_init(&all->targets, alloc) || rig_map_init(&all->sources, alloc))
        return rig_fail(err, RIG_E_NOMEM, "no memory for what is known of targets");
    for (uint32_t i = 0; i < statics->num && code == RIG_CODE_SUCCESS; i++)
        code = svc_static_known(service, ((const rig_static_target *)statics->rows[i]->record)->target);
    return code == RIG_CODE_SUCCESS ? RIG_OK : rig_fail(err, RIG_E_NOMEM, "no memory for static targets");
}

static void target_free(const rig_alloc *alloc, svc_target *target)
{
    for (svc_instance *at = target->first, *next; at; at = next) {
        next = at->next;
        instance_free(alloc, at);
    }
    rig_delete(alloc, target, sizeof *target);
}

void svc_targets_free(rig_service *service)
{
    const rig_alloc *alloc = service->config.alloc;
    svc_targets *all = service->targets;
    service->targets = NULL;
    if (!all)
        return;
    for (svc_target *target = all->first, *next; target; target = next) {
        next = target->next;
        target_free(alloc, target);
    }
    for (source *by = all->first_source, *next; by; by = next) {
        next = by->next;
        rig_delete(alloc, by, sizeof *by);
    }
    rig_map_cleanup(&all->targets);
    rig_map_cleanup(&all->sources);
    rig_delete(alloc, all, sizeof *all);
}
