/** @file
 * The transport over real sockets: libuv's loop, our own readv and sendmsg. The only real clock of the
 * project.
 */
#ifndef RIG_SOCKET_H
#define RIG_SOCKET_H

#include "rig/alloc.h"
#include "rig/timerq.h"
#include "rig/transport.h"

/** rig_loop is an event loop with its sockets. One thread. */
typedef struct rig_loop rig_loop;

/** rig_loop_new makes a loop; times given to users count from now. RIG_E_NOMEM, RIG_E_IO. */
rig_status rig_loop_new(const rig_alloc *alloc, rig_loop **out_loop);

/** rig_loop_free resets all its streams without telling their users and frees it. NULL is fine. */
void rig_loop_free(rig_loop *loop);

/** rig_loop_transport gives its transport (IPv4 and IPv6, names through the system's resolver). */
const rig_transport *rig_loop_transport(rig_loop *loop);

/** rig_loop_now gives nanoseconds since rig_loop_new. */
uint64_t rig_loop_now(rig_loop *loop);

/** rig_loop_run_once waits for events until some were handled or the deadline (loop time) passes. RIG_E_STATE
 * when the deadline is RIG_NEVER and nothing is there to wait for, or from inside a call of the loop;
 * RIG_E_IO on failure. */
rig_status rig_loop_run_once(rig_loop *loop, uint64_t deadline);

/** rig_loop_starved counts how often a connection had to wait because the process had no descriptor or memory
 * left for it. */
uint64_t rig_loop_starved(const rig_loop *loop);

/** rig_loop_on_signal calls fn in the loop when the process receives signum, until rig_loop_free. RIG_E_IO,
 * RIG_E_NOMEM. */
rig_status rig_loop_on_signal(rig_loop *loop, int signum, void (*fn)(void *ctx, int signum), void *ctx);

/** rig_child is a process started by a loop; gone when its done call returns, or with the loop. */
typedef struct rig_child rig_child;

/** rig_child_start runs `sh -c command` in a process group of its own, without input, its output going to the
 * file at log_path (NULL = discarded); done tells its exit status (128 + signal number when it was killed).
 * rig_loop_free kills what still runs, without a done call. RIG_E_IO with the reason, RIG_E_NOMEM. */
rig_status rig_child_start(rig_loop *loop, const char *command, const char *log_path,
                           void (*done)(void *ctx, int exit_status), void *ctx, rig_child **out_child,
                           rig_error *err);

/** rig_child_kill sends signum to the child's process group; the done call follows. */
void rig_child_kill(rig_child *child, int signum);

#endif
