/* What can happen besides PDUs: one row each, in the order of RIG_SCN_EVENT_ROWS. */
#include "lang.h"

#define BARE RIG_SCN_BARE
#define AFTER RIG_SCN_WORD
#define EQUAL RIG_SCN_EQUAL
#define T(type) RIG_SCN_T_##type
#define ROW(id, name, who, what) name, NULL, who, what, RIG_SCN_EV_##id
#define ARG(name, type)                                                                                      \
    {                                                                                                        \
        name, T(type), EQUAL, false, NULL, NULL                                                              \
    }
#define TO_TARGET ARG("to-target", YES_NO)
#define SAID ARG("error", TEXT)
#define ENDS                                                                                                 \
    {                                                                                                        \
        "by", T(WORD), AFTER, false, "initiator|target", NULL                                                \
    }

const rig_scn_word lang_events[] = {
    {ROW(CONNECT, "connect", "pcap", "a TCP connection was opened"),
     {{"ADDR:PORT", T(WORD), BARE, false, NULL, NULL}}},
    {ROW(MIDSTREAM, "midstream", "pcap", "the capture begins inside a TCP connection"),
     {{"ADDR:PORT", T(WORD), BARE, false, NULL, NULL}}},
    {ROW(CLOSE, "close", "pcap, engine", "a TCP connection ended"),
     {ARG("reason", OUTCOME), {"by", T(CHOICE), AFTER, false, "initiator|target|network", NULL}, SAID}},
    {ROW(SESSION_UP, "session up", "engine", "a session reached its full feature phase"),
     {ARG("target", WORD), ARG("persistent", YES_NO)}},
    {ROW(SESSION_DOWN, "session down", "engine", "a session is gone"),
     {ARG("target", WORD), ARG("reason", OUTCOME), ARG("again", YES_NO)}},
    {ROW(COMPLETE, "complete", "engine", "a command ended towards the host"),
     {ARG("ITT", NUMBER), ARG("status", OUTCOME)}},
    {ROW(NEXUS_LOSS, "nexus-loss notice", "engine", "the SCSI layer was told that the nexus was lost"),
     {ARG("target", WORD), ARG("reason", OUTCOME)}},
    {ROW(LOGIN_FAILED, "login-failed", "engine", "a login ended without a session"),
     {ARG("target", WORD), ARG("status", OUTCOME), ARG("again", YES_NO), SAID}},
    {"refused",
     "session refused",
     "hba",
     "the adapter refused to open a session",
     RIG_SCN_EV_REFUSED,
     {ARG("target", WORD), ARG("reason", OUTCOME)}},
    {ROW(TARGET_FOUND, "target-found", "engine", "discovery found a target"),
     {ARG("name", WORD), ARG("address", WORD)}},
    {ROW(NOP_IN, "nop-in", "engine", "the target pinged"), {{0}}},
    {ROW(ASYNC, "async", "engine", "an asynchronous message came"),
     {{"event", T(NAMED), EQUAL, false, NULL, &rig_names_async_event}}},
    {ROW(REJECT, "reject", "engine", "the target rejected a PDU"),
     {{"reason", T(NAMED), EQUAL, false, NULL, &rig_names_reject_reason}}},
    {ROW(RECOVERED, "recovered", "engine", "what a failed connection left goes on elsewhere, or is closed"),
     {ARG("target", WORD)}},
    {ROW(IGNORED, "ignored", "engine", "something wrong was survived"), {ARG("reason", OUTCOME), SAID}},
    {ROW(TRANSITION, "transition", "engine, target", "a state machine went from one state to another"),
     {{"NAME", T(WORD), BARE, false, NULL, NULL}, ARG("from", WORD), ARG("to", WORD)}},
    {ROW(GAP, "gap", "pcap", "the capture lacks bytes of a connection"), {ARG("bytes", NUMBER), TO_TARGET}},
    {ROW(RESYNC, "resync", "pcap", "PDUs were found again behind a gap, garbage or midstream"),
     {ARG("offset", NUMBER), ARG("skipped", NUMBER), TO_TARGET}},
    {ROW(GARBAGE, "garbage", "pcap", "bytes that are no PDU"),
     {ARG("offset", NUMBER), TO_TARGET, {"hex:…", T(WORD), BARE, false, NULL, NULL}}},
    {ROW(TRUNCATED, "truncated", "pcap", "a connection ended inside a PDU"),
     {ARG("offset", NUMBER), ARG("have", NUMBER), TO_TARGET}},
    {ROW(FRAGMENT, "fragment", "pcap", "fragments of an IP packet with TCP could not be put together"),
     {{"ADDR", T(WORD), BARE, false, NULL, NULL}, {"to", T(WORD), AFTER, false, "ADDR", NULL}}},
    {ROW(IPSEC_REQUEST, "ipsec-request", "hba", "the adapter asked for a security association"),
     {ARG("peer", WORD), ARG("mode", WORD), ARG("phase1", WORD), ARG("pfs", WORD)}},
    {ROW(IPSEC_UP, "ipsec-up", "network", "the adapter's side has both ESP SAs of a connection"),
     {ARG("peer", WORD), ARG("mode", WORD), ARG("phase1", WORD), ARG("pfs", WORD)}},
    {ROW(IPSEC_FAILED, "ipsec-failed", "network",
         "the adapter's side has to do without: nothing was connected"),
     {ARG("peer", WORD), SAID}},
    {ROW(IPSEC_DELETED, "ipsec-deleted", "network", "an SA of the adapter's side is over"),
     {ARG("peer", WORD)}},
    {ROW(IPSEC_FINDING, "ipsec-finding", "pcap",
         "a second reading of the capture finds a fact about IPsec otherwise than was asked for"),
     {ARG("fact", WORD), ARG("wanted", WORD), ARG("seen", WORD), ARG("frame", NUMBER)}},
    {ROW(IPSEC_REFUSED, "ipsec-refused", "network", "an end did not take an IKE message or a packet"),
     {{"SIDE", T(WORD), BARE, false, "initiator|target", NULL}, SAID}},
    {ROW(IKE, "ike", "pcap", "a second reading of the capture sees a message of IKE"),
     {ARG("exchange", WORD), ARG("message", NUMBER), ENDS, ARG("encrypted", WORD), ARG("again", WORD),
      ARG("payloads", WORD), ARG("transforms", WORD), ARG("group", NUMBER), ARG("encapsulation", WORD),
      ARG("identities", WORD), ARG("notify", WORD), ARG("deletes", WORD)}},
    {ROW(ESP, "esp", "pcap", "a second reading of the capture sees an ESP packet"),
     {ENDS, ARG("spi", NUMBER), ARG("sequence", NUMBER), ARG("next-header", WORD), ARG("icv", WORD),
      ARG("from", WORD), ARG("to", WORD)}},
    {ROW(BREACH, "breach", "pcap",
         "lint finds that a side broke a rule; told at the end, where a line asks for it"),
     {ARG("rule", WORD), {"by", T(CHOICE), AFTER, false, "initiator|target", NULL}, ARG("frame", NUMBER)}},
    {ROW(ARRIVED, "device arrived", "hba", "the operating system is shown a device"),
     {ARG("target", WORD), ARG("lun", NUMBER), ARG("device", WORD)}},
    {ROW(REMOVED, "device removed", "hba", "a device is taken from the operating system"),
     {ARG("target", WORD), ARG("lun", NUMBER), ARG("device", WORD)}},
    {ROW(READY, "service ready", "hba",
         "every kept login is up, late, refused or given up, and every bound device there or waited for"),
     {ARG("code", CODE)}},
    {ROW(LOGIN_LATE, "login-late", "hba", "the start waits no more for a kept login, which goes on"),
     {ARG("target", WORD), ARG("code", CODE), SAID}},
    {ROW(LOGIN_GIVEN_UP, "login-given-up", "hba", "a kept login is not tried again"),
     {ARG("target", WORD), ARG("code", CODE), SAID}},
    {ROW(TARGETS_CHANGED, "targets-changed", "hba", "targets were found, or are gone"), {{0}}},
    {ROW(SECURITY, "security", "hba", "one step of a security decision"), {ARG("step", WORD)}},
    {ROW(ISNS, "isns", "target", "the iSNS server answered a request, or a client answered one of its own"),
     {ARG("function", WORD),
      ARG("node", WORD),
      ARG("status", WORD),
      {"by", T(WORD), AFTER, false, "client|server", NULL}}},
};

const size_t lang_num_events = sizeof(lang_events) / sizeof(lang_events[0]);

const rig_scn_word *rig_scn_event_find(rig_view name)
{
    return lang_word_find(RIG_SCN_G_EVENT, name);
}

/* The next word of an event's arguments: quotes protect blanks. */
static rig_view next_word(rig_view *rest)
{
    while (rest->len > 0 && rest->ptr[0] == ' ')
        *rest = rig_view_sub(*rest, 1, rest->len);
    size_t end = 0;
    bool quoted = false;
    for (; end < rest->len && (quoted || rest->ptr[end] != ' '); end++)
        quoted ^= rest->ptr[end] == '"';
    rig_view word = rig_view_sub(*rest, 0, end);
    *rest = rig_view_sub(*rest, end, rest->len);
    return word;
}

static rig_view bare(rig_view value)
{
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        return rig_view_sub(value, 1, value.len - 2);
    return value;
}

static bool is_keyword(const rig_scn_word *row, rig_view word)
{
    for (size_t i = 0; i < RIG_SCN_ARGS_MAX && row->args[i].name; i++)
        if (row->args[i].form == AFTER && rig_view_is(word, row->args[i].name))
            return true;
    return false;
}

bool rig_scn_event_arg(const rig_scn_word *row, const rig_scn_arg_row *arg, rig_view args,
                       rig_view *out_value)
{
    for (rig_view rest = args, word; (word = next_word(&rest)).len > 0;) {
        size_t equal = rig_view_find(word, '=');
        bool keyword = is_keyword(row, word);
        rig_view name = keyword ? word : rig_view_sub(word, 0, equal);
        rig_view value = keyword ? next_word(&rest) : rig_view_sub(word, equal + 1, word.len);
        if (!keyword && equal == word.len) {
            name = (rig_view){NULL, 0};
            value = word;
        }
        bool hit = arg->form == BARE ? name.len == 0 : rig_view_is(name, arg->name);
        if (hit) {
            *out_value = bare(value);
            return true;
        }
    }
    return false;
}

/* Quotes inside are escaped, so that this cannot stand in an argument. */
rig_view rig_scn_event_plain(rig_view args)
{
    static const char said[] = " error=\"";
    const uint8_t *at = args.len ? memmem(args.ptr, args.len, said, sizeof said - 1) : NULL;
    return at ? rig_view_sub(args, 0, (size_t)(at - args.ptr)) : args;
}

/* The byte at the beginning of an escaped text, which moves on. */
static uint8_t next_byte(rig_view *rest)
{
    uint64_t code = rest->ptr[0];
    size_t len = 1;
    if (rig_view_starts(*rest, "\\x") && rest->len >= 4) {
        const uint8_t digits[] = {'0', 'x', rest->ptr[2], rest->ptr[3]};
        len = rig_view_u64(rig_view_of(digits, sizeof digits), &code) ? 4 : 1;
    }
    *rest = rig_view_sub(*rest, len, rest->len);
    return (uint8_t)code;
}

bool rig_scn_text_has(rig_view said, rig_view part)
{
    uint8_t room[RIG_SCN_LINE_MAX];
    size_t len = 0;
    for (rig_view rest = said; rest.len && len < sizeof room; len++)
        room[len] = next_byte(&rest);
    return part.len == 0 || memmem(room, len, part.ptr, part.len) != NULL;
}
