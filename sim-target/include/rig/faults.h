/** @file
 * The table of deviations: the wrong target is the right target plus named faults.
 */
#ifndef RIG_FAULTS_H
#define RIG_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "rig/view.h"

/**
 * RIG_FAULT_ROWS: identifier, name, the one deviation, requirement it violates, judge.
 * A judge is `engine` (the initiator engine ends the connection with a named verdict), `lint` (a rule on the
 * capture), `tolerated` (same outcome as without) or `contents` (only what is on the disk shows it: the fault
 * run of ci/long). Each identifier is asked for at exactly one place of
 * sim-target/target.
 */
#define RIG_FAULT_ROWS(X)                                                                                    \
    X(HEADER_DIGEST_FLIP, "header-digest-flip", "one bit of the header digest is wrong", "DIG-007",          \
      "engine")                                                                                              \
    X(DATA_DIGEST_FLIP, "data-digest-flip", "one bit of the data digest is wrong", "DIG-007", "engine")      \
    X(STAT_SN_SKIP, "wrong-statsn", "the StatSN of a status is one too high", "SEQ-027", "engine")           \
    X(RESIDUAL_WRONG, "wrong-residual", "the residual count of a response is one too high", "CMD-022",       \
      "lint")                                                                                                \
    X(SILENCE, "silence", "a request gets no answer at all", "TMF-003", "engine")                            \
    X(RESET, "reset", "the connection is reset instead of an answer", "CMD-051", "engine")                   \
    X(AUTH_METHOD_ALIEN, "auth-method-not-offered", "the method chosen is none of those offered", "NEG-029", \
      "engine")                                                                                              \
    X(AUTH_SKIPPED, "auth-skipped", "CHAP_A is answered by no key at all", "AUTH-020", "engine")             \
    X(CHAP_ALGORITHM_ALIEN, "chap-algorithm-not-offered", "CHAP_A is none of those offered", "AUTH-010",     \
      "engine")                                                                                              \
    X(CHAP_IDENTIFIER_LARGE, "chap-identifier-too-large", "CHAP_I is 256 too high", "AUTH-013", "engine")    \
    X(CHAP_CHALLENGE_MISSING, "chap-challenge-missing", "CHAP_C is left out", "AUTH-020", "engine")          \
    X(CHAP_CHALLENGE_LONG, "chap-challenge-too-long", "CHAP_C has 1025 bytes", "AUTH-014", "engine")         \
    X(CHAP_CHALLENGE_DECIMAL, "chap-challenge-decimal", "CHAP_C is a decimal number", "NEG-011", "engine")   \
    X(CHAP_CHALLENGE_REPEATED, "chap-challenge-repeated", "each login gets the same challenge", "AUTH-033",  \
      "lint")                                                                                                \
    X(CHAP_NAME_MISSING, "chap-name-missing", "CHAP_R comes without CHAP_N", "AUTH-020", "engine")           \
    X(CHAP_NO_RESPONSE, "chap-no-mutual-response", "the target does not authenticate itself", "AUTH-024",    \
      "engine")                                                                                              \
    X(CHAP_RESPONSE_WRONG, "chap-wrong-response", "one bit of the target's CHAP_R is wrong", "AUTH-023",     \
      "engine")                                                                                              \
    X(CHAP_RESPONSE_SHORT, "chap-short-response", "the last byte of the target's CHAP_R is missing",         \
      "AUTH-017", "engine")                                                                                  \
    X(CHAP_RESPONSE_REFLECTED, "chap-reflects-response", "the target's CHAP_R is the initiator's",           \
      "AUTH-023", "engine")                                                                                  \
    X(CHAP_SECRET_SHARED, "chap-secret-shared", "one secret in both directions is good enough", "AUTH-027",  \
      "engine")                                                                                              \
    X(CHAP_BASE64, "chap-base64", "CHAP_C and CHAP_R are in base64", "AUTH-015", "tolerated")                \
    X(CHAP_UPPER_CASE, "chap-upper-case", "CHAP_C and CHAP_R are in capital hex", "AUTH-015", "tolerated")   \
    X(DATA_IN_LOST, "data-in-lost", "a Data-In is numbered but not sent", "SEQ-039", "engine")               \
    X(DATA_IN_LATE, "data-in-late", "a Data-In is sent behind the PDU that follows it", "SEQ-039", "engine") \
    X(DATA_IN_TWICE, "data-in-twice", "a Data-In is sent twice", "SEQ-039", "engine")                        \
    X(WRONG_DATA_SN, "wrong-datasn", "the DataSN of a Data-In is one too high", "SEQ-039", "engine")         \
    X(R2T_LOST, "r2t-lost", "an R2T is numbered but not sent", "SEQ-040", "engine")                          \
    X(R2T_TWICE, "r2t-twice", "an R2T is sent twice", "SEQ-040", "engine")                                   \
    X(WRONG_R2T_SN, "wrong-r2tsn", "the R2TSN of an R2T is one too high", "SEQ-040", "engine")               \
    X(STATUS_LOST, "status-lost", "a status is numbered but not sent", "SEQ-027", "engine")                  \
    X(A_BIT_ALWAYS, "a-bit-always", "every Data-In asks for acknowledgment", "DATA-053", "tolerated")        \
    X(SNACK_IGNORED, "snack-ignored", "a SNACK gets no answer at all", "SNACK-002", "engine")                \
    X(SNACK_REFUSED, "snack-refused", "a SNACK that could be served is rejected", "SNACK-013", "engine")     \
    X(SNACK_WRONG_RUN, "snack-wrong-run", "the run sent again begins one PDU late", "SNACK-013", "engine")   \
    X(RESENT_STAT_SN, "resent-statsn", "a status sent again has a StatSN of its own", "SEQ-038", "engine")   \
    X(SNACK_TAG_MISSING, "snack-tag-missing", "the response behind an R-Data SNACK lacks its tag",           \
      "SNACK-022", "engine")                                                                                 \
    X(REASSIGN_REFUSED, "reassign-refused", "reassignment is said to be unsupported", "REC-015", "engine")   \
    X(REASSIGN_FROM_START, "reassign-from-start", "a reassigned read ignores ExpDataSN", "TMF-047",          \
      "tolerated")                                                                                           \
    X(RETRY_TWICE, "retry-twice", "a retry of a command that was carried out is so once more", "REC-012",    \
      "contents")

/** rig_fault names a deviation. */
typedef enum rig_fault {
#define X(id, name, what, requirement, judge) RIG_FAULT_##id,
    RIG_FAULT_ROWS(X)
#undef X
        RIG_FAULTS /**< number of faults, not a fault */
} rig_fault;

/** rig_fault_row describes one fault. */
typedef struct rig_fault_row {
    const char *name;        /**< in scenarios and on the command line */
    const char *what;        /**< the one deviation */
    const char *requirement; /**< the id it violates */
    const char *judge;       /**< who notices */
} rig_fault_row;

/** rig_fault_rows is indexed by rig_fault. */
extern const rig_fault_row rig_fault_rows[RIG_FAULTS];

/** rig_fault_find gives the fault of that name, RIG_FAULTS when there is none. */
rig_fault rig_fault_find(rig_view name);

/** rig_fault_set is a set of faults that are on. Zero-initialised = none. */
typedef struct rig_fault_set {
    uint64_t bits[(RIG_FAULTS + 63) / 64]; /**< one bit a fault */
} rig_fault_set;

/** rig_fault_add switches a fault on. */
static inline void rig_fault_add(rig_fault_set *set, rig_fault fault)
{
    set->bits[fault / 64] |= UINT64_C(1) << fault % 64;
}

/** rig_fault_has tells whether a fault is on. */
static inline bool rig_fault_has(const rig_fault_set *set, rig_fault fault)
{
    return (set->bits[fault / 64] >> fault % 64 & 1) != 0;
}

#endif
