/* Answers, and what can be wrong about them. */
#include "iss.h"

const char *rig_isns_fault_name(rig_isns_fault fault)
{
    static const char *const names[] = {
#define X(id, word, meaning) word,
        RIG_ISNS_FAULT_ROWS(X)
#undef X
    };
    return (unsigned)fault < RIG_ISNS_FAULTS ? names[fault] : "?";
}

/* Bytes of a header, and of what follows the status in the first PDU. */
enum { VERSION_AT = 1, FUNCTION_AT = 3, LENGTH_AT = 5, FLAGS_AT = 6, TRANSACTION_AT = 9, SEQUENCE_AT = 11 };

#define FIRST_ATTR (RIG_ISNS_HEADER_LEN + 4)

static void spoil_first(uint8_t *pdu, size_t len, rig_isns_fault fault)
{
    static const struct {
        rig_isns_fault fault;
        uint8_t at, with;
    } rows[] = {
        {RIG_ISNS_FAULT_VERSION, VERSION_AT, 3},         {RIG_ISNS_FAULT_FUNCTION, FUNCTION_AT, 1},
        {RIG_ISNS_FAULT_UNALIGNED, LENGTH_AT, 2},        {RIG_ISNS_FAULT_TRANSACTION, TRANSACTION_AT, 0x80},
        {RIG_ISNS_FAULT_SEQUENCE, SEQUENCE_AT, 1},       {RIG_ISNS_FAULT_NO_FIRST, FLAGS_AT, 0x04},
        {RIG_ISNS_FAULT_AUTH_BLOCK, FLAGS_AT, 0x20},     {RIG_ISNS_FAULT_ODD_LENGTH, FIRST_ATTR + 7, 1},
        {RIG_ISNS_FAULT_TRUNCATED, FIRST_ATTR + 5, 0x40}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].fault == fault && rows[i].at < len)
            pdu[rows[i].at] ^= rows[i].with;
}

static void spoil(uint8_t *pdus, size_t len, rig_isns_fault fault)
{
    size_t last = 0;
    if (fault == RIG_ISNS_FAULT_GARBAGE)
        memset(pdus, 'x', len);
    spoil_first(pdus, len, fault);
    if (fault != RIG_ISNS_FAULT_NO_LAST)
        return;
    for (size_t at = 0; at + RIG_ISNS_HEADER_LEN <= len;
         at += RIG_ISNS_HEADER_LEN + rig_be_get(pdus + at + 4, 2))
        last = at;
    pdus[last + FLAGS_AT] &= (uint8_t) ~(RIG_ISNS_LAST >> 8);
}

void iss_link_send(iss_link *link, const rig_isns_header *like, rig_view message, rig_isns_fault fault)
{
    size_t before = link->more.len;
    if (fault == RIG_ISNS_FAULT_SILENCE)
        return;
    if (fault == RIG_ISNS_FAULT_NO_STATUS)
        message.len = 0;
    rig_status status =
        rig_isns_pack(link->server->config.alloc, like, message, link->server->config.split, &link->more);
    if (status || fault == RIG_ISNS_FAULT_CLOSE) {
        link->more.len = before;
        iss_link_close(link);
        return;
    }
    if (fault)
        spoil(link->more.ptr + before, link->more.len - before, fault);
    rig_wake(link->stream);
}
