/* The words of the language, section by section: one row each. Steps and events have their own files. */
#include "lang.h"

#include "rig/isns_server.h"

#define BARE RIG_SCN_BARE
#define AFTER RIG_SCN_WORD
#define EQUAL RIG_SCN_EQUAL
#define T(type) RIG_SCN_T_##type
#define ROW(id, name, who, what) name, NULL, who, what, id

static const rig_scn_word heads[] = {
    {ROW(LANG_SCENARIO, "scenario", "runner", "names the scenario; stands first"),
     {{"\"TITLE\"", T(WORD), BARE, true, NULL, NULL}}},
    {ROW(LANG_REF, "ref", "runner", "names sections of a document the scenario tests"),
     {{"DOCUMENT SECTION…", T(REST), BARE, true, NULL, NULL}}},
    {ROW(LANG_LEVEL, "level", "runner", "says how binding it is; MUST asks for a must or never line"),
     {{"LEVEL", T(CHOICE), BARE, true, "MUST|SHOULD|MAY|CHOICE", NULL}}},
    {ROW(LANG_TAGS, "tags", "runner", "words to select it by"), {{"TAG…", T(REST), BARE, true, NULL, NULL}}},
    {ROW(LANG_CHOICE, "choice", "runner", "records what we decided where the text leaves room"),
     {{"\"TEXT\"", T(WORD), BARE, true, NULL, NULL}}},
    {ROW(LANG_SEED, "seed", "runner", "seeds to run with besides the standard one"),
     {{"N…", T(REST), BARE, true, NULL, NULL}}},
    {ROW(LANG_NEEDS, "needs", "runner",
         "what the scenario cannot do without; elsewhere it is skipped, with this reason"),
     {{"WHAT", T(CHOICE), BARE, true, "sim|tcp|peer|our-target|our-initiator|writes", NULL}}},
    {ROW(LANG_INCLUDE, "include", "runner", "reads the macros and the target section of another file"),
     {{"\"FILE\"", T(WORD), BARE, true, NULL, NULL}}},
    {ROW(LANG_NETWORK, "network", "network", "section: what happens to packets on the way"), {{0}}},
    {ROW(LANG_LINK, "link", "network", "one more link in the network's chain, see below"),
     {{"SPEC…", T(REST), BARE, true, NULL, NULL}}},
    {ROW(LANG_LATENCY, "latency", "network", "time a packet takes one way"),
     {{"T", T(TIME), BARE, true, NULL, NULL}}},
    {ROW(LANG_TARGET, "target", "target", "section: the simulated target"), {{0}}},
    {ROW(LANG_INITIATOR, "initiator", "engine", "section: the initiator"), {{0}}},
    {ROW(LANG_HBA, "hba", "hba", "section: the adapters"), {{0}}},
    {ROW(LANG_PERSIST, "persist", "hba", "section: persistent logins in the store"), {{0}}},
    {ROW(LANG_IPSEC, "ipsec", "network", "section: what the IPsec peer does"), {{0}}},
    {ROW(LANG_ISNS, "isns", "target", "section: the simulated iSNS server"), {{0}}},
    {ROW(LANG_SWEEP, "sweep", "runner",
         "plays the scenario once for each value; several sweeps give every combination"),
     {{"NAME in [VALUE, …] | [A..B]", T(REST), BARE, true, NULL, NULL}}},
    {ROW(LANG_WHEN, "when", "runner",
         "the must, never, trace and play lines below count only in cases that fulfil it"),
     {{"CONDITION", T(REST), BARE, true, NULL, NULL}}},
    {ROW(LANG_RUN, "run", "runner", "section: the steps of the host"), {{0}}},
    {ROW(LANG_PLAY, "play", "player", "section: PDUs sent and expected literally, by that side"),
     {{"SIDE", T(CHOICE), BARE, true, "initiator|target", NULL},
      {"loose", T(FLAG), AFTER, false, NULL, NULL}}},
    {ROW(LANG_MUST, "must", "matcher", "a requirement, written by hand"),
     {{"CLAUSE [; CLAUSE…] [IDS]", T(REST), BARE, true, NULL, NULL}}},
    {ROW(LANG_NEVER, "never", "matcher", "a prohibition, written by hand"),
     {{"LINE [after LINE] [before LINE] [IDS]", T(REST), BARE, true, NULL, NULL}}},
    {ROW(LANG_TRACE, "trace", "matcher", "section: what was recorded; bless may rewrite it"),
     {{"some", T(FLAG), AFTER, false, NULL, NULL}, {"when", T(REST), AFTER, false, "CONDITION", NULL}}},
    {ROW(LANG_MACRO, "macro", "runner", "section: named trace lines with parameters"),
     {{"NAME [$PARAMETER…]", T(REST), BARE, true, NULL, NULL},
      {"with", T(REST), AFTER, false, "NAME[=PATTERN]…", NULL}}},
};

static const rig_scn_word networks[] = {
    {ROW(LANG_LINK, "link", "network", "one more link in the network's chain, see below"),
     {{"SPEC…", T(REST), BARE, true, NULL, NULL}}},
    {ROW(LANG_LATENCY, "latency", "network", "time a packet takes one way"),
     {{"T", T(TIME), BARE, true, NULL, NULL}}},
};

#define IDENTITY                                                                                             \
    {"user", T(WORD), EQUAL, false, NULL, NULL}, {"secret", T(WORD), EQUAL, false, NULL, NULL},              \
        {"target-user", T(WORD), EQUAL, false, NULL, NULL},                                                  \
    {                                                                                                        \
        "target-secret", T(WORD), EQUAL, false, NULL, NULL                                                   \
    }

static const rig_scn_word targets[] = {
    {ROW(LANG_PORTAL, "portal", "target", "an address the target listens on"),
     {{"ADDR:PORT", T(PORTAL), BARE, true, NULL, NULL},
      {"group", T(NUMBER), AFTER, false, NULL, NULL},
      {"name", T(WORD), AFTER, false, NULL, NULL},
      {"advertised", T(PORTAL), AFTER, false, "HOST:PORT", NULL},
      {"absent", T(FLAG), AFTER, false, NULL, NULL}}},
    {ROW(LANG_NODE, "node", "target",
         "a target node; host, lun, offer, refuse and groups below belong to it"),
     {{"IQN", T(NAME), BARE, true, NULL, NULL},
      {"alias", T(WORD), AFTER, false, NULL, NULL},
      {"chap", T(FLAG), AFTER, false, NULL, NULL},
      IDENTITY}},
    {ROW(LANG_NODES, "nodes", "target",
         "as many nodes, named IQN0, IQN1 …; lun and the like below belong to each"),
     {{"COUNT", T(NUMBER), BARE, true, NULL, NULL}, {"prefix", T(NAME), AFTER, true, NULL, NULL}}},
    {ROW(LANG_HOST, "host", "target", "an identity that only this initiator may use, at the node above"),
     {{"IQN", T(NAME), BARE, true, NULL, NULL}, {"chap", T(FLAG), AFTER, true, NULL, NULL}, IDENTITY}},
    {ROW(LANG_DISCOVERY, "discovery", "target", "what discovery sessions authenticate with"),
     {{"chap", T(FLAG), AFTER, true, NULL, NULL}, IDENTITY}},
    {ROW(LANG_LUN, "lun", "target", "a logical unit of the node above"),
     {{"N", T(NUMBER), BARE, true, NULL, NULL},
      {"KIND", T(CHOICE), BARE, true, "ram|pattern|null", NULL},
      {"SIZE", T(SIZE), BARE, true, NULL, NULL},
      {"block", T(SIZE), AFTER, false, NULL, NULL},
      {"removable", T(FLAG), AFTER, false, NULL, NULL},
      {"empty", T(FLAG), AFTER, false, NULL, NULL},
      {"read-only", T(FLAG), AFTER, false, NULL, NULL},
      {"protection", T(NUMBER), AFTER, false, NULL, NULL},
      {"sanitize", T(TIME), AFTER, false, NULL, NULL},
      {"serial", T(NUMBER), AFTER, false, NULL, NULL}}},
    {ROW(LANG_ERROR, "error", "target",
         "commands to the lun above end in this; the first error that fits counts"),
     {{"COMMAND", T(WORD), BARE, true, "COMMAND|any", NULL},
      {"lba", T(WORD), AFTER, false, "N[..N]", NULL},
      {"nth", T(NUMBER), AFTER, false, NULL, NULL},
      {"every", T(NUMBER), AFTER, false, NULL, NULL},
      {"after", T(NUMBER), AFTER, false, NULL, NULL},
      {"count", T(NUMBER), AFTER, false, NULL, NULL},
      {"medium-error", T(FLAG), AFTER, false, NULL, NULL},
      {"busy", T(FLAG), AFTER, false, NULL, NULL},
      {"task-set-full", T(FLAG), AFTER, false, NULL, NULL},
      {"reservation-conflict", T(FLAG), AFTER, false, NULL, NULL},
      {"unit-attention", T(FLAG), AFTER, false, NULL, NULL},
      {"sense", T(WORD), AFTER, false, "KEY/ASC/ASCQ", NULL}}},
    {ROW(LANG_SHARE, "share", "target",
         "LUN N of the node above is LUN M of that other node above it: two paths"),
     {{"N", T(NUMBER), BARE, true, NULL, NULL},
      {"IQN", T(NAME), BARE, true, NULL, NULL},
      {"M", T(NUMBER), BARE, true, NULL, NULL}}},
    {ROW(LANG_OFFER, "offer", "target",
         "keys the node above accepts; of every node when it stands before the first"),
     {{"KEY=VALUE…", T(PAIRS), BARE, true, NULL, NULL}}},
    {ROW(LANG_REFUSE, "refuse", "target", "logins to the node above fail with this status"),
     {{"LOGIN-STATUS", T(NAMED), BARE, true, NULL, &rig_names_login_status}}},
    {ROW(LANG_ALLOW, "allow", "target", "only this initiator, and others allowed, may use the node above"),
     {{"IQN", T(NAME), BARE, true, NULL, NULL}}},
    {ROW(LANG_INITIATORS, "initiators", "target",
         "so many initiators at most have sessions with the node above; others get the status, or 03/02"),
     {{"N", T(NUMBER), BARE, true, NULL, NULL},
      {"refuse", T(NAMED), AFTER, false, "LOGIN-STATUS", &rig_names_login_status}}},
    {ROW(LANG_REDIRECT, "redirect", "target",
         "logins to the node above are sent to this address, to several in turn; from portals of that group "
         "only"),
     {{"HOST:PORT", T(PORTAL), BARE, true, NULL, NULL},
      {"from", T(NUMBER), AFTER, false, "GROUP", NULL},
      {"permanent", T(FLAG), AFTER, false, NULL, NULL}}},
    {ROW(LANG_GROUPS, "groups", "target", "portal groups the node above is shown on"),
     {{"N…", T(REST), BARE, true, NULL, NULL}}},
    {ROW(LANG_FAULT, "fault", "target", "a deviation that is on from the start"),
     {{"FAULT", T(FAULT), BARE, true, NULL, NULL}}},
    {ROW(LANG_WINDOW, "window", "target", "commands a session may queue"),
     {{"N", T(NUMBER), BARE, true, NULL, NULL}}},
    {ROW(LANG_NO_COLLAPSE, "no-phase-collapse", "target", "status never travels in the last Data-In"), {{0}}},
    {ROW(LANG_NEXUS_LOSS, "nexus-loss-attention", "target",
         "a reinstated session begins with a unit attention 29/07"),
     {{0}}},
    {ROW(LANG_T_LOGIN_TIMEOUT, "login-timeout", "target", "time a login may take"),
     {{"T", T(TIME), BARE, true, NULL, NULL}}},
    {ROW(LANG_NOP_INTERVAL, "nop-interval", "target", "silence after which the target pings"),
     {{"T", T(TIME), BARE, true, NULL, NULL}}},
    {ROW(LANG_ON, "on", "target", "a rule: what the target does for a PDU it receives"),
     {{"PDU [FIELD=VALUE…] [nth N | every N | after N] do ACTION[, ACTION…]", T(REST), BARE, true, NULL,
       NULL}}},
};

#define ANSWER_ARGS                                                                                          \
    {                                                                                                        \
        {                                                                                                    \
            "PDU [FIELD=VALUE…] [KEY=VALUE…] [data DATA] [fault FAULT [bit N] [number N]]", T(REST), BARE,   \
                true, NULL, NULL                                                                             \
        }                                                                                                    \
    }

static const rig_scn_word actions[] = {
    {ROW(LANG_REPLY, "reply", "target",
         "sends this instead of the right answer; with a fault alone, the right answer with it"),
     ANSWER_ARGS},
    {ROW(LANG_SEND, "send", "target", "sends this before the right answer"), ANSWER_ARGS},
    {ROW(LANG_DROP, "drop", "target", "ignores the PDU as if it had never come"), {{0}}},
    {ROW(LANG_DELAY, "delay", "target", "answers that much later"), {{"T", T(TIME), BARE, true, NULL, NULL}}},
    {ROW(LANG_HOLD, "hold", "target", "answers when the step `target release NAME` comes"),
     {{"until", T(WORD), AFTER, true, "NAME", NULL}}},
    {ROW(LANG_A_FAULT, "fault", "target", "the answer has this deviation"),
     {{"FAULT", T(FAULT), BARE, true, NULL, NULL},
      {"bit", T(NUMBER), AFTER, false, NULL, NULL},
      {"number", T(NUMBER), AFTER, false, NULL, NULL}}},
    {ROW(LANG_SET, "set", "target", "a field of the answer becomes this"),
     {{"[PDU] FIELD=VALUE", T(REST), BARE, true, NULL, NULL}}},
    {ROW(LANG_CORRUPT, "corrupt", "target", "inverts a byte of the answer's data behind the digest's back"),
     {{"byte", T(NUMBER), AFTER, false, NULL, NULL}}},
    {ROW(LANG_CLOSE, "close", "target", "ends the connection with a FIN instead of answering"), {{0}}},
    {ROW(LANG_RESET, "reset", "target", "ends the connection with a RST instead of answering"), {{0}}},
    {ROW(LANG_RAW, "raw", "target", "sends these bytes instead of the right answer"),
     {{"HEX", T(HEX), BARE, true, NULL, NULL}}},
};

static const rig_scn_word initiators[] = {
    {ROW(LANG_NAME, "name", "engine", "its iSCSI name"), {{"IQN", T(NAME), BARE, true, NULL, NULL}}},
    {ROW(LANG_I_ALIAS, "alias", "engine", "its alias"), {{"\"TEXT\"", T(WORD), BARE, true, NULL, NULL}}},
    {ROW(LANG_I_OFFER, "offer", "engine",
         "keys it offers and accepts; KEY=omit does not offer it, *=omit none but those behind it"),
     {{"KEY=VALUE…", T(PAIRS), BARE, true, NULL, NULL}}},
    {ROW(LANG_ISID, "isid", "engine", "its ISID, six bytes"), {{"HEX", T(HEX), BARE, true, NULL, NULL}}},
    {ROW(LANG_CMDSN, "cmdsn", "engine", "its first CmdSN"), {{"N", T(NUMBER), BARE, true, NULL, NULL}}},
    {ROW(LANG_I_LOGIN_TIMEOUT, "login-timeout", "engine", "time a login may take"),
     {{"T", T(TIME), BARE, true, NULL, NULL}}},
    {ROW(LANG_COMMAND_TIMEOUT, "command-timeout", "engine", "time a command may take before it is aborted"),
     {{"T", T(TIME), BARE, true, NULL, NULL}}},
    {ROW(LANG_NOOP_INTERVAL, "noop-interval", "engine", "silence after which it pings; 0 = never"),
     {{"T", T(TIME), BARE, true, NULL, NULL}}},
    {ROW(LANG_NOOP_TIMEOUT, "noop-timeout", "engine", "time a ping's answer may take"),
     {{"T", T(TIME), BARE, true, NULL, NULL}}},
    {ROW(LANG_RECOVERY_TIMEOUT, "recovery-timeout", "engine",
         "time until what a SNACK asked for has to come, and until a command that was not acknowledged goes "
         "again"),
     {{"T", T(TIME), BARE, true, NULL, NULL}}},
    {ROW(LANG_RECONNECT, "reconnect", "engine", "whether a lost session is logged in again"),
     {{"yes|no", T(YES_NO), BARE, true, NULL, NULL}}},
    {ROW(LANG_ARCHITECTURE, "node-architecture", "engine", "whether it declares X#NodeArchitecture"),
     {{"yes|no", T(YES_NO), BARE, true, NULL, NULL}}},
    {ROW(LANG_STAGE, "stage", "engine", "where its login starts"),
     {{"STAGE", T(CHOICE), BARE, true, "security|operational", NULL}}},
    {ROW(LANG_I_AUTH, "auth", "engine", "its credentials"),
     {{"METHOD", T(CHOICE), BARE, true, "CHAP|None", NULL},
      {"user", T(WORD), EQUAL, false, NULL, NULL},
      {"secret", T(WORD), EQUAL, false, NULL, NULL},
      {"target-user", T(WORD), EQUAL, false, NULL, NULL},
      {"target-secret", T(WORD), EQUAL, false, NULL, NULL},
      {"algorithms", T(WORD), EQUAL, false, NULL, NULL},
      {"challenge-length", T(NUMBER), EQUAL, false, NULL, NULL},
      {"hold-transit", T(YES_NO), EQUAL, false, NULL, NULL},
      {"ipsec", T(YES_NO), EQUAL, false, NULL, NULL}}},
};

static const rig_scn_word hbas[] = {
    {ROW(LANG_ADAPTER, "adapter", "hba",
         "an adapter of the machine, what is odd about it, and what its IPsec can do"),
     {{"NAME", T(WORD), BARE, true, NULL, NULL},
      {"kind", T(CHOICE), AFTER, true, "software|hardware", NULL},
      {"quirk", T(WORD), AFTER, false, "ROW", NULL},
      {"ipsec", T(FLAG), AFTER, false, NULL, NULL},
      {"aggressive", T(FLAG), AFTER, false, NULL, NULL},
      {"tunnel", T(FLAG), AFTER, false, NULL, NULL}}},
    {ROW(LANG_ADAPTER_PORT, "port", "hba",
         "a port of the adapter above: its address, the bits of its network, no link yet"),
     {{"ADDRESS/BITS", T(PREFIX), BARE, true, NULL, NULL},
      {"down", T(FLAG), AFTER, false, NULL, NULL},
      {"strict-gateway", T(FLAG), AFTER, false, NULL, NULL}}},
    {ROW(LANG_IN_FORCE, "policy", "hba",
         "what an administrator has set between a port of the adapter above and a portal"),
     {{"ADDR:PORT", T(PORTAL), BARE, true, NULL, NULL},
      {"PROTECTION", T(CHOICE), BARE, true, "plain|ipsec", NULL},
      {"port", T(NUMBER), AFTER, false, NULL, NULL},
      {"aggressive", T(FLAG), AFTER, false, NULL, NULL},
      {"pfs", T(FLAG), AFTER, false, NULL, NULL},
      {"tunnel", T(FLAG), AFTER, false, NULL, NULL}}},
    {ROW(LANG_BOOTS, "boots", "hba",
         "a login that the adapter above carries out by itself, before the service starts"),
     {{"PATH=VALUE…", T(MEMBERS), BARE, true, NULL, NULL}}},
    {ROW(LANG_TUNE, "tune", "hba", "what an administrator has tuned of the service"),
     {{"default-security", T(WORD), AFTER, false, "FLAG+FLAG…|0xNN", NULL},
      {"login-attempts", T(NUMBER), AFTER, false, NULL, NULL},
      {"login-pause", T(TIME), AFTER, false, NULL, NULL},
      {"network-attempts", T(NUMBER), AFTER, false, NULL, NULL},
      {"network-pause", T(TIME), AFTER, false, NULL, NULL},
      {"device-wait", T(TIME), AFTER, false, NULL, NULL},
      {"boot-parallel", T(NUMBER), AFTER, false, NULL, NULL},
      {"scsi-timeout", T(TIME), AFTER, false, NULL, NULL},
      {"reconnect-pause", T(TIME), AFTER, false, NULL, NULL},
      {"device-hold", T(TIME), AFTER, false, NULL, NULL},
      {"radius-wait", T(TIME), AFTER, false, NULL, NULL},
      {"radius", T(WORD), AFTER, false, "VERDICT+VERDICT…", NULL},
      {"host-name", T(WORD), AFTER, false, NULL, NULL},
      {"no-multipath", T(FLAG), AFTER, false, NULL, NULL},
      {"no-security-change", T(FLAG), AFTER, false, NULL, NULL},
      {"strict-security", T(FLAG), AFTER, false, NULL, NULL}}},
};

static const rig_scn_word persists[] = {
    {ROW(LANG_P_LOGIN, "login", "hba", "a login that is carried out at every start"),
     {{"IQN", T(NAME), BARE, true, NULL, NULL},
      {"at", T(PORTAL), AFTER, false, NULL, NULL},
      {"port", T(WORD), AFTER, false, "any|N", NULL},
      {"flags", T(WORD), AFTER, false, "FLAG+FLAG…|0xNN", NULL},
      {"informational", T(FLAG), AFTER, false, NULL, NULL},
      {"multipath", T(FLAG), AFTER, false, NULL, NULL},
      {"offer", T(PAIRS), AFTER, false, NULL, NULL},
      {"auth", T(CHOICE), AFTER, false, "CHAP|None", NULL},
      {"user", T(WORD), EQUAL, false, NULL, NULL},
      {"secret", T(WORD), EQUAL, false, NULL, NULL},
      {"target-secret", T(WORD), EQUAL, false, NULL, NULL}}},
    {ROW(LANG_P_ROW, "row", "hba", "any row of the store, see below"),
     {{"KIND", T(KIND), BARE, true, NULL, NULL}, {"PATH=VALUE…", T(MEMBERS), BARE, true, NULL, NULL}}},
};

#define X(id, name, meaning, check) "|" name
#define IPSEC_FAULTS "none" RIG_IPSEC_FAULT_ROWS(X)

static const rig_scn_word ipsecs[] = {
    {ROW(LANG_IPSEC_POLICY, "policy", "network",
         "what the peer answers to a security negotiation; required: it drops what comes in the clear"),
     {{"POLICY", T(CHOICE), BARE, true, "grants|refuses", NULL},
      {"required", T(FLAG), AFTER, false, NULL, NULL}}},
    {ROW(LANG_IPSEC_KEY, "key", "network",
         "a pre-shared key of the peer, for an identity or for all others; peer-only: the service has none"),
     {{"SECRET", T(WORD), BARE, true, NULL, NULL},
      {"for", T(WORD), AFTER, false, "ADDRESS|NAME|USER@NAME", NULL},
      {"peer-only", T(FLAG), AFTER, false, NULL, NULL}}},
    {ROW(LANG_IPSEC_PEER, "peer", "network", "what the peer takes; what is not said it takes either way"),
     {{"exchange", T(CHOICE), AFTER, false, "main|aggressive", NULL},
      {"pfs", T(CHOICE), AFTER, false, "always|never", NULL},
      {"encapsulation", T(CHOICE), AFTER, false, "transport|tunnel", NULL}}},
    {ROW(LANG_IPSEC_OFFER, "offer", "network", "what an end offers and takes"),
     {{"SIDE", T(CHOICE), BARE, true, "initiator|target|both", NULL},
      {"esp", T(WORD), AFTER, false, "SUITE+SUITE…", NULL},
      {"ike", T(WORD), AFTER, false, "SUITE+SUITE…", NULL},
      {"group", T(NUMBER), AFTER, false, NULL, NULL},
      {"esn", T(FLAG), AFTER, false, NULL, NULL},
      {"life", T(TIME), AFTER, false, NULL, NULL},
      {"ike-life", T(TIME), AFTER, false, NULL, NULL}}},
    {ROW(LANG_IPSEC_GATEWAY, "gateway", "network", "one more address of the peer, at which tunnels may end"),
     {{"ADDRESS", T(WORD), BARE, true, NULL, NULL}}},
    {ROW(LANG_IPSEC_FAULT, "fault", "network", "an end does this wrong; none for sweeps"),
     {{"FAULT", T(CHOICE), BARE, true, IPSEC_FAULTS, NULL},
      {"of", T(CHOICE), AFTER, false, "initiator|target", NULL}}},
};
#undef X

#define X(id, word, meaning) "|" word
#define ISNS_FAULTS &(RIG_ISNS_FAULT_ROWS(X))[1]

static const rig_scn_word isnss[] = {
    {ROW(LANG_ISNS_AT, "at", "target", "where the server is; has to be given"),
     {{"ADDR:PORT", T(PORTAL), BARE, true, NULL, NULL}}},
    {ROW(LANG_ISNS_NODE, "node", "target",
         "a target that it hands out, where, and who sees it; the same name again is one more portal"),
     {{"IQN", T(NAME), BARE, true, NULL, NULL},
      {"at", T(PORTAL), AFTER, false, NULL, NULL},
      {"alias", T(WORD), AFTER, false, NULL, NULL},
      {"group", T(NUMBER), AFTER, false, NULL, NULL},
      {"null-group", T(FLAG), AFTER, false, NULL, NULL},
      {"flags", T(WORD), AFTER, false, "FLAG+FLAG…|0xNN", NULL},
      {"only", T(NAME), AFTER, false, NULL, NULL},
      {"hidden", T(FLAG), AFTER, false, NULL, NULL}}},
    {ROW(LANG_ISNS_SPLIT, "split", "target", "bytes of payload that a PDU of an answer has at most"),
     {{"N", T(NUMBER), BARE, true, NULL, NULL}}},
    {ROW(LANG_ISNS_PERIOD, "period", "target", "time that a registration lasts"),
     {{"T", T(TIME), BARE, true, NULL, NULL}}},
    {ROW(LANG_ISNS_REFUSE, "refuse", "target", "such a request gets this status"),
     {{"FUNCTION", T(NAMED), BARE, true, NULL, &rig_names_isns_function},
      {"ISNS-STATUS", T(NAMED), BARE, true, NULL, &rig_names_isns_status}}},
    {ROW(LANG_ISNS_FAULT, "fault", "target", "answers to queries are wrong in this way"),
     {{"FAULT", T(CHOICE), BARE, true, ISNS_FAULTS, NULL}}},
};
#undef X

static const rig_scn_word members[] = {
    {ROW(0, "status", "runner", "how the step ended; also meant when no member is named"),
     {{"status", T(OUTCOME), EQUAL, false, NULL, NULL}}},
    {ROW(0, "response", "engine", "iSCSI response of a command, task management function or logout"),
     {{"response", T(OUTCOME), EQUAL, false, NULL, NULL}}},
    {ROW(0, "sense", "engine", "sense key, or KEY/ASC/ASCQ in hex, of a CHECK CONDITION"),
     {{"sense", T(WORD), EQUAL, false, "KEY[/ASC/ASCQ]", NULL}}},
    {ROW(0, "residual", "engine", "bytes the residual count says; negative for an overflow"),
     {{"residual", T(NUMBER), EQUAL, false, NULL, NULL}}},
    {ROW(0, "bidi-residual", "engine", "the same for the read part of a command that goes both ways"),
     {{"bidi-residual", T(NUMBER), EQUAL, false, NULL, NULL}}},
    {ROW(0, "status-qualifier", "engine", "status qualifier of a command (RFC 7144)"),
     {{"status-qualifier", T(NUMBER), EQUAL, false, NULL, NULL}}},
    {ROW(0, "additional", "engine",
         "additional response information of a task management function (RFC 7144)"),
     {{"additional", T(NUMBER), EQUAL, false, NULL, NULL}}},
    {ROW(0, "connections", "engine", "logged-in connections of the session when the step had ended"),
     {{"connections", T(NUMBER), EQUAL, false, NULL, NULL}}},
    {ROW(0, "data-length", "engine", "bytes of data that came"),
     {{"data-length", T(NUMBER), EQUAL, false, NULL, NULL}}},
    {ROW(0, "data-equal", "runner", "whether the data read is what was expected"),
     {{"data-equal", T(YES_NO), EQUAL, false, NULL, NULL}}},
    {ROW(0, "time", "runner", "time the step took"), {{"time", T(TIME), EQUAL, false, NULL, NULL}}},
    {ROW(0, "count", "runner", "entries of a list"), {{"count", T(NUMBER), EQUAL, false, NULL, NULL}}},
    {ROW(0, "target", "engine", "a session's target name"), {{"target", T(WORD), EQUAL, false, NULL, NULL}}},
    {ROW(0, "portal", "engine", "a session's portal, ADDR:PORT"),
     {{"portal", T(WORD), EQUAL, false, NULL, NULL}}},
    {ROW(0, "tsih", "engine", "a session's handle"), {{"tsih", T(NUMBER), EQUAL, false, NULL, NULL}}},
    {ROW(0, "group", "engine", "a session's portal group tag"),
     {{"group", T(NUMBER), EQUAL, false, NULL, NULL}}},
    {ROW(0, "text", "engine", "keys that answered a text step, joined by blanks"),
     {{"text", T(WORD), EQUAL, false, NULL, NULL}}},
    {ROW(0, "login-failure", "engine", "the counter of its node that the last failed login was counted by"),
     {{"login-failure", T(WORD), EQUAL, false, "other|redirect|auth|authorize|authenticate|negotiate|none",
       NULL}}},
    {ROW(0, "login-failure-portal", "engine", "where that login was tried, ADDR:PORT"),
     {{"login-failure-portal", T(WORD), EQUAL, false, "ADDR:PORT", NULL}}},
    {ROW(0, "ssn-failure", "engine", "the counter of its node that the last lost session was counted by"),
     {{"ssn-failure", T(WORD), EQUAL, false, "digest|timeout|format|none", NULL}}},
#define RIG_SCN_COUNTER(name, whose, field, what)                                                            \
    {ROW(0, name, "engine", what), {{name, T(NUMBER), EQUAL, false, NULL, NULL}}},
#include "rig/scn_counters.def"
};

/* Besides these, every rig_status name and every named SCSI, task management, login, logout and reject
 * status. */
static const rig_scn_word outcomes[] = {
    {ROW(0, "delivery-failure", "engine", "the connection went before the command ended (RFC 7143 7.1.4.4)"),
     {{0}}},
    {ROW(0, "security", "hba", "a security policy stood in the way"), {{0}}},
    {ROW(0, "different", "runner", "the data is not what was expected"), {{0}}},
    {ROW(0, "logout", "engine", "a logout ended it"), {{0}}},
    {ROW(0, "unknown", "pcap", "the capture does not tell"), {{0}}},
};

static const rig_scn_word virtuals[] = {
#define X(id, name, form, pdus, max, what)                                                                   \
    {ROW(0, name, "pcap", what), {{name, T(WORD), EQUAL, true, form, NULL}}},
    RIG_VIRTUAL_ROWS(X)
#undef X
};

static const rig_scn_word marks[] = {
#define X(id, name, what, without) {ROW(0, name, "pcap", what), {{0}}},
    RIG_MARK_ROWS(X)
#undef X
};

#define ROWS(table)                                                                                          \
    {                                                                                                        \
        table, sizeof(table) / sizeof(table[0])                                                              \
    }

const rig_scn_word *rig_scn_words(rig_scn_group group, size_t *out_num)
{
    static const struct {
        const rig_scn_word *rows;
        size_t num;
    } groups[RIG_SCN_GROUPS] = {
        [RIG_SCN_G_HEAD] = ROWS(heads),           [RIG_SCN_G_NETWORK] = ROWS(networks),
        [RIG_SCN_G_TARGET] = ROWS(targets),       [RIG_SCN_G_ACTION] = ROWS(actions),
        [RIG_SCN_G_INITIATOR] = ROWS(initiators), [RIG_SCN_G_HBA] = ROWS(hbas),
        [RIG_SCN_G_PERSIST] = ROWS(persists),     [RIG_SCN_G_IPSEC] = ROWS(ipsecs),
        [RIG_SCN_G_ISNS] = ROWS(isnss),           [RIG_SCN_G_MEMBER] = ROWS(members),
        [RIG_SCN_G_OUTCOME] = ROWS(outcomes),     [RIG_SCN_G_VIRTUAL] = ROWS(virtuals),
        [RIG_SCN_G_MARK] = ROWS(marks),
    };
    *out_num = 0;
    if ((unsigned)group >= RIG_SCN_GROUPS)
        return NULL;
    if (group == RIG_SCN_G_STEP || group == RIG_SCN_G_EVENT) {
        *out_num = group == RIG_SCN_G_STEP ? lang_num_steps : lang_num_events;
        return group == RIG_SCN_G_STEP ? lang_steps : lang_events;
    }
    *out_num = groups[group].num;
    return groups[group].rows;
}

bool lang_is_section(uint32_t head_word)
{
    static const uint32_t sections = 1u << LANG_NETWORK | 1u << LANG_TARGET | 1u << LANG_INITIATOR |
                                     1u << LANG_HBA | 1u << LANG_PERSIST | 1u << LANG_IPSEC |
                                     1u << LANG_ISNS | 1u << LANG_WHEN | 1u << LANG_RUN | 1u << LANG_PLAY |
                                     1u << LANG_TRACE | 1u << LANG_MACRO;
    return sections >> head_word & 1;
}

const rig_scn_word *lang_word_find(rig_scn_group group, rig_view name)
{
    size_t num;
    const rig_scn_word *words = rig_scn_words(group, &num);
    for (size_t i = 0; i < num; i++)
        if (rig_view_is(name, words[i].name) || (words[i].alias && rig_view_is(name, words[i].alias)))
            return &words[i];
    return NULL;
}

const rig_scn_word *lang_word_take(lang_parser *p, lang_cursor *c, rig_scn_group group)
{
    rig_view first = lang_peek(p, c);
    lang_cursor behind = {c->at + 1, c->end};
    rig_view second = lang_peek(p, &behind);
    char both[64];
    rig_text text;
    rig_text_init(&text, both, sizeof(both));
    rig_text_view(&text, first);
    rig_text_add(&text, " ");
    rig_text_view(&text, second);
    const rig_scn_word *word = text.cut ? NULL : lang_word_find(group, rig_view_of(both, text.len));
    if (word) {
        *c = (lang_cursor){behind.at + 1, c->end};
        return word;
    }
    word = lang_word_find(group, first);
    if (word)
        c->at++;
    return word;
}

/* ---- how rows are written ---- */

static const char *const displays[] = {
    [T(FLAG)] = "",
    [T(NUMBER)] = "N",
    [T(SIZE)] = "SIZE",
    [T(TIME)] = "T",
    [T(YES_NO)] = "yes|no",
    [T(WORD)] = "TEXT",
    [T(CHOICE)] = "WORD",
    [T(NAME)] = "IQN",
    [T(PORTAL)] = "ADDR:PORT",
    [T(PAIRS)] = "KEY=VALUE…",
    [T(HEX)] = "HEX",
    [T(CDB)] = "COMMAND [FIELD=N…]",
    [T(DATA)] = "DATA",
    [T(RESULT)] = "$x",
    [T(FAULT)] = "FAULT",
    [T(NAMED)] = "NAME",
    [T(EVENTS)] = "EVENT",
    [T(REST)] = "TEXT",
    [T(OUTCOME)] = "STATUS",
    [T(TEXT)] = "TEXT",
    [T(CALL)] = "CALL",
    [T(KIND)] = "KIND",
    [T(MEMBERS)] = "PATH=VALUE…",
    [T(PATH)] = "PATH",
    [T(CODE)] = "CODE",
    [T(VALUE)] = "VALUE",
    [T(PREFIX)] = "ADDRESS/BITS",
};

static void print_arg(rig_text *out, const rig_scn_arg_row *arg, bool first)
{
    const char *value = arg->choices ? arg->choices : displays[arg->type];
    rig_text_add(out, "%s%s", first ? "" : " ", arg->required ? "" : "[");
    if (arg->form == BARE)
        rig_text_add(out, "%s", arg->choices ? arg->choices : arg->name);
    else if (arg->type == T(FLAG))
        rig_text_add(out, "%s", arg->name);
    else
        rig_text_add(out, "%s%s%s", arg->name, arg->form == EQUAL ? "=" : " ", value);
    rig_text_add(out, arg->required ? "" : "]");
}

void rig_scn_word_grammar(rig_text *out, const rig_scn_word *word)
{
    bool itself = word->args[0].required && strcmp(word->args[0].name, word->name) == 0;
    rig_text_add(out, "%s", itself ? "" : word->name);
    for (size_t i = 0; i < RIG_SCN_ARGS_MAX && word->args[i].name; i++)
        print_arg(out, &word->args[i], itself);
    for (size_t i = 0; i < lang_num_steps; i++)
        if (word == &lang_steps[i] && lang_step_has_result((rig_scn_step_id)i))
            rig_text_add(out, " [-> $x]");
}
