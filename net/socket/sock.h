/* What the files of the socket transport share. */
#ifndef SOCK_H
#define SOCK_H

#include <sys/socket.h>
#include <uv.h>

#include "rig/socket.h"

#define SOCK_ROUNDS 16    /* reads or writes of one stream before the others have their turn */
#define SOCK_ACCEPTS 64   /* connections taken at once */
#define SOCK_BACKLOG 1024 /* connections waiting in the kernel */
#define SOCK_SPACE_IOV 8  /* places asked for at once */
#define SOCK_PAUSE (100 * RIG_MILLISECOND) /* wait of a listener when the process is out of descriptors */

#define SOCK_OF(type, member, pointer) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

typedef struct sock_stream sock_stream;
typedef struct sock_listener sock_listener;
typedef struct sock_lookup sock_lookup;
typedef struct sock_signal sock_signal;
typedef struct sock_work sock_work;

typedef enum sock_timer_kind { SOCK_TIMER_LINGER, SOCK_TIMER_PAUSE } sock_timer_kind;

struct rig_loop {
    uv_loop_t uv;
    uv_timer_t alarm;
    const rig_alloc *alloc;
    rig_transport transport;
    rig_transport via;
    char device[RIG_DEVICE_NAME_MAX + 1]; /* of via; empty: none */
    rig_timerq timers;
    uint64_t start;
    uint64_t turn; /* waits so far */
    sock_stream *streams;
    sock_stream *ready_first; /* woken, oldest first */
    sock_stream *ready_last;
    uint32_t num_ready;
    sock_listener *listeners;
    uint64_t num_starved;
    sock_signal *signals;
    rig_child *children;
    sock_work *works;
    bool closing; /* rig_loop_free is under way */
    bool running;
    bool handled;
};

typedef enum sock_state { SOCK_RESOLVING, SOCK_CONNECTING, SOCK_OPEN, SOCK_DEAD } sock_state;

struct sock_stream {
    rig_stream base; /* first: the transport's stream is this */
    uv_poll_t poll;
    rig_timer timer;
    rig_loop *loop;
    rig_stream_user user;
    sock_stream *next;
    sock_stream *prev;
    sock_stream *ready_next;
    sock_stream *ready_prev;
    sock_lookup *lookup; /* while the peer's name is being resolved, and its addresses are tried */
    rig_address local;
    rig_address remote;
    int fd;
    int events;    /* what poll waits for */
    uint32_t uses; /* who needs the memory: libuv, the resolver, calls that are running */
    uint8_t state;
    bool ready;
    bool paused;  /* the user has no space */
    bool blocked; /* the kernel takes no more output */
    bool closing;
    bool unheard; /* closing, and the peer's FIN is not waited for */
    bool fin_sent;
    bool peer_fin;
    bool via;       /* through the loop's device alone */
    rig_status why; /* of a failure to be told with the next turn */
};

struct sock_listener {
    rig_listener base; /* first: the transport's listener is this */
    uv_poll_t poll;
    rig_timer timer;
    rig_loop *loop;
    sock_listener *next;
    sock_listener *prev;
    rig_accept_fn *accept;
    void *ctx;
    rig_address at;
    int fd;
    uint64_t turn;  /* of the loop, when connections came last */
    uint32_t burst; /* how many were taken then at most */
};

/* address.c */
socklen_t sock_address_out(const rig_address *address, struct sockaddr_storage *out);
bool sock_address_in(const struct sockaddr *in, rig_address *out_address);
void sock_local(int fd, rig_address *out_local);
rig_status sock_status(int error);
int sock_open(int family);

/* loop.c */
extern const rig_transport_ops sock_transport_ops;
extern const rig_transport_ops sock_via_ops;
void sock_loop_arm(rig_loop *loop, rig_timer *timer, uint64_t delay);

/* stream.c */
sock_stream *sock_stream_new(rig_loop *loop);
rig_status sock_stream_attach(sock_stream *stream, int fd);
void sock_stream_detach(sock_stream *stream, bool reset);
void sock_stream_end(sock_stream *stream, bool reset);
void sock_stream_tell(sock_stream *stream, rig_stream_event event, rig_status why);
void sock_stream_ready(sock_stream *stream);
void sock_stream_unready(sock_stream *stream);
void sock_stream_update(sock_stream *stream);
void sock_stream_turn(sock_stream *stream);
void sock_stream_linger(sock_stream *stream);
void sock_stream_release(sock_stream *stream);
int sock_error(const sock_stream *stream);
void sock_wake(rig_stream *base);
void sock_close(rig_stream *base, rig_close_how how);
void sock_stream_ends(const rig_stream *base, rig_address *out_local, rig_address *out_remote);

/* data.c */
void sock_read(sock_stream *stream);
void sock_write(sock_stream *stream);

/* connect.c */
rig_status sock_connect(void *ctx, const rig_address *local, const rig_portal *remote,
                        const rig_stream_user *user, rig_stream **out_stream);
rig_status sock_connect_via(void *ctx, const rig_address *local, const rig_portal *remote,
                            const rig_stream_user *user, rig_stream **out_stream);
void sock_connect_check(sock_stream *stream);
void sock_connect_next(sock_stream *stream);
void sock_lookup_drop(sock_stream *stream);

/* listener.c */
rig_status sock_listen(void *ctx, const rig_address *at, rig_accept_fn *accept, void *accept_ctx,
                       rig_listener **out_listener);
rig_status sock_listen_on(rig_loop *loop, int fd, const rig_address *at, rig_accept_fn *accept,
                          void *accept_ctx, rig_listener **out_listener);
void sock_unlisten(rig_listener *base);
void sock_bound(const rig_listener *base, rig_address *out_address);
void sock_listener_resume(sock_listener *listener);

/* child.c */
void sock_children_free(rig_loop *loop);

/* signal.c */
void sock_signals_free(rig_loop *loop);

/* work.c */
void sock_works_end(rig_loop *loop);

#endif
