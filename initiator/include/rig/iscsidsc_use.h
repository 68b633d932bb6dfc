/** @file
 * Who answers Microsoft's API in this process: the service, or, for tests and simulations, a caller of one's
 * own.
 */
#ifndef RIG_ISCSIDSC_USE_H
#define RIG_ISCSIDSC_USE_H

#include "rig/client.h"

/** rig_iscsidsc_use lets a caller of one's own answer every function; NULL = the service again. Borrowed
 * until the next call of it. */
void rig_iscsidsc_use(const rig_caller *caller);

/** rig_iscsidsc_use_alloc is the same for the memory of requests. */
void rig_iscsidsc_use_alloc(const rig_alloc *alloc);

#endif
