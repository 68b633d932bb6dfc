/* Intrusive lists: an object is in them without an allocation. */
#ifndef TGT_BASE_H
#define TGT_BASE_H

#include <stddef.h>

#include "rig/alloc.h"
#include "rig/map.h"
#include "rig/status.h"

#define TGT_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* A member of a ring; a head is a member that belongs to no object. */
typedef struct tgt_list {
    struct tgt_list *next;
    struct tgt_list *prev;
} tgt_list;

static inline void tgt_list_init(tgt_list *list)
{
    list->next = list->prev = list;
}

static inline bool tgt_list_empty(const tgt_list *list)
{
    return list->next == list;
}

static inline void tgt_list_add(tgt_list *head, tgt_list *item)
{
    item->prev = head->prev;
    item->next = head;
    head->prev->next = item;
    head->prev = item;
}

/* Fine for an item that is in no list. */
static inline void tgt_list_remove(tgt_list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    tgt_list_init(item);
}

/* Spreads a key of two numbers. */
static inline uint64_t tgt_mix(uint64_t a, uint64_t b)
{
    uint64_t x = (a ^ b * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
    return x ^ x >> 32;
}

#endif
