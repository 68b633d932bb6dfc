/** @file
 * Calls that wait: a small layer over the engine for programs that do one thing after another.
 *
 * The engine has no I/O and no clock, so a driver is handed in that has: over sockets it sleeps, in the
 * simulator it lets virtual time go by. Each call pumps the driver until what it asked for has ended. Other
 * sessions of the same driver go on meanwhile. Not to be called from inside a callback of the engine.
 */
#ifndef RIG_BLOCKING_H
#define RIG_BLOCKING_H

#include "rig/initiator.h"

#ifdef __cplusplus
extern "C" {
#endif

/** rig_driver moves bytes and time. */
typedef struct rig_driver {
    /** Time in ns, as the engine is to be given it. */
    uint64_t (*now)(void *ctx);
    /**
     * Lets the transport work, and ticks what is due, until something has happened or deadline is reached. An
     * error ends the waiting call with it.
     */
    rig_status (*turn)(void *ctx, uint64_t deadline);
    void *ctx; /**< first argument of both */
} rig_driver;

/**
 * rig_wait_login logs a session in and waits for full feature phase. RIG_E_TIMEOUT when that takes longer
 * than timeout ns; else what ended the login, see rig_session_facts for its status. The session stays the
 * caller's.
 */
rig_status rig_wait_login(const rig_driver *driver, rig_session *session, uint64_t timeout);

/**
 * rig_wait_task submits a task and waits for its end; its done() is taken over for that time. Returns what
 * the submission says, or task->status. RIG_E_TIMEOUT after timeout ns (0 = none but the session's own): the
 * task is then still the engine's, and the session is dropped to get it back.
 */
rig_status rig_wait_task(const rig_driver *driver, rig_session *session, rig_task *task, uint64_t timeout);

/** rig_wait_logout closes a session in order (reason 0) and waits for it; as rig_wait_task. */
rig_status rig_wait_logout(const rig_driver *driver, rig_session *session, uint64_t timeout);

/** rig_wait_up waits until a session that lost its connection is up again. RIG_E_TIMEOUT; RIG_E_STATE when it
 * does not log in again by itself. */
rig_status rig_wait_up(const rig_driver *driver, rig_session *session, uint64_t timeout);

#ifdef __cplusplus
}
#endif

#endif
