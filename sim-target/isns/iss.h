/* What the files of the server share. */
#ifndef RIG_ISS_H
#define RIG_ISS_H

#include "rig/isns_server.h"
#include "rig/pdu.h"

typedef struct iss_node {
    char name[RIG_INAME_TEXT], alias[256], only[RIG_INAME_TEXT];
    bool shown;
    rig_isns_server_portal *portals;
    uint32_t num_portals;
} iss_node;

/* A client's node as it is registered. */
typedef struct iss_client {
    char entity[256], node[RIG_INAME_TEXT];
    rig_ip ip;
    uint16_t portal_port, esi_port, scn_port; /* 0 = none */
    uint32_t bitmap;                          /* of the notifications it wants */
    uint64_t until;                           /* its registration lasts */
} iss_client;

typedef struct iss_link iss_link;

struct iss_link {
    iss_link *next;
    rig_isns_server *server;
    rig_stream *stream;
    rig_isns_framer framer;
    rig_gather out, more; /* what is being sent, which must not move, and what goes behind it */
    size_t sent;
    bool closing;
    /* a request of the server: */
    bool ours;
    uint16_t function, transaction;
    char node[RIG_INAME_TEXT];
    uint64_t until; /* for the answer; RIG_NEVER: as long as it takes */
};

struct rig_isns_server {
    rig_isns_server_config config;
    rig_address at;
    rig_listener *listener;
    iss_node *nodes;
    uint32_t num_nodes, size_nodes;
    iss_client clients[RIG_ISNS_SERVER_CLIENTS_MAX];
    uint32_t num_clients;
    iss_link *links;
    uint32_t num_links;
    uint16_t transaction;
    uint32_t refusals[RIG_ISNS_HEARTBEAT + 1]; /* status by function */
    rig_isns_fault fault;
};

/* link.c */
iss_link *iss_link_new(rig_isns_server *server);
void iss_link_free(iss_link *link);
void iss_link_close(iss_link *link);
void iss_link_send(iss_link *link, const rig_isns_header *like, rig_view message, rig_isns_fault fault);
bool iss_accept(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now);
extern const rig_stream_user_ops iss_link_ops;

/* request.c: a client's request, whose answer is written to out; its status. */
typedef struct iss_request {
    rig_view source; /* a name */
    rig_view keys, operating, message;
    uint64_t now;
} iss_request;

void iss_take_request(iss_link *link, rig_view message, uint64_t now);
bool iss_sees(const iss_node *node, const char *initiator);
iss_client *iss_client_find(rig_isns_server *server, rig_view node);
void iss_client_drop(rig_isns_server *server, iss_client *client);

/* register.c, query.c */
uint32_t iss_register(rig_isns_server *server, const iss_request *request, rig_gather *out);
uint32_t iss_query(rig_isns_server *server, const iss_request *request, rig_gather *out);

/* notice.c */
void iss_take_answer(iss_link *link, rig_view message, uint64_t now);
void iss_gave_up(iss_link *link, uint64_t now); /* the client does not answer */

#endif
