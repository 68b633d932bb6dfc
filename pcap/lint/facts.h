/* Words that the conditions of labels may have. */
#ifndef PCAP_LINT_FACTS_H
#define PCAP_LINT_FACTS_H

#include "lint.h"

#include "rig/mutate.h"

/* FACT(identifier, word): what each says of an item */
#define FACTS(X)                                                                                             \
    X(FULL, "full")                     /* its connection is in full feature phase */                        \
    X(FIRST, "first")                   /* the first PDU of its sender on the connection */                  \
    X(LAST, "last")                     /* the last one */                                                   \
    X(LAST_STATUS, "last-status")       /* no status follows on the connection */                            \
    X(LAST_NUMBERED, "last-numbered")   /* no request with a CmdSN of its own follows in the session */      \
    X(RECOVERS, "recovers")             /* ErrorRecoveryLevel above 0 */                                     \
    X(LEVEL_2, "level-2")               /* ErrorRecoveryLevel 2 */                                           \
    X(SEVERAL, "several")               /* more than one connection was agreed on */                         \
    X(DISCOVERY, "discovery")           /* of a discovery session */                                         \
    X(LEADING, "leading")               /* of the connection that led its session */                         \
    X(READ, "read")                     /* its command reads */                                              \
    X(WRITE, "write")                   /* its command writes */                                             \
    X(IMMEDIATE, "immediate")           /* its command is immediate */                                       \
    X(ANSWERED, "answered")             /* the other side sends something with its tag later */              \
    X(MORE, "more")                     /* its sender sends another PDU of the kind with the tag later */    \
    X(HEARD, "heard")                   /* the other side sends anything later on the connection */          \
    X(R2T, "asked")                     /* R2Ts come for its command */                                      \
    X(PROTOCOL_2, "protocol-2")         /* iSCSIProtocolLevel 2 or higher */                                 \
    X(CDB_16, "cdb-16")                 /* its CDB has no padding */                                         \
    X(GOOD, "good")                     /* its command ends with GOOD */                                     \
    X(EDGE, "edge")                     /* it alone opens the window for a later request */                  \
    X(NAMED, "named")                   /* a later function names its task */                                \
    X(REFUSED, "refused")               /* the login of its connection does not succeed */                   \
    X(PING_ANSWERED, "ping-answered")   /* the initiator answers it by its TTT */                            \
    X(SHUT, "shut")                     /* its window is shut: MaxCmdSN is ExpCmdSN - 1 */                   \
    X(ACKS_ALL, "acks-all")             /* its ExpCmdSN is the first CmdSN that was not sent */              \
    X(ACKS_OWN, "acks-own")             /* its ExpCmdSN is the one behind its own command's */               \
    X(NEXT_IMMEDIATE, "next-immediate") /* the session's next request is immediate */                        \
    X(ANY_ORDER, "any-order")           /* DataSequenceInOrder=No or DataPDUInOrder=No */                    \
    X(FIRST_IMMEDIATE_DATA, "no-initial-r2t") /* InitialR2T=No */                                            \
    X(AGAIN, "again")                         /* another PDU of its sender has its kind, tag and CmdSN */

enum {
#define X(id, word) FACT_BIT_##id,
    FACTS(X)
#undef X
};

enum {
#define X(id, word) FACT_##id = 1 << FACT_BIT_##id,
    FACTS(X)
#undef X
};

bool facts_has_status(const rig_item *item);
bool facts_numbered(const rig_item *item);

#endif
