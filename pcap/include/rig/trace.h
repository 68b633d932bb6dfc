/** @file
 * Items as people read them: the notation of the scenarios.
 */
#ifndef RIG_TRACE_H
#define RIG_TRACE_H

#include "rig/cdb.h"
#include "rig/item.h"

#define RIG_TRACE_LINE_MAX 65536 /**< bytes that hold any printed item; keys behind that are left out */
#define RIG_TRACE_KEYS_MAX 1024  /**< most keys printed of one text; keys behind that are left out */
#define RIG_TRACE_CONNECTIONS_MAX                                                                            \
    65536 /**< connections with names of their own; the one longest unused makes room, and its session with  \
             its last one */
#define RIG_TRACE_VALUE_MAX 8000 /**< most bytes of a printed value; a longer one is printed as _ */

/** rig_trace_style chooses how numbers are written. */
typedef enum rig_trace_style {
    RIG_TRACE_PLAIN,   /**< the values of the wire */
    RIG_TRACE_SYMBOLIC /**< $names: what a scenario's trace block would say */
} rig_trace_style;

/** rig_trace turns items into lines, remembering names it gave. Zero it, then rig_trace_init. */
typedef struct rig_trace {
    const rig_alloc *alloc;        /**< memory of the names */
    rig_trace_style style;         /**< how */
    struct rig_trace_names *names; /**< private */
} rig_trace;

/** rig_trace_init prepares a printer. */
void rig_trace_init(rig_trace *trace, const rig_alloc *alloc, rig_trace_style style);

/** rig_trace_cleanup frees the names. */
void rig_trace_cleanup(rig_trace *trace);

/**
 * rig_trace_item appends one item as a line without newline at its end: "> ScsiCmd   F=1 LUN=0 ITT=$t1
 * CmdSN=$c1 CDB=…", text keys as KEY=VALUE on continuation lines of six blanks (values that are not plain
 * words in quotes with hex escapes),
 * "!bad-header-digest" and the like behind the fields. Fields with the value a conforming sender has to send
 * anyway (reserved, zero lengths) are left out; CHAP_R is always _. "keys _" at the end says that there is
 * more text: keys that did not fit, or what is no list of keys any more (bad-text tells where).
 *
 * Symbolic names are $t task tags, $r target tags, $c CmdSN of a session (first one seen), $s StatSN of a
 * connection (first one seen), $h TSIH, each numbered from 1 in order of appearance; a tag used again for
 * another task gets another name. RIG_E_NOMEM.
 */
rig_status rig_trace_item(rig_trace *trace, rig_text *out, const rig_item *item);

/** rig_trace_session gives the number of the session that a connection belongs to, from 1 in order of
 * appearance; 0 as long as none of its PDUs was printed, or when it made room for others since. */
uint32_t rig_trace_session(const rig_trace *trace, uint32_t connection);

/**
 * rig_trace_agreed appends what the login came to that ended with this item, the last one that was printed:
 * " HeaderDigest=None DataDigest=CRC32C …". A key that both sides spoke of has the value that was said last,
 * which is the answer (RFC 7143 section 6.2); a declared one both values, the initiator's and then the
 * target's; one that came to nothing has its default. A connection that joins a session has its own keys
 * alone. False, appending nothing, when no login ended there, or its beginning was not seen.
 */
bool rig_trace_agreed(const rig_trace *trace, rig_text *out, const rig_item *item);

/** rig_trace_reads tells whether a PDU kind carries text keys in its data segment (Login, TextReq and their
 * answers). */
bool rig_trace_reads(rig_pdu_kind kind);

/**
 * rig_item_text gives the text that ends with this PDU: item->text, else (in items made by hand) the data
 * segment. Empty for other kinds and while C=1. Trace and matcher read keys from it alone.
 */
rig_view rig_item_text(const rig_item *item);

/** rig_item_cdb gives the whole CDB of a SCSI Command: the bytes of the header, then those of an extended CDB
 * segment (RFC 7143 section 11.2.2.3). Returns its length, at least 16. */
size_t rig_item_cdb(const rig_item *item, uint8_t out_cdb[RIG_CDB_MAX]);

/**
 * rig_trace_word appends a text as scenarios write it: as it is when it is a plain word, else in quotes, with
 * an escape for whatever would mean something there.
 */
void rig_trace_word(rig_text *out, rig_view text);

/** rig_trace_quoted is the same, in quotes whatever the text is. */
void rig_trace_quoted(rig_text *out, rig_view text);

/** rig_key_names lists the keys that scenarios write without quotes, in order, ended by NULL: those of
 * RFC 7143 sections 12 and 13, of the older text, and of RFC 7144. Only spelled here; their meaning is
 * elsewhere. */
extern const char *const rig_key_names[];

/** rig_key_known tells whether a name is one of these, or that of an extension (RFC 7143 section 13.22). */
bool rig_key_known(rig_view name);

#define RIG_DRAFT_AHS_MAX 320 /**< bytes of a draft's additional header segments */

/** rig_draft is a PDU that is being made by hand, to show what fits a line. Borrowed memory throughout. */
typedef struct rig_draft {
    rig_item *item; /**< the item; its header is bhs, its segments are in ahs */
    uint8_t *bhs;   /**< RIG_BHS_LEN bytes */
    uint8_t *ahs;   /**< RIG_DRAFT_AHS_MAX bytes */
    rig_text *data; /**< its data segment as far as it is */
} rig_draft;

/** rig_draft_ahs adds a segment to a draft; false when there is no room. */
bool rig_draft_ahs(const rig_draft *draft, rig_ahs_type type, rig_view data);

/**
 * RIG_VIRTUAL_ROWS lists the virtual fields: identifier, name in traces and scenarios, how values are
 * written, the PDUs that may have it, largest value, meaning. Trace, language and matcher read these rows.
 */
#define RIG_VIRTUAL_ROWS(X)                                                                                  \
    X(data_len, "DataLen", "N", RIG_VIRTUAL_ALL, RIG_DATA_MAX, "bytes of the data segment")                  \
    X(bidi_len, "BidiEDTL", "N", RIG_IN(SCSI_CMD), UINT32_MAX,                                               \
      "expected read length of a bidirectional command")                                                     \
    X(sense, "sense", "KEY/ASC/ASCQ", RIG_IN(SCSI_RESP) | RIG_IN(ASYNC), 0xfffff,                            \
      "sense key, additional sense code and qualifier, as in UNIT-ATTENTION/29/00")                          \
    X(rejected, "Rejected", "PDU", RIG_IN(REJECT), RIG_PDU_KINDS - 1,                                        \
      "the PDU whose header a Reject carries")                                                               \
    X(text_bytes, "text-bytes", "N", RIG_VIRTUAL_TEXT, RIG_DATA_MAX, "bytes of text in this PDU")            \
    X(bad_text, "bad-text", "N", RIG_VIRTUAL_TEXT, UINT32_MAX,                                               \
      "offset in the text where it is no list of keys and values any more")                                  \
    X(missing, "missing", "N", RIG_VIRTUAL_ALL, UINT32_MAX, "bytes behind the header that the capture lacks")

/** RIG_VIRTUAL_ALL is the RIG_IN bits of every kind. */
#define RIG_VIRTUAL_ALL ((UINT32_C(1) << RIG_PDU_KINDS) - 1)
/** RIG_VIRTUAL_TEXT is the RIG_IN bits of the kinds that carry text keys. */
#define RIG_VIRTUAL_TEXT (RIG_IN(LOGIN_REQ) | RIG_IN(LOGIN_RESP) | RIG_IN(TEXT_REQ) | RIG_IN(TEXT_RESP))

/** rig_virtual is a fact of a PDU that no header field holds: one row of RIG_VIRTUAL_ROWS, a number. */
typedef struct rig_virtual {
    const char *name; /**< "DataLen" */
    const char *form; /**< how values are written: "N", "KEY/ASC/ASCQ" */
    const char *what; /**< what it is, for people */
    uint32_t pdus;    /**< RIG_IN bits of the kinds that may have it */
    uint64_t max;     /**< largest value */
    /** Gives the value; false when the PDU has none. */
    bool (*number)(const rig_item *item, uint64_t *out_number);
    /** Appends a value; NULL: in decimal. */
    void (*print)(rig_text *out, uint64_t number);
    /** Reads what print writes; NULL: a number. */
    bool (*parse)(rig_view text, uint64_t *out_number);
    /** Tells whether a trace prints it; matching does not care. */
    bool (*shown)(const rig_item *item);
    /** Gives a draft this value; false when that cannot be done. */
    bool (*make)(const rig_draft *draft, uint64_t number);
} rig_virtual;

/** rig_virtuals holds the rows, ended by a NULL name. */
extern const rig_virtual rig_virtuals[];

/** rig_virtual_find gives the row of that name for that kind, NULL when there is none. RIG_PDU_UNKNOWN finds
 * what every kind has. */
const rig_virtual *rig_virtual_find(rig_pdu_kind kind, rig_view name);

/** rig_virtual_print appends the value as a trace shows it; false, appending nothing, when the PDU has none.
 */
bool rig_virtual_print(const rig_virtual *row, const rig_item *item, rig_text *out);

/** rig_virtual_put appends a value of the row. */
void rig_virtual_put(const rig_virtual *row, rig_text *out, uint64_t number);

/** rig_virtual_parse reads a value of the row, as rig_virtual_put writes it; false when it is none. */
bool rig_virtual_parse(const rig_virtual *row, rig_view text, uint64_t *out_number);

/** RIG_MARK_ROWS lists the marks: identifier, name, meaning, and what is so of a PDU without it. Trace,
 * language and matcher read these rows. */
#define RIG_MARK_ROWS(X)                                                                                     \
    X(bad_header_digest, "bad-header-digest", "its header digest does not match",                            \
      "the digest is right or was not sent")                                                                 \
    X(bad_data_digest, "bad-data-digest", "its data digest does not match",                                  \
      "the digest is right or was not sent")                                                                 \
    X(bad_padding, "bad-padding", "a pad byte is not zero", "all pad bytes are zero")

/** rig_mark is a flaw of a PDU that a trace shows as !name at the end of its fields: one row of
 * RIG_MARK_ROWS. */
typedef struct rig_mark {
    const char *name;                 /**< "bad-header-digest" */
    const char *what;                 /**< one sentence for people */
    const char *without;              /**< what is so when a PDU has it not */
    bool (*is)(const rig_item *item); /**< whether the PDU has it */
    void (*make)(rig_item *item);     /**< gives it to a PDU made by hand */
} rig_mark;

/** rig_marks holds the rows, ended by a NULL name. */
extern const rig_mark rig_marks[];

/** rig_mark_find gives the row of that name, NULL when there is none. */
const rig_mark *rig_mark_find(rig_view name);

#endif
