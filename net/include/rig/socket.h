/** @file
 * The transport over real sockets: libuv's loop, our own readv and sendmsg. The only real clock of the
 * project.
 */
#ifndef RIG_SOCKET_H
#define RIG_SOCKET_H

#include "rig/alloc.h"
#include "rig/timerq.h"
#include "rig/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

/** rig_loop is an event loop with its sockets. One thread. */
typedef struct rig_loop rig_loop;

/** rig_loop_new makes a loop; times given to users count from now. RIG_E_NOMEM, RIG_E_IO. */
rig_status rig_loop_new(const rig_alloc *alloc, rig_loop **out_loop);

/** rig_loop_free resets all its streams without telling their users and frees it. NULL is fine. */
void rig_loop_free(rig_loop *loop);

/** rig_loop_transport gives its transport (IPv4 and IPv6, names through the system's resolver). */
const rig_transport *rig_loop_transport(rig_loop *loop);

#define RIG_DEVICE_NAME_MAX 15 /**< most bytes of the name of a network device */

/** rig_loop_transport_via gives a transport like that, but what it connects uses the network device of that
 * name alone (SO_BINDTODEVICE, socket(7)): without the device, or a way through it, a connect comes to
 * RIG_E_UNREACHABLE. A loop has one such device, that of the last call. NULL for an empty or too long name.
 */
const rig_transport *rig_loop_transport_via(rig_loop *loop, const char *device);

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

/** rig_loop_work calls work in another thread, where it may block, and then done in the loop, with RIG_OK.
 * rig_loop_free waits for what has begun and leaves out what has not; both are told RIG_E_ABORTED by done, so
 * that ctx can be freed in any case. A handful of threads works for all loops and looks names up, too.
 * RIG_E_STATE from inside rig_loop_free, RIG_E_IO, RIG_E_NOMEM: done is not called. */
rig_status rig_loop_work(rig_loop *loop, void (*work)(void *ctx), void (*done)(void *ctx, rig_status status),
                         void *ctx);

#define RIG_LOCAL_NAME_MAX 107 /**< most bytes of the path of a local socket */

/**
 * rig_listen_local opens a local (AF_UNIX) socket at path with that mode, in the place of one that nobody
 * answers any more. An empty path lets the kernel choose a name that no file has: out_name
 * (RIG_LOCAL_NAME_MAX
 * + 1 bytes) gets what rig_local_connect takes, '@' before a name without a file. RIG_E_EXISTS when somebody
 * answers there, RIG_E_ARGUMENT for a path that is too long or a file of another kind, RIG_E_REFUSED,
 * RIG_E_IO.
 */
rig_status rig_listen_local(rig_loop *loop, const char *path, unsigned mode, rig_accept_fn *accept, void *ctx,
                            char *out_name, rig_listener **out_listener);

/** rig_connect_local connects a stream to a local socket, by what rig_local_connect takes; as rig_connect
 * tells, but whether somebody answers there shows at once: RIG_E_NOT_FOUND, RIG_E_REFUSED, RIG_E_BUSY (its
 * queue is full), RIG_E_ARGUMENT, RIG_E_LIMIT, RIG_E_NOMEM, RIG_E_IO. */
rig_status rig_connect_local(rig_loop *loop, const char *name, const rig_stream_user *user,
                             rig_stream **out_stream);

/** rig_listen_inherited takes a listening socket over from whoever started the process; it is the loop's from
 * then on. */
rig_status rig_listen_inherited(rig_loop *loop, int fd, rig_accept_fn *accept, void *ctx,
                                rig_listener **out_listener);

/** rig_stream_peer_user gives the user id at the other end of a local stream. RIG_E_UNSUPPORTED for others.
 */
rig_status rig_stream_peer_user(const rig_stream *stream, uint32_t *out_uid);

/** rig_stream_peer_gone tells whether the other end of a local stream is closed for both directions, also
 * while nothing is read from it: whatever is said would not be heard. */
bool rig_stream_peer_gone(const rig_stream *stream);

/** rig_local_connect opens a blocking connection to a local socket, for callers without a loop. *out_fd is
 * the caller's. RIG_E_NOT_FOUND, RIG_E_REFUSED, RIG_E_ARGUMENT, RIG_E_IO. */
rig_status rig_local_connect(const char *name, int *out_fd);

/** rig_child is a process started by a loop; gone when its done call returns, or with the loop. */
typedef struct rig_child rig_child;

/** rig_child_start runs `sh -c command` in a process group of its own, without input, its output going to the
 * file at log_path (NULL = discarded); done tells its exit status (128 + signal number when it was killed).
 * rig_loop_free kills what still runs, without a done call. RIG_E_IO with the reason, RIG_E_NOMEM. */
rig_status rig_child_start(rig_loop *loop, const char *command, const char *log_path,
                           void (*done)(void *ctx, int exit_status), void *ctx, rig_child **out_child,
                           rig_error *err);

/** rig_child_pid gives the process's number: of the shell, and of the program that it gave way to by exec. */
int rig_child_pid(const rig_child *child);

/** rig_child_kill sends signum to the child's process group; the done call follows. */
void rig_child_kill(rig_child *child, int signum);

#ifdef __cplusplus
}
#endif

#endif
