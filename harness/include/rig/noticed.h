/** @file
 * Which checks noticed a fault of the target: what a check is called, and whether two faults are told apart.
 */
#ifndef RIG_NOTICED_H
#define RIG_NOTICED_H

#include "rig/alloc.h"
#include "rig/faults.h"

#define RIG_CHECK_SIZE 192   /**< bytes of the name of a check, with the NUL; more is cut off */
#define RIG_NOTICED_MAX 8192 /**< entries of a list: faults times their checks */

/** rig_noticed is one check that noticed a fault. */
typedef struct rig_noticed {
    rig_fault fault;            /**< it noticed */
    bool alone;                 /**< in a case without other faults at least once */
    char check[RIG_CHECK_SIZE]; /**< its name: what it said, each number as # */
} rig_noticed;

/** rig_noticed_list holds each pair of fault and check once. Zero-initialised = empty. */
typedef struct rig_noticed_list {
    rig_noticed *ptr; /**< in the order they were added */
    size_t num;       /**< entries */
} rig_noticed_list;

/** rig_noticed_add keeps that a check noticed a fault, alone or together with others. Numbers in what it said
 * are values of that run and no part of its name. RIG_E_NOMEM, RIG_E_LIMIT when the list is full. */
rig_status rig_noticed_add(rig_noticed_list *list, const rig_alloc *alloc, rig_fault fault, bool alone,
                           rig_view said);

/** rig_noticed_has tells whether any check noticed the fault. */
bool rig_noticed_has(const rig_noticed_list *list, rig_fault fault);

/**
 * rig_noticed_alike gives a check that noticed both faults when one of them shows nothing that the other does
 * not show: all checks that noticed it noticed the other, too. NULL when they are told apart, and when one
 * was not noticed. What noticed a fault beside others counts only where nothing noticed it alone, since it
 * may have noticed the others.
 */
const char *rig_noticed_alike(const rig_noticed_list *list, rig_fault a, rig_fault b);

/** rig_twins_fn takes two faults that are not told apart, and a check that noticed both. */
typedef void rig_twins_fn(void *ctx, const rig_fault_row *a, const rig_fault_row *b, const char *check);

/** rig_noticed_twins counts the pairs of faults that violate one requirement on one kind of PDU and are
 * alike. rows is indexed by rig_fault. */
unsigned rig_noticed_twins(const rig_noticed_list *list, const rig_fault_row rows[RIG_FAULTS],
                           rig_twins_fn *twins, void *ctx);

/** rig_noticed_free empties a list. */
void rig_noticed_free(rig_noticed_list *list, const rig_alloc *alloc);

#endif
