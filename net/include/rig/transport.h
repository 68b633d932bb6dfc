/** @file
 * Byte streams as protocol engines see them: one interface, served by the simulated network and by sockets.
 *
 * Control is turned around on purpose: an engine never reads or writes. It names the places for the next
 * bytes and offers its output; the transport moves them. All calls into a user come from the thread that
 * drives the transport; a user may call the transport from inside such a call.
 */
#ifndef RIG_TRANSPORT_H
#define RIG_TRANSPORT_H

#include <sys/uio.h>

#include "rig/iname.h"
#include "rig/status.h"
#include "rig/timerq.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RIG_STREAM_IOV 64 /**< most pieces of output asked for at once */
#define RIG_STREAM_LINGER                                                                                    \
    (30 * RIG_SECOND) /**< longest wait for the peer's FIN behind ours, in ns without a byte */

/** rig_address is a numeric transport address. */
typedef struct rig_address {
    rig_ip ip;     /**< version 0 = any */
    uint16_t port; /**< 0 = any free one */
} rig_address;

/** rig_stream_event is what can happen to a stream. */
typedef enum rig_stream_event {
    RIG_STREAM_CONNECTED,   /**< a connect has succeeded; bytes may flow */
    RIG_STREAM_PEER_CLOSED, /**< the peer sent FIN behind all its bytes; our output may still flow. Not told
                               behind rig_close */
    RIG_STREAM_CLOSED,      /**< both directions ended in order; the stream is gone when the call returns */
    RIG_STREAM_FAILED /**< refused, reset, timed out, unreachable; the stream is gone when the call returns */
} rig_stream_event;

/** rig_stream_user is the engine's side of a stream. */
typedef struct rig_stream_user {
    const struct rig_stream_user_ops *ops; /**< its calls */
    void *ctx;                             /**< their first argument */
} rig_stream_user;

/** rig_stream_user_ops are the calls a transport makes. */
typedef struct rig_stream_user_ops {
    /** Names up to max places for the next bytes; 0 when the user takes none for now (rig_wake when it does
     * again). */
    int (*space)(void *ctx, struct iovec *iov, int max);
    /** len bytes (> 0) were put into the places named by the last space call. */
    void (*received)(void *ctx, size_t len, uint64_t now);
    /**
     * Offers up to max pieces of output, the same bytes each time until sent() takes some. The memory stays
     * valid and unchanged until sent() has covered it or the stream is gone.
     */
    int (*output)(void *ctx, struct iovec *iov, int max, uint64_t now);
    /** The first len bytes of the output are done with: taken by the kernel, or acknowledged on the simulated
     * wire. */
    void (*sent)(void *ctx, size_t len, uint64_t now);
    /** Something happened; why is RIG_OK except for FAILED (RIG_E_REFUSED, _RESET, _TIMEOUT, _UNREACHABLE,
     * _IO). */
    void (*event)(void *ctx, rig_stream_event event, rig_status why, uint64_t now);
} rig_stream_user_ops;

/** rig_stream is one connection of a transport; opaque, its first member points to the transport's calls. */
typedef struct rig_stream {
    const struct rig_transport_ops *ops; /**< for the inline calls below */
} rig_stream;

/** rig_listener is an open listening address of a transport. */
typedef struct rig_listener {
    const struct rig_transport_ops *ops; /**< for the inline calls below */
} rig_listener;

/** rig_accept decides on an incoming connection: fills out_user and returns true, or false to reset it. */
typedef bool rig_accept_fn(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now);

/** rig_close_how is the manner of closing. */
typedef enum rig_close_how {
    RIG_CLOSE_FLUSH, /**< send what output() still offers, then FIN; CLOSED follows when the peer's FIN is
                        here too, FAILED with RIG_E_TIMEOUT when that takes longer than RIG_STREAM_LINGER */
    RIG_CLOSE_DONE, /**< as FLUSH, for a peer that has said its last word: CLOSED may come before its FIN, and
                       what it sends nevertheless is answered by RST */
    RIG_CLOSE_RESET /**< drop everything, send RST; the stream is gone at once, no event follows */
} rig_close_how;

/** rig_transport_ops are the calls of a transport. Use the inline functions below. */
typedef struct rig_transport_ops {
    rig_status (*connect)(void *ctx, const rig_address *local, const rig_portal *remote,
                          const rig_stream_user *user, rig_stream **out_stream); /**< see rig_connect */
    rig_status (*listen)(void *ctx, const rig_address *at, rig_accept_fn *accept, void *accept_ctx,
                         rig_listener **out_listener);                     /**< see rig_listen */
    void (*unlisten)(rig_listener *listener);                              /**< see rig_unlisten */
    void (*bound)(const rig_listener *listener, rig_address *out_address); /**< see rig_bound */
    void (*wake)(rig_stream *stream);                                      /**< see rig_wake */
    void (*close)(rig_stream *stream, rig_close_how how);                  /**< see rig_close */
    void (*ends)(const rig_stream *stream, rig_address *out_local,
                 rig_address *out_remote); /**< see rig_ends */
} rig_transport_ops;

/** rig_transport is what an engine is given. ctx and ops must outlive every stream. */
typedef struct rig_transport {
    const rig_transport_ops *ops; /**< its calls */
    void *ctx;                    /**< their first argument */
} rig_transport;

/**
 * rig_connect starts a connection to remote (a DNS name is resolved by the transport) from local (NULL =
 * any). The user's event call tells the outcome, never before rig_connect has returned. The stream is the
 * transport's; it is gone after CLOSED, FAILED or a reset. Errors: RIG_E_NOMEM, RIG_E_UNREACHABLE,
 * RIG_E_LIMIT, RIG_E_EXISTS (local and remote address and port are those of another stream), RIG_E_IO.
 */
static inline rig_status rig_connect(const rig_transport *transport, const rig_address *local,
                                     const rig_portal *remote, const rig_stream_user *user,
                                     rig_stream **out_stream)
{
    return transport->ops->connect(transport->ctx, local, remote, user, out_stream);
}

/** rig_listen opens a listening address. Errors: RIG_E_EXISTS (address in use), RIG_E_ARGUMENT (not an
 * address of this host), RIG_E_LIMIT, RIG_E_NOMEM, RIG_E_IO. */
static inline rig_status rig_listen(const rig_transport *transport, const rig_address *at,
                                    rig_accept_fn *accept, void *accept_ctx, rig_listener **out_listener)
{
    return transport->ops->listen(transport->ctx, at, accept, accept_ctx, out_listener);
}

/** rig_unlisten closes a listening address; its accepted streams live on. */
static inline void rig_unlisten(rig_listener *listener)
{
    listener->ops->unlisten(listener);
}

/** rig_bound gives the address a listener really has. */
static inline void rig_bound(const rig_listener *listener, rig_address *out_address)
{
    listener->ops->bound(listener, out_address);
}

/** rig_wake tells the transport that output, or space, may have become available. Cheap; may be called at any
 * time. */
static inline void rig_wake(rig_stream *stream)
{
    stream->ops->wake(stream);
}

/** rig_close ends a stream; see rig_close_how. Closing with FLUSH twice is fine. */
static inline void rig_close(rig_stream *stream, rig_close_how how)
{
    stream->ops->close(stream, how);
}

/** rig_ends gives the addresses of both ends. */
static inline void rig_ends(const rig_stream *stream, rig_address *out_local, rig_address *out_remote)
{
    stream->ops->ends(stream, out_local, out_remote);
}

#ifdef __cplusplus
}
#endif

#endif
