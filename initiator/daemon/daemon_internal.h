/* What the files of the daemon share. */
#ifndef RIG_DAEMON_INTERNAL_H
#define RIG_DAEMON_INTERNAL_H

#include "rig/daemon.h"
#include "rig/message.h"
#include "rig/socket.h"
#include "rig/vici.h"

#define DAEMON_LOG_MAX 512
#define DAEMON_STEPS_MAX 320 /* bytes: the steps of a decision, with commas */

typedef struct daemon_client daemon_client;
typedef struct daemon_question daemon_question;

struct rig_daemon {
    rig_daemon_config config;
    rig_loop *loop;
    rig_store *store;
    rig_hba hba;
    rig_service *service;
    rig_listener *listener;
    char name[RIG_LOCAL_NAME_MAX + 1];
    uint8_t *read_ahead;
    daemon_client *clients;
    uint32_t num_clients;
    rig_vici *vici;                 /* NULL: nobody carries IPsec */
    const rig_transport *transport; /* of the adapters: the loop's, or what guards it */
    rig_radius radius;
    daemon_question *questions;   /* newest first */
    uint32_t num_asking;          /* of them in another thread */
    char steps[DAEMON_STEPS_MAX]; /* of the security decision that is being told */
    bool stopping;
};

/* control.c: one client after another takes its turn on the socket. */
rig_accept_fn daemon_accept;
void daemon_clients_free(rig_daemon *daemon);

/* radius.c: asks RADIUS servers. */
void daemon_radius_init(rig_daemon *daemon);

/* vici.c: has charon carry IPsec, where that is configured; the adapters are known. */
rig_status daemon_vici_init(rig_daemon *daemon, rig_error *err);
void daemon_vici_free(rig_daemon *daemon);

__attribute__((format(printf, 2, 3))) void daemon_log(const rig_daemon *daemon, const char *format, ...);

#endif
