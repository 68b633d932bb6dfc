/* What the files of the client share: a stream of messages each way, and the client itself. */
#ifndef RIG_ISNS_INTERNAL_H
#define RIG_ISNS_INTERNAL_H

#include "rig/isns_client.h"

#define ISC_LINKS_MAX 16 /* connections of a client, those that are being closed included */

typedef struct isc_link isc_link;

/* isc_taken gets a whole message; false: the link may be gone, and is not looked at again. */
typedef bool isc_taken(isc_link *link, rig_view message, uint64_t now);

/* isc_over is told once that a link has ended by itself, and why; it frees the link. */
typedef void isc_over(isc_link *link, rig_status why, uint64_t now);

/* One connection. */
struct isc_link {
    isc_link *next; /* in the order they were made */
    rig_isns_client *client;
    rig_stream *stream; /* NULL: none any more */
    rig_isns_framer framer;
    rig_gather out, more; /* what is being sent, which must not move, and what goes behind it */
    size_t sent;          /* bytes of out */
    bool closing;         /* our end: what comes is not looked at */
    rig_error error;
    void (*connected)(isc_link *link, uint64_t now); /* NULL: it was so from the beginning */
    isc_taken *taken;
    isc_over *over; /* NULL: nobody wants to know */
};

extern const rig_stream_user_ops isc_link_ops;

/* isc_link_new makes a link without a stream; NULL without memory, or with too many of them. */
isc_link *isc_link_new(rig_isns_client *client, isc_taken *taken, isc_over *over);

/* isc_link_send packs a message and sends it. RIG_E_NOMEM, RIG_E_LIMIT: too much is waiting. */
rig_status isc_link_send(isc_link *link, const rig_isns_header *like, rig_view message);

/* isc_link_close says no more: what is to be sent goes out, then the stream ends and the link is freed;
 * `over` is still told unless it is NULL. */
void isc_link_close(isc_link *link);

/* isc_link_free ends it at once. */
void isc_link_free(isc_link *link);

/* Steps of a question, in the order they are taken. */
typedef enum isc_step {
    ISC_FORGET, /* the name we had before */
    ISC_REGISTER,
    ISC_NOTIFY,
    ISC_QUERY,
    ISC_LEAVE,
    ISC_STEPS
} isc_step;

struct rig_isns_client {
    rig_isns_client_config config;
    isc_link *links, *link; /* all of them; the one of the question under way */
    bool asking, leaving;
    uint32_t todo; /* bits of isc_step */
    isc_step step; /* the one that is waited for */
    uint16_t transaction;
    rig_timer timer;
    char node[RIG_INAME_TEXT],
        known[RIG_INAME_TEXT]; /* our name now, and as it is registered; "" = it is not */
    rig_isns_answer answer;
    rig_address local; /* our end of the question */
    rig_ip server;     /* theirs: nobody else is listened to */
    rig_listener *listener;
    rig_address listening;
    uint32_t num_notices;
};

/* listen.c */
bool isc_listen(rig_isns_client *client); /* at our end of the question; false: nobody can tell of changes */
void isc_unlisten(rig_isns_client *client);

/* isc_serve answers a message that is a request of the server; false: the answer cannot be sent. When it
 * tells of a change that counts, out_changed is set. */
bool isc_serve(isc_link *link, rig_view message, bool *out_changed);

/* request.c: the message of each step, in front of its attributes the node that speaks. */
rig_status isc_request(const rig_isns_client *client, isc_step step, rig_gather *out);
uint16_t isc_function(isc_step step);

#endif
