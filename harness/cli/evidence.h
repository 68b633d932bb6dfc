/* A capture read to its end: packets, what was inside ESP, items. */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "rig/ipsec_read.h"
#include "rig/stream.h"

typedef struct cli_evidence {
    const char *path; /* of the capture, - for standard input */
    const char *keys; /* --keys: what the files of keys begin with; NULL: the capture's own path */
    rig_streams *streams;
    bool begun; /* out: there are packets to read */
    /* Sees each event of IPsec; may be NULL. */
    rig_status (*event)(void *ctx, const rig_ipsec_event *event);
    void *ctx;
} cli_evidence;

/*
 * Gives every packet to evidence->streams, what was inside ESP in the place of the ESP packet. Keys are taken
 * from PREFIX.ike, PREFIX.esp and PREFIX.keymat as far as they exist; without --keys none has to.
 */
rig_status cli_read_evidence(cli_evidence *evidence, rig_error *err);

#endif
