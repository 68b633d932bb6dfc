/* A capture read to its end: packets, what was inside ESP, items. */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include <stdio.h>

#include "rig/capture.h"
#include "rig/ipsec_read.h"
#include "rig/stream.h"

typedef struct cli_evidence {
    const char *path; /* of the capture, - for standard input; with live of an interface */
    const char *keys; /* --keys: what the files of keys begin with; NULL: the capture's own path */
    bool follow;      /* --follow */
    bool live;        /* --interface */
    rig_streams *streams;
    bool begun;                /* out: there are packets to read */
    rig_capture_report report; /* out: what was read */
    uint64_t unjoined;         /* out: IP packets without TCP that stayed in fragments */
    uint64_t esp_unread;       /* out: ESP packets that no key was given for … */
    uint64_t esp_wrong;        /* … and those whose ICV is not made with the key that was */
    /* Sees each event of IPsec; may be NULL. */
    rig_status (*event)(void *ctx, const rig_ipsec_event *event);
    void *ctx;
} cli_evidence;

/*
 * Gives every packet to evidence->streams, what was inside ESP in the place of the ESP packet. Keys are taken
 * from PREFIX.ike, PREFIX.esp and PREFIX.keymat as far as they exist; without --keys none has to.
 */
rig_status cli_read_evidence(cli_evidence *evidence, rig_error *err);

/*
 * Says on lines that begin with lead what was read and how that ended (status is what cli_read_evidence
 * gave), what cannot be told for want of bytes, and which limits were reached.
 */
void cli_say_evidence(const cli_evidence *evidence, rig_status status, const char *lead, FILE *out);

/* Says on a line, where it is so, that ESP packets were not read, and what to give; true: it was so. */
bool cli_say_unread(const cli_evidence *evidence, const char *lead, FILE *out);

/* Where a capture comes from: a paragraph of --help. cli_evidence_rows are the options. */
#define CLI_EVIDENCE_PLACE                                                                                   \
    "CAPTURE is a pcap or pcapng file, as it is or in gzip or zstd, or - for standard input "                \
    "(tcpdump -w - | iscsirig … -)."

/* Takes an option of these rows; false for any other. */
bool cli_evidence_option(cli_evidence *evidence, int c, const char *value);

/* Where the capture is: one argument, or an interface instead. */
int cli_evidence_place(cli_evidence *evidence, const char *command, int argc, char **argv);

#endif
