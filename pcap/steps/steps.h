/* What the files of the room share. */
#ifndef STEPS_STEPS_H
#define STEPS_STEPS_H

#include "rig/steps.h"

#define STP_TAGS_MAX 1024 /* tags, and tasks, followed at a time; the oldest one makes room */
#define STP_WORD_MAX 8000 /* hex digits of one word: a line of a scenario holds 8192 bytes */

/* RIG_PDU_KINDS for what is no PDU. */
rig_pdu_kind stp_kind(const rig_step *step);

static inline bool stp_in(uint32_t kinds, rig_pdu_kind kind)
{
    return kind < RIG_PDU_KINDS && (kinds >> kind & 1);
}

/* ---- names.c: what the other side drew, and the variable it has ---- */

typedef enum stp_name_kind {
    STP_ITT,
    STP_TTT,
    STP_ISID,
    STP_TSIH,
    STP_CMD_SN,
    STP_STAT_SN,
    STP_NAME_KINDS
} stp_name_kind;

typedef struct stp_name {
    uint64_t value;
    uint32_t scope;  /* session, or connection of a StatSN */
    uint32_t number; /* N of $tN */
    uint8_t kind;
    bool ended; /* the next use begins something new */
} stp_name;

/* Of each connection: what CHAP exchanged, 0 none. */
typedef struct stp_chap {
    uint32_t identifier, challenge; /* N of $iN and $kN: what the other side asked last */
} stp_chap;

struct rig_steps_names {
    stp_name names[STP_TAGS_MAX];
    size_t num, oldest;
    uint32_t next[STP_NAME_KINDS];
    uint32_t next_chap;
    stp_chap *chaps;
    uint32_t num_connections;
};

stp_name *stp_name_find(struct rig_steps_names *names, stp_name_kind kind, uint32_t scope, uint64_t value);
stp_name *stp_name_add(struct rig_steps_names *names, stp_name_kind kind, uint32_t scope, uint64_t value);
/* The newest name of that kind and scope, whatever its value. */
stp_name *stp_name_last(struct rig_steps_names *names, stp_name_kind kind, uint32_t scope);
/* Writes the field as its variable; false, writing nothing, when it has none. */
bool stp_symbol(rig_steps_printer *printer, rig_text *out, const rig_step *step, rig_field_id field);
/* Books what the step ended. */
void stp_ended(rig_steps_printer *printer, const rig_step *step);

/* ---- payload.c: data segments ---- */

/* Whether the other side of what is played sends it. */
static inline bool stp_expected(const rig_steps_printer *printer, const rig_step *step)
{
    return step->to_target == printer->target;
}

void stp_payload(rig_steps_printer *printer, rig_text *out, const rig_step *step);

__attribute__((format(printf, 2, 3))) void stp_spoil(rig_steps_printer *printer, const char *format, ...);

#endif
