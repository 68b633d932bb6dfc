/* What the files of the scenario language share: memory, words of a file, the parser's state. */
#ifndef LANG_H
#define LANG_H

#include "rig/scn.h"

#define LANG_MEMORY_MAX (256u << 20) /* most bytes of one arena: a case that needs more is refused */
#define LANG_SUBS_MAX 64             /* most substitutions open at once: sweeps and macro parameters */
#define LANG_NAME_MAX 48             /* most bytes of a $name */
#define LANG_TRIES_MAX 1024   /* cases up to which every combination of sweeps is checked when opening */
#define LANG_MACROS_MAX 256   /* most macros of a scenario and its includes */
#define LANG_POLICIES_MAX 256 /* most policies in force of a scenario */
#define LANG_NODES_MAX 65536  /* most target nodes, counted ones included */

/* ---- memory: arena.c ---- */

typedef struct lang_block {
    struct lang_block *next;
    size_t size; /* whole block */
    size_t used;
} lang_block;

typedef struct lang_arena {
    const rig_alloc *alloc;
    lang_block *head;
    size_t total;
    bool full; /* LANG_MEMORY_MAX was reached */
} lang_arena;

/* Zeroed, aligned memory; NULL when there is none or LANG_MEMORY_MAX is reached. */
void *lang_take(lang_arena *arena, size_t size);
void lang_arena_cleanup(lang_arena *arena);

/* A growing array in an arena. */
typedef struct lang_vec {
    void *ptr;
    uint32_t num;
    uint32_t size;
} lang_vec;

/* A zeroed new entry at the end, NULL without memory. */
void *lang_vec_add(lang_arena *arena, lang_vec *vec, size_t item);

/* ---- words of a file: lexer.c ---- */

typedef struct lang_token {
    rig_view text; /* as written, quotes included */
    uint32_t line; /* 1-based */
    uint32_t col;  /* 1-based */
    bool dollar;   /* holds a $ */
} lang_token;

typedef struct lang_line {
    uint32_t number;  /* 1-based */
    uint32_t indent;  /* blanks before the first word or comment */
    uint32_t first;   /* token index */
    uint32_t num;     /* tokens; 0 for blank and comment lines */
    rig_view comment; /* from # on, without trailing blanks; empty when none */
} lang_line;

typedef struct lang_source {
    rig_view path;
    rig_view text;
    uint32_t index; /* file number of places */
    lang_token *tokens;
    uint32_t num_tokens;
    lang_line *lines; /* all lines of the file */
    uint32_t num_lines;
} lang_source;

/* ---- problems: problem.c ---- */

/* Where problems go; status turns to RIG_E_NOMEM for good when memory ran out. */
typedef struct lang_report {
    rig_scn_problems *problems; /* may be NULL */
    uint32_t num;               /* problems seen */
    rig_status status;          /* first failure */
} lang_report;

/* Adds a problem; always false, so that callers can return it. */
__attribute__((format(printf, 6, 7))) bool lang_problem(lang_report *report, rig_view path, uint32_t line,
                                                        uint32_t col, rig_status status, const char *format,
                                                        ...);
bool lang_nomem(lang_report *report);
/* Says that it was the limit of the arena, when it was. */
void lang_full(lang_report *report, rig_view path, const lang_arena *arena);

/* A list of known words, for suggestions. */
#define LANG_KNOWN_MAX 512
typedef struct lang_known {
    const char *names[LANG_KNOWN_MAX];
    size_t num;
} lang_known;

void lang_known_add(lang_known *known, const char *name);
void lang_known_words(lang_known *known, rig_scn_group group);

/* Appends `; nearest is "x"` when a known word is near. */
void lang_suggest(rig_text *out, rig_view word, const lang_known *known);

/* Splits text into lines and words. False with problems. */
bool lang_lex(lang_arena *arena, rig_view path, rig_view text, lang_source *out, lang_report *report);

/* ---- the file: file.c, sweep.c ---- */

typedef struct lang_sweep {
    rig_view name;
    rig_view *values;
    uint32_t num_values;
    uint32_t line;
    uint32_t col;
} lang_sweep;

typedef struct lang_param {
    rig_view name;
    rig_view standard; /* pattern when not given */
    bool has_standard;
    bool positional;
} lang_param;

typedef struct lang_macro {
    rig_view name;
    lang_source *source;
    uint32_t token;      /* of its name */
    uint32_t first_line; /* index in source->lines of the body */
    uint32_t last_line;  /* one behind */
    lang_param *params;
    uint32_t num_params;
} lang_macro;

struct rig_scn_file {
    rig_scn_config config;
    lang_arena arena;
    lang_source *sources[RIG_SCN_INCLUDES_MAX];
    uint32_t num_sources;
    lang_source *included[RIG_SCN_INCLUDES_MAX]; /* all but the scenario, each behind those it includes */
    uint32_t num_included;
    lang_sweep sweeps[RIG_SCN_SWEEPS_MAX];
    uint32_t num_sweeps;
    lang_macro macros[LANG_MACROS_MAX];
    uint32_t num_macros;
    uint32_t cases;
    rig_scn **first; /* case 0 as it was checked, for the first who asks for it; else NULL in the box */
};

/* ---- the parser's state: parser.c ---- */

typedef struct lang_sub {
    rig_view name;
    rig_view value;
    bool absent; /* a macro parameter that was not given: words that use it vanish */
} lang_sub;

/* Tokens [at, end) of the parser's source. */
typedef struct lang_cursor {
    uint32_t at;
    uint32_t end;
} lang_cursor;

/* A statement: its line, the lines deeper below it. */
typedef struct lang_stmt {
    uint32_t line;     /* index in source->lines */
    uint32_t end_line; /* one behind the last line that belongs to it */
} lang_stmt;

typedef struct lang_node { /* a node while its section is read */
    rig_scn_node node;
    lang_vec hosts, luns, offers, groups, allows, redirects;
    lang_vec errors; /* of its last lun */
} lang_node;

typedef struct lang_parser {
    const rig_scn_file *file;
    lang_arena *arena;
    lang_report *report;
    rig_scn *out;
    lang_source *source;
    lang_sub subs[LANG_SUBS_MAX];
    uint32_t num_subs;
    uint32_t base_subs;   /* subs from here on belong to the macro being expanded */
    rig_scn_place call;   /* call of the outermost macro being expanded */
    uint32_t depth;       /* macros being expanded */
    uint32_t serial;      /* macro calls so far */
    rig_view local;       /* prefix of variables in the macro being expanded */
    uint32_t scope;       /* of variables */
    uint32_t scope_first; /* first variable of the scope */
    uint32_t cached;      /* token that cache holds, source in cached_source */
    const lang_source *cached_source;
    rig_view cache;
    bool cache_absent;
    bool bare_ok; /* a condition may be a name alone: `has KEY` */
    bool playing; /* lines of a play: raw, within and data are allowed, sent values must be known */
    bool player_is_target;
    bool literal_on;  /* literals met now carry an expectation */
    uint32_t clause;  /* 1-based number of the must or never clause being read, 0 none */
    uint32_t alter;   /* literal to alter, 0 none */
    bool altered;     /* it was */
    bool unalterable; /* it has no other value */
    uint8_t *taken;   /* a byte a line: LANG_WHEN_SEEN, LANG_WHEN_HELD; NULL when nobody asks */
    bool has_run;
    bool has_level;
    /* growing parts of the case */
    lang_vec refs, tags, choices, seeds, links, steps, plays, musts, traces, results, vars, literals;
    lang_vec literal_clauses, adapters, adapter_ports, policies, rows, boots, isns_nodes, isns_refusals,
        ipsec_keys;
    lang_vec portals, nodes, target_offers, rules, rule_places, initiator_offers;
} lang_parser;

/* parser.c: tokens */
bool lang_end(lang_parser *p, lang_cursor *c);      /* nothing left (absent words skipped) */
rig_view lang_peek(lang_parser *p, lang_cursor *c); /* next word, substituted; empty at the end */
rig_view lang_next(lang_parser *p, lang_cursor *c); /* takes it */
bool lang_peek_is(lang_parser *p, lang_cursor *c, const char *word);
bool lang_take_word(lang_parser *p, lang_cursor *c, const char *word);
bool lang_at_stop(lang_parser *p, lang_cursor *c);   /* a word that ends arguments */
rig_view lang_unquote(lang_parser *p, rig_view raw); /* without quotes and escapes */
rig_scn_place lang_place(const lang_parser *p, uint32_t token);
rig_scn_place lang_place_in(const lang_parser *p, uint32_t token, rig_view part);
rig_scn_place lang_place_span(const lang_parser *p, uint32_t first, uint32_t end);
rig_view lang_text_of(lang_parser *p, uint32_t first, uint32_t end); /* words joined by blanks */
lang_cursor lang_words_of(const lang_parser *p, lang_stmt stmt);     /* all words of a statement */
lang_cursor lang_words_on(const lang_parser *p, lang_stmt stmt);     /* words on its first line */
bool lang_next_stmt(lang_parser *p, uint32_t *line, uint32_t end_line, uint32_t indent, lang_stmt *out);
uint32_t lang_child_indent(const lang_parser *p, lang_stmt stmt); /* of the first child, 0 when none */
rig_view lang_view(lang_parser *p, const char *text, size_t len);
bool lang_go_on(const lang_parser *p); /* memory and room for problems left */

/* A problem at the token under the cursor, or behind the last one at the end. */
__attribute__((format(printf, 4, 5))) bool lang_bad(lang_parser *p, const lang_cursor *c, rig_status status,
                                                    const char *format, ...);
/* A problem at a place. */
__attribute__((format(printf, 4, 5))) bool lang_bad_at(lang_parser *p, rig_scn_place place, rig_status status,
                                                       const char *format, ...);
/* unknown WHAT "word"; nearest is … */
bool lang_unknown(lang_parser *p, rig_scn_place place, const char *what, rig_view word,
                  const lang_known *known);
bool lang_unknown_word(lang_parser *p, rig_scn_place place, const char *what, rig_view word,
                       rig_scn_group group);

#define LANG_ADD(p, vec, type) ((type *)lang_vec_add((p)->arena, (vec), sizeof(type)))

/* ---- values: value.c ---- */

bool lang_size(rig_view text, uint64_t *out_bytes);
bool lang_time(rig_view text, uint64_t *out_ns);
bool lang_name_ok(rig_view name);    /* of a variable or sweep */
size_t lang_name_len(rig_view text); /* bytes of the name at the beginning */
bool lang_hex(lang_parser *p, rig_view text, rig_view *out_bytes);
void lang_known_keys(lang_known *known);
bool lang_outcome(rig_view text);
void lang_known_outcomes(lang_known *known);
bool lang_flags(rig_view text, uint64_t *out_bits);
rig_view lang_flags_member(rig_view text, rig_view member); /* {NULL,0} when there is no such member */
const char *lang_flags_members(void);
size_t lang_split_pair(rig_view raw); /* index of the = outside quotes, raw.len when none */

/* ---- rows: words.c, steps.c, events.c ---- */

const rig_scn_word *lang_word_find(rig_scn_group group, rig_view name);
/* The row of the next one or two words of the group; takes them. NULL takes nothing. */
const rig_scn_word *lang_word_take(lang_parser *p, lang_cursor *c, rig_scn_group group);
extern const rig_scn_word lang_steps[];
extern const size_t lang_num_steps;
extern const rig_scn_word lang_events[];
extern const size_t lang_num_events;
rig_scn_result_kind lang_result_kind(rig_scn_step_id step);
bool lang_step_has_result(rig_scn_step_id step);
uint32_t lang_step_needs(rig_scn_step_id step);

/* Words of the groups whose ids the parsers of sections use. */
enum lang_target_word {
    LANG_PORTAL,
    LANG_NODE,
    LANG_NODES,
    LANG_HOST,
    LANG_DISCOVERY,
    LANG_LUN,
    LANG_ERROR,
    LANG_SHARE,
    LANG_OFFER,
    LANG_REFUSE,
    LANG_ALLOW,
    LANG_INITIATORS,
    LANG_REDIRECT,
    LANG_GROUPS,
    LANG_FAULT,
    LANG_WINDOW,
    LANG_NO_COLLAPSE,
    LANG_NEXUS_LOSS,
    LANG_T_LOGIN_TIMEOUT,
    LANG_NOP_INTERVAL,
    LANG_ON
};
enum lang_initiator_word {
    LANG_NAME,
    LANG_I_ALIAS,
    LANG_I_OFFER,
    LANG_ISID,
    LANG_CMDSN,
    LANG_I_LOGIN_TIMEOUT,
    LANG_COMMAND_TIMEOUT,
    LANG_NOOP_INTERVAL,
    LANG_NOOP_TIMEOUT,
    LANG_RECOVERY_TIMEOUT,
    LANG_RECONNECT,
    LANG_ARCHITECTURE,
    LANG_STAGE,
    LANG_I_AUTH
};
enum lang_hba_word { LANG_ADAPTER, LANG_ADAPTER_PORT, LANG_IN_FORCE, LANG_BOOTS, LANG_TUNE };
enum lang_isns_word {
    LANG_ISNS_AT,
    LANG_ISNS_NODE,
    LANG_ISNS_SPLIT,
    LANG_ISNS_PERIOD,
    LANG_ISNS_REFUSE,
    LANG_ISNS_FAULT
};
enum lang_ipsec_word {
    LANG_IPSEC_POLICY,
    LANG_IPSEC_KEY,
    LANG_IPSEC_PEER,
    LANG_IPSEC_OFFER,
    LANG_IPSEC_GATEWAY,
    LANG_IPSEC_FAULT
};
enum lang_persist_word { LANG_P_LOGIN, LANG_P_ROW };
enum lang_action_word {
    LANG_REPLY,
    LANG_SEND,
    LANG_DROP,
    LANG_DELAY,
    LANG_HOLD,
    LANG_A_FAULT,
    LANG_SET,
    LANG_CORRUPT,
    LANG_CLOSE,
    LANG_RESET,
    LANG_RAW
};
enum lang_head_word {
    LANG_SCENARIO,
    LANG_REF,
    LANG_LEVEL,
    LANG_TAGS,
    LANG_CHOICE,
    LANG_SEED,
    LANG_NEEDS,
    LANG_INCLUDE,
    LANG_NETWORK,
    LANG_LINK,
    LANG_LATENCY,
    LANG_TARGET,
    LANG_INITIATOR,
    LANG_HBA,
    LANG_PERSIST,
    LANG_IPSEC,
    LANG_ISNS,
    LANG_SWEEP,
    LANG_WHEN,
    LANG_RUN,
    LANG_PLAY,
    LANG_MUST,
    LANG_NEVER,
    LANG_TRACE,
    LANG_MACRO
};
bool lang_is_section(uint32_t head_word);

/* ---- arguments by rows: args.c ---- */

typedef struct lang_args {
    rig_scn_arg given[RIG_SCN_ARGS_MAX];
    uint32_t num;
    const rig_scn_word *word;
} lang_args;

/* Reads the arguments of word; stops at a stop word or at one that is none of its arguments. */
bool lang_args_read(lang_parser *p, lang_cursor *c, const rig_scn_word *word, lang_args *out);
const rig_scn_arg *lang_arg(const lang_args *args, const char *name);
bool lang_pairs_read(lang_parser *p, lang_cursor *c, lang_vec *pairs);
bool lang_data_read(lang_parser *p, lang_cursor *c, rig_scn_data *out);
bool lang_cdb_read(lang_parser *p, lang_cursor *c, rig_scn_value *out);
/* Converts the word at the cursor by type into out; does not handle types of several words. */
bool lang_value_read(lang_parser *p, lang_cursor *c, const rig_scn_arg_row *row, rig_scn_value *out);
bool lang_value_convert(lang_parser *p, rig_scn_place place, rig_view raw, const rig_scn_arg_row *row,
                        rig_scn_value *out);
bool lang_no_more(lang_parser *p, lang_cursor *c); /* a problem when words are left */
uint32_t lang_result_find(const lang_parser *p, rig_view name);

/* ---- records: records.c, calls.c ---- */

/* Where a path leads in a record. */
typedef struct lang_spot {
    const rig_shape *owner;   /* the record that has the member */
    const rig_member *member; /* NULL: there is none of that name */
    bool is_entry;            /* an entry of that list */
    bool is_num;              /* the length of that list */
    rig_view wrong;           /* the word that is no member, when there is none */
} lang_spot;

bool lang_spot_find(const rig_shape *shape, rig_view path, lang_spot *out);
/* The number that a value stands for, by name or as it is. */
bool lang_member_number(const lang_spot *spot, rig_view text, uint64_t *out);
/* PATH=VALUE … of a record of that shape, tried out. */
bool lang_members_read(lang_parser *p, lang_cursor *c, const rig_shape *shape, lang_vec *members);
/* A word, or what an earlier step left. */
bool lang_value_of(lang_parser *p, lang_cursor *c, rig_scn_member *out);
/* One more of them. */
bool lang_member_add(lang_parser *p, lang_vec *members, rig_scn_place place, const char *path,
                     rig_view value);
/* A path in an answer; a problem when there is none. */
bool lang_path_check(lang_parser *p, rig_scn_place place, const rig_shape *shape, rig_view path,
                     lang_spot *out);
/* The record of a kind of the store's rows; false when there is none. */
bool lang_kind_find(rig_view kind, rig_record_id *out_record);
void lang_known_kinds(lang_known *known);
void lang_known_calls(lang_known *known);
void lang_known_codes(lang_known *known);
/* The call of the step whose answer is looked at last; NULL before the first. */
const rig_call *lang_last_call(const lang_parser *p);

/* ---- lines: pattern.c, line.c ---- */

/* What a pattern's values are. */
typedef struct lang_want {
    rig_scn_cond_kind kind;
    rig_pdu_kind pdu;
    rig_field_id field;
    const rig_virtual *fact;
    const rig_scn_arg_row *arg;
} lang_want;

bool lang_pattern_read(lang_parser *p, uint32_t token, rig_view text, char op, const lang_want *want,
                       rig_scn_pattern *out);
uint32_t lang_literal(lang_parser *p, rig_scn_place place, rig_view text, bool *out_alter);
void lang_scope_begin(lang_parser *p);
bool lang_line_read(lang_parser *p, lang_cursor *c, rig_scn_line *out);
bool lang_undirected_read(lang_parser *p, lang_cursor *c, rig_scn_line *out);
bool lang_raw_read(lang_parser *p, lang_cursor *c, rig_scn_line *out);
bool lang_event_read(lang_parser *p, lang_cursor *c, rig_scn_line *out);
bool lang_conds_read(lang_parser *p, lang_cursor *c, rig_scn_line *line, lang_vec *conds);
bool lang_pdu_read(lang_parser *p, lang_cursor *c, rig_pdu_kind *out);
bool lang_field_read(lang_parser *p, uint32_t token, rig_view name, rig_pdu_kind pdu, rig_field_id *out);

/* ---- sections ---- */

/* error.c: `error` behind a lun of the target section */
bool lang_error_read(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place);

bool lang_target_section(lang_parser *p, lang_stmt stmt, lang_cursor rest); /* target.c */
bool lang_target_finish(lang_parser *p);
bool lang_auth_read(lang_parser *p, const lang_args *args, rig_scn_place place, bool wanted,
                    rig_scn_auth *out);
bool lang_rule_read(lang_parser *p, lang_cursor *c, rig_rule *out);            /* rule.c */
bool lang_initiator_section(lang_parser *p, lang_stmt stmt, lang_cursor rest); /* initiator.c */
bool lang_hba_section(lang_parser *p, lang_stmt stmt, lang_cursor rest);       /* hba.c */
bool lang_persist_section(lang_parser *p, lang_stmt stmt, lang_cursor rest);
bool lang_isns_section(lang_parser *p, lang_stmt stmt, lang_cursor rest);
bool lang_ipsec_section(lang_parser *p, lang_stmt stmt, lang_cursor rest);
bool lang_run_section(lang_parser *p, lang_stmt stmt, lang_cursor rest);   /* run.c */
bool lang_trace_section(lang_parser *p, lang_stmt stmt, lang_cursor rest); /* trace.c */
bool lang_play_section(lang_parser *p, lang_stmt stmt, lang_cursor rest);
bool lang_macro_check(lang_parser *p, const lang_macro *macro);
bool lang_must_words(lang_parser *p, lang_cursor c);                                           /* must.c */
bool lang_head_stmt(lang_parser *p, lang_cursor *c, const rig_scn_word *word, uint32_t token); /* head.c */
bool lang_network_section(lang_parser *p, lang_stmt stmt, lang_cursor rest);
/* The condition of the `when` in that line of the source. */
bool lang_when_read(lang_parser *p, uint32_t line, lang_cursor *c, bool *out_holds); /* when.c */
#define LANG_WHEN_SEEN 1
#define LANG_WHEN_HELD 2

/* Each statement of a section goes to `each`: the words behind the section's name, then the lines below. */
typedef bool lang_each_fn(lang_parser *p, lang_stmt stmt, lang_cursor *c);
bool lang_section_each(lang_parser *p, lang_stmt stmt, lang_cursor rest, lang_each_fn *each);

/* One statement of a section may hold several words one after the other. */
typedef bool lang_word_fn(lang_parser *p, const lang_args *args, rig_scn_place place);
bool lang_section_words(lang_parser *p, lang_cursor *c, rig_scn_group group, const char *what,
                        lang_word_fn *each);

/* ---- file.c, load.c, case.c ---- */

void lang_parser_init(lang_parser *p, const rig_scn_file *file, lang_arena *arena, lang_report *report);
lang_stmt lang_stmt_at(const lang_source *source, uint32_t line, uint32_t end_line);

/* Reads the scenario's and its includes' words, macros and sweeps into file. */
bool lang_load(rig_scn_file *file, rig_view path, rig_view text, lang_report *report);
bool lang_sweep_read(lang_parser *p, rig_scn_file *file, lang_stmt stmt);
bool lang_macro_read(lang_parser *p, rig_scn_file *file, lang_stmt stmt);

/* Makes a case; taken and alter as in lang_parser. */
typedef struct lang_case {
    uint32_t index;
    uint32_t alter;
    uint8_t *taken;
    bool altered;     /* out */
    bool unalterable; /* out */
} lang_case;
rig_status lang_case_make(const rig_scn_file *file, lang_case *wanted, lang_report *report, rig_scn **out);

/* alter.c */
void lang_number_set(lang_parser *p, rig_scn_value *value, uint64_t number);
bool lang_alter_value(lang_parser *p, rig_scn_value *value, const lang_want *want);

struct rig_scn_memory {
    lang_arena arena;
};

#endif
