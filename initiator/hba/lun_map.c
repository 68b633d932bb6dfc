/* The numbers under which the operating system knows targets and LUNs. */
#include "rig/hba.h"
#include "rig/pdu.h"

static bool in_range(uint32_t number, uint32_t limit)
{
    return number == RIG_OS_ANY || number < limit;
}

static bool is_listed_before(const rig_lun_mapping_list *luns, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++)
        if (luns->ptr[i].os_lun == luns->ptr[index].os_lun ||
            luns->ptr[i].target_lun == luns->ptr[index].target_lun)
            return true;
    return false;
}

rig_code rig_lun_map_check(const rig_target_mapping *mapping)
{
    const rig_lun_mapping_list *luns = &mapping->luns;
    if (!in_range(mapping->os_bus, RIG_OS_BUSES) || !in_range(mapping->os_target, RIG_OS_TARGETS))
        return RIG_CODE_TARGET_MAPPING_OUT_OF_RANGE;
    for (uint32_t i = 0; i < luns->num; i++) {
        if (luns->ptr[i].os_lun >= RIG_OS_LUNS)
            return RIG_CODE_TARGET_MAPPING_OUT_OF_RANGE;
        if (i >= RIG_OS_LUNS || is_listed_before(luns, i))
            return RIG_CODE_INVALID_TARGET_MAPPING;
    }
    return RIG_CODE_SUCCESS;
}

static bool is_free(const rig_lun_map *map, uint32_t bus, uint32_t target)
{
    uint32_t at = bus * RIG_OS_TARGETS + target;
    return !(map->used[at / 64] >> (at % 64) & 1);
}

/* The lowest free place with those numbers, where they are given. */
static bool find(const rig_lun_map *map, uint32_t *bus, uint32_t *target)
{
    for (uint32_t b = 0; b < RIG_OS_BUSES; b++)
        for (uint32_t t = 0; t < RIG_OS_TARGETS; t++) {
            bool wanted = (*bus == RIG_OS_ANY || *bus == b) && (*target == RIG_OS_ANY || *target == t);
            if (!wanted || !is_free(map, b, t))
                continue;
            *bus = b;
            *target = t;
            return true;
        }
    return false;
}

rig_code rig_lun_map_take(rig_lun_map *map, uint32_t *bus, uint32_t *target)
{
    if (!in_range(*bus, RIG_OS_BUSES) || !in_range(*target, RIG_OS_TARGETS))
        return RIG_CODE_TARGET_MAPPING_OUT_OF_RANGE;
    if (!find(map, bus, target))
        return RIG_CODE_TARGET_MAPPING_UNAVAILABLE;
    uint32_t at = *bus * RIG_OS_TARGETS + *target;
    map->used[at / 64] |= UINT64_C(1) << (at % 64);
    return RIG_CODE_SUCCESS;
}

void rig_lun_map_give(rig_lun_map *map, uint32_t bus, uint32_t target)
{
    uint32_t at = bus * RIG_OS_TARGETS + target;
    map->used[at / 64] &= ~(UINT64_C(1) << (at % 64));
}

static bool is_taken(const rig_lun_mapping_list *taken, uint32_t number)
{
    for (uint32_t i = 0; i < taken->num; i++)
        if (taken->ptr[i].os_lun == number)
            return true;
    return false;
}

static bool number_of(const rig_lun_mapping_list *list, uint64_t lun, uint32_t *out_number)
{
    for (uint32_t i = 0; i < list->num; i++)
        if (list->ptr[i].target_lun == lun) {
            *out_number = list->ptr[i].os_lun;
            return true;
        }
    return false;
}

bool rig_lun_map_number(const rig_lun_mapping_list *wanted, const rig_lun_mapping_list *taken, uint64_t lun,
                        uint32_t *out_number)
{
    uint32_t own;
    if (wanted)
        return number_of(wanted, lun, out_number);
    if (rig_lun_decode(lun, &own) && own < RIG_OS_LUNS && !is_taken(taken, own)) {
        *out_number = own;
        return true;
    }
    for (uint32_t number = 0; number < RIG_OS_LUNS; number++)
        if (!is_taken(taken, number)) {
            *out_number = number;
            return true;
        }
    return false;
}
