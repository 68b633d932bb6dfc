/* What the files of the matcher share: a run over items, variables, conditions, findings. */
#ifndef MATCH_MATCHING_H
#define MATCH_MATCHING_H

#include "rig/match.h"

#define MATCH_NONE SIZE_MAX         /* no item */
#define MATCH_NEAR_ITEMS 4096       /* items looked at for the nearest one, in a finding */
#define MATCH_NEAR_LINES 16         /* PDUs and lines looked ahead, to tell a missing PDU from an extra one */
#define MATCH_BUDGET_LEAST 1000000u /* comparisons a clause or block may always take … */
#define MATCH_BUDGET_ITEMS 1000u    /* … and as many for each item */
#define MATCH_SHOWN_MAX 8192        /* bytes of a line in a finding; longer ones are cut */
#define MATCH_SAID_MAX 1024         /* bytes of a finding's sentence */
#define MATCH_VALUE_MAX 256         /* bytes of one value in a finding */
#define MATCH_SLACK_LEAST 100000000u /* ns that real time may always be off */
#define MATCH_CHAP_BACK 64           /* items looked back for the CHAP_A that was agreed */

/* ---- variables: bind.c ---- */

typedef struct match_bind {
    bool set;
    uint64_t number;
    rig_view text;
} match_bind;

/* One comparison of expectations with items. The trail lists variables in order of binding. */
typedef struct match_run {
    const rig_match_config *config;
    const rig_facts *facts; /* may be NULL */
    const rig_scn *scn;
    const rig_item *items;
    size_t num_items;
    rig_result *out; /* findings and checks */
    match_bind *binds;
    uint32_t *trail;
    uint32_t num_trail;
    uint64_t budget; /* comparisons left */
    rig_status status;
} match_run;

rig_status match_run_init(match_run *run, const rig_match_config *config, const rig_facts *facts,
                          const rig_scn *scn, const rig_items *items, rig_result *out);
void match_run_cleanup(match_run *run);
void match_set(match_run *run, uint32_t var, match_bind value);
/* Takes back every binding made since the trail had `mark` entries. */
void match_undo(match_run *run, uint32_t mark);
/* Takes back the bindings between two marks, keeping later ones. */
void match_forget(match_run *run, uint32_t from, uint32_t to);
void match_budget_begin(match_run *run);

/* ---- values: value.c, chap.c ---- */

/* A value as it came. */
typedef struct match_got {
    bool there;
    bool is_number;
    bool serial;  /* wraps at 2^32 */
    bool fold;    /* case does not matter */
    bool said;    /* a text of which ~ wants a part */
    bool escaped; /* text holds escapes, as events write them */
    uint8_t bits; /* width of the number, 64 when unknown */
    uint64_t number;
    rig_view text;
    rig_view bytes;         /* CDB */
    const rig_item *item;   /* it is in */
    char room[RIG_CDB_MAX]; /* what bytes points to */
} match_got;

bool match_pattern(match_run *run, const rig_scn_pattern *pattern, const match_got *got);
/* What chap(…) stands for behind the items before that one: its bytes, 0 when something is not known. */
size_t match_chap_response(const match_run *run, const rig_scn_call *call, size_t before, uint32_t connection,
                           uint8_t out[RIG_MATCH_HASH_MAX]);
bool match_chap(match_run *run, const rig_scn_call *call, const match_got *got);
/* The bytes a variable or literal stands for; false while the variable has no value. */
bool match_value_text(const match_run *run, const rig_scn_value *value, rig_view *out_text);
bool match_outcome_eq(rig_view a, rig_view b);

/* ---- conditions and lines: condition.c, line.c ---- */

/* Where the keys of a PDU stand that conditions took. */
typedef struct match_keys {
    rig_view text;
    size_t behind; /* first byte behind the last one taken */
    bool open;     /* others may stand between */
    uint32_t num_used;
    size_t used[RIG_SCN_CONDS_MAX]; /* offsets */
} match_keys;

void match_keys_begin(match_keys *keys, const rig_item *item, bool open);
/* Takes the next key of the condition's name when it fits. */
bool match_key(match_run *run, const rig_scn_cond *cond, match_keys *keys, match_got *got);
/* The first key that no condition took; false when there is none. */
bool match_keys_extra(const match_keys *keys, rig_view *out_name, rig_view *out_value);

bool match_cond(match_run *run, const rig_scn_line *line, const rig_scn_cond *cond, const rig_item *item,
                match_keys *keys, match_got *out_got);
rig_field_id match_field(const rig_scn_cond *cond, rig_pdu_kind kind);
bool match_data(const rig_scn_data *want, const rig_item *item, uint64_t *out_differs);

/* How a line is looked at. */
typedef struct match_look {
    const rig_scn_line *line;
    bool strict;    /* keys that are not listed are failures */
    bool has_since; /* the time of the line above is known */
    uint64_t since; /* ns */
} match_look;

typedef enum match_fault {
    MATCH_FITS,
    MATCH_OTHER, /* another PDU, event or direction */
    MATCH_TIME,
    MATCH_COND,
    MATCH_EXTRA_KEY,
} match_fault;

typedef struct match_miss {
    match_fault fault;
    uint32_t cond;  /* COND: the first that failed */
    uint32_t held;  /* conditions that held */
    rig_view extra; /* EXTRA_KEY: its name */
} match_miss;

bool match_other(const rig_scn_line *line, const rig_item *item);
/* How far real time may be off; 0 under virtual time. */
uint64_t match_slack(const match_run *run, uint64_t time);
bool match_time_fits(const match_run *run, const match_look *look, const rig_item *item);
bool match_strict(const match_look *look);
/* Bindings stay when the line fits and are taken back when it does not. */
bool match_line(match_run *run, const match_look *look, const rig_item *item);
/* Looks at all conditions and takes all bindings back. */
bool match_line_why(match_run *run, const match_look *look, const rig_item *item, match_miss *out_miss);
/* First fitting item in [from, to); MATCH_NONE. */
size_t match_find(match_run *run, const match_look *look, size_t from, size_t to);
/* The item in [from, to) of the line's kind that fails fewest conditions; MATCH_NONE when none is of its
 * kind. */
size_t match_nearest(match_run *run, const match_look *look, size_t from, size_t to);
/* The same among items that do not fit. */
size_t match_nearest_misfit(match_run *run, const match_look *look, size_t from, size_t to);

/* ---- findings: show.c, say.c ---- */

/* A finding to be. */
typedef struct match_report {
    rig_finding_kind kind;
    rig_scn_place place;
    const rig_scn_must *must;
    const match_look *look; /* what was expected; NULL nothing */
    size_t item;            /* what came; MATCH_NONE nothing */
    const match_miss *miss; /* how they differ; NULL they do not */
    bool whole;             /* underline all of what came */
    const char *field;      /* at fault when the miss does not say */
    uint32_t line_number, num_lines;
    const char *text; /* sentence; the difference is put behind it */
} match_report;

void match_report_add(match_run *run, const match_report *report);

/* Appends the line as expected, variables with their values, and the item beside it. mark: what to underline.
 */
void match_show(match_run *run, const match_look *look, const rig_item *item, const match_miss *miss,
                rig_text *out_expected, rig_text *out_actual, uint32_t *out_mark, uint32_t *out_mark_len);
void match_show_item(match_run *run, const rig_item *item, rig_text *out);
void match_show_got(rig_text *out, const rig_scn_cond *cond, const rig_item *item, const match_got *got);
void match_show_bound(const match_run *run, rig_text *out, const rig_scn_cond *cond);
void match_show_time(rig_text *out, uint64_t ns);
/* "field TSIH: want 0, got 4 (bytes 14-15, capture frame 23)" */
void match_say_miss(match_run *run, const match_look *look, const rig_item *item, const match_miss *miss,
                    rig_text *out);
/* "(bytes 14-15, capture frame 23)"; RIG_FIELDS names no bytes. */
void match_say_place(rig_text *out, rig_field_id id, const rig_item *item);
void match_miss_field(const match_look *look, const match_miss *miss, rig_text *out);

/* ---- expectations: trace.c, some.c, must.c, fact.c ---- */

/* Each tells whether it held; a finding was added when not. */
bool match_trace(match_run *run, const rig_scn_trace *trace);
bool match_some(match_run *run, const rig_scn_trace *trace);
/* out_looked: the situation it speaks of arose. */
bool match_must(match_run *run, const rig_scn_must *must, bool *out_looked);
/* out_looked: its result is known, or the run went on long enough to leave it. */
bool match_fact(match_run *run, const rig_scn_must *must, bool *out_looked);
bool match_line_has_var(const rig_scn_line *line);

#endif
