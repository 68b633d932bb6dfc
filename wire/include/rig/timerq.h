/** @file
 * A queue of deadlines without allocation (intrusive pairing heap), for virtual and real time alike.
 */
#ifndef RIG_TIMERQ_H
#define RIG_TIMERQ_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** RIG_NEVER is the deadline of something that does not happen. Times are nanoseconds since the run's start.
 */
#define RIG_NEVER UINT64_MAX

/** RIG_SECOND is one second in the unit of all times. */
#define RIG_SECOND UINT64_C(1000000000)

/** RIG_MILLISECOND is one millisecond in the unit of all times. */
#define RIG_MILLISECOND UINT64_C(1000000)

/** rig_timer is one deadline, embedded in its owner, which must stay at its address while armed.
 * Zero-initialised. */
typedef struct rig_timer {
    uint64_t at;             /**< deadline; valid while armed */
    uint64_t order;          /**< arming order: ties fire in the order they were armed */
    struct rig_timer *child; /**< private to the queue */
    struct rig_timer *next;  /**< private to the queue */
    struct rig_timer *prev;  /**< private to the queue */
    bool armed;              /**< it is in a queue */
    uint8_t kind;            /**< free for the owner: which of its timers this is */
} rig_timer;

/** rig_timerq is the queue. Zero-initialised; holds no memory of its own. */
typedef struct rig_timerq {
    rig_timer *root;    /**< earliest */
    uint64_t num_armed; /**< timers in the queue */
    uint64_t order;     /**< next arming number */
} rig_timerq;

/** rig_timerq_arm sets (or moves) a timer to at; RIG_NEVER disarms. */
void rig_timerq_arm(rig_timerq *queue, rig_timer *timer, uint64_t at);

/** rig_timerq_disarm takes a timer out; fine when it is not armed. */
void rig_timerq_disarm(rig_timerq *queue, rig_timer *timer);

/** rig_timerq_next gives the earliest deadline, RIG_NEVER when the queue is empty. */
uint64_t rig_timerq_next(const rig_timerq *queue);

/** rig_timerq_pop takes out and returns the earliest timer whose deadline is <= now, NULL when none is due.
 */
rig_timer *rig_timerq_pop(rig_timerq *queue, uint64_t now);

#ifdef __cplusplus
}
#endif

#endif
