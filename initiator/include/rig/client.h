/** @file
 * Making management calls: of a service over its socket, or of anything else that answers like one.
 */
#ifndef RIG_CLIENT_H
#define RIG_CLIENT_H

#include "rig/calls.h"

#define RIG_SOCKET_VARIABLE "ISCSIRIG_SOCKET"     /**< environment variable: where the service is */
#define RIG_SOCKET_DEFAULT "/run/iscsirig/socket" /**< where it is else */
#define RIG_SOCKET_EMBEDDED "embedded:" /**< before the path of a store: a service in this process */

/** rig_caller makes calls and waits for their answers. */
typedef struct rig_caller {
    /**
     * Makes a call. request and reply are records as the call's row says; reply is zeroed by the caller,
     * filled where the code has one, and cleared by the caller with rig_record_clear(rig_alloc_libc(), …).
     * May be called by several threads at a time. err may be NULL.
     */
    rig_code (*call)(void *ctx, rig_call_id call, const void *request, void *reply, rig_error *err);
    void *ctx; /**< its first argument */
} rig_caller;

/**
 * rig_client_caller gives the caller of the service at `where`: the path of a socket; NULL = what
 * RIG_SOCKET_VARIABLE says, else RIG_SOCKET_DEFAULT. Each call is a connection of its own, so nothing is left
 * behind by a client that dies, and threads need no lock. SERVICE_NOT_RUNNING when nobody answers. where is
 * borrowed for as long as the caller is used.
 */
rig_caller rig_client_caller(const char *where);

#endif
