#include "rig/timerq.h"

#include <stddef.h>

/* A pairing heap: a node's children are a list through next; prev is the left sibling, of the first child the
 * parent. */

static bool before(const rig_timer *a, const rig_timer *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static rig_timer *meld(rig_timer *a, rig_timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (before(b, a)) {
        rig_timer *swap = a;
        a = b;
        b = swap;
    }
    b->prev = a;
    b->next = a->child;
    if (b->next)
        b->next->prev = b;
    a->child = b;
    a->next = NULL;
    a->prev = NULL;
    return a;
}

/* Two passes, left to right in pairs and back, give the amortised logarithm; the pairs are kept through prev.
 */
static rig_timer *meld_siblings(rig_timer *first)
{
    rig_timer *pairs = NULL;
    rig_timer *heap = NULL;
    while (first) {
        rig_timer *second = first->next;
        rig_timer *rest = second ? second->next : NULL;
        rig_timer *pair = meld(first, second);
        pair->next = NULL;
        pair->prev = pairs;
        pairs = pair;
        first = rest;
    }
    while (pairs) {
        rig_timer *next = pairs->prev;
        pairs->prev = NULL;
        heap = meld(heap, pairs);
        pairs = next;
    }
    return heap;
}

static void unlink_node(rig_timer *timer)
{
    if (timer->prev->child == timer)
        timer->prev->child = timer->next;
    else
        timer->prev->next = timer->next;
    if (timer->next)
        timer->next->prev = timer->prev;
}

void rig_timerq_disarm(rig_timerq *queue, rig_timer *timer)
{
    if (!timer->armed)
        return;
    rig_timer *orphans = meld_siblings(timer->child);
    if (timer == queue->root) {
        queue->root = orphans;
    } else {
        unlink_node(timer);
        queue->root = meld(queue->root, orphans);
    }
    timer->child = timer->next = timer->prev = NULL;
    timer->armed = false;
    queue->num_armed--;
}

void rig_timerq_arm(rig_timerq *queue, rig_timer *timer, uint64_t at)
{
    rig_timerq_disarm(queue, timer);
    if (at == RIG_NEVER)
        return;
    timer->at = at;
    timer->order = queue->order++;
    timer->armed = true;
    timer->child = timer->next = timer->prev = NULL;
    queue->root = meld(queue->root, timer);
    queue->num_armed++;
}

uint64_t rig_timerq_next(const rig_timerq *queue)
{
    return queue->root ? queue->root->at : RIG_NEVER;
}

rig_timer *rig_timerq_pop(rig_timerq *queue, uint64_t now)
{
    rig_timer *timer = queue->root;
    if (!timer || timer->at > now)
        return NULL;
    rig_timerq_disarm(queue, timer);
    return timer;
}
