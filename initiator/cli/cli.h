/* iscsicli: verbs of the command line as management calls. Private to the room. */
#ifndef CLI_H
#define CLI_H

#include <stdio.h>

#include "rig/client.h"

#define CLI_ARGS_MAX 19         /* arguments of a verb, the groups of a mapping not counted */
#define CLI_MAPPED_MAX 256      /* LUNs of a mapping: as many as the operating system has of a target */
#define CLI_PORTAL_PORT "3260"  /* RFC 7143 section 13.8: the TCP port of a portal that names none */
#define CLI_SECRET_LINE_MAX 515 /* RIG_OCTETS_MAX bytes in hex, behind 0x, and a newline */

/* What the process ends with. */
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* How a word of the command line is read; '*' leaves what is said behind the semicolon. */
typedef enum cli_kind {
    CLI_NONE,      /* no argument: the row of the table is over */
    CLI_TEXT,      /* text; nothing */
    CLI_NUMBER,    /* a number; nothing */
    CLI_SWITCH,    /* T or F; F */
    CLI_CONCEALED, /* T, or anything else, which is the opposite; yes */
    CLI_BRIEF,     /* T or F: whether everything is shown; T */
    CLI_OCTETS,    /* text, or bytes behind 0x; nothing */
    CLI_SECRET,    /* the same, or where it is: a file behind @, - is a line of the standard input; nothing */
    CLI_PORT,      /* number of an initiator's port; any */
    CLI_SOCKET,    /* TCP port of the portal whose address was given; 3260 */
    CLI_UNIQUE_ID, /* two hex numbers with a '-' between; an error */
    CLI_LUN,       /* number of a LUN, or 0x and its 16 digits; an error */
    CLI_SECURITY,  /* security flags, a number or names; nothing */
    CLI_IDENTITY,  /* IKE identity, as the type in front of it wants; nothing */
    CLI_MAPPINGS,  /* a number of groups of four words; none */
    CLI_PASSED_OVER /* text that the call has no room for; nothing */
} cli_kind;

/* What may stand in place of a value. */
typedef enum cli_given {
    CLI_NEEDED,  /* nothing */
    CLI_STAR,    /* '*' */
    CLI_OPTIONAL /* '*', or nothing at all at the end of the line */
} cli_given;

typedef struct cli_arg {
    const char *name; /* as the usage calls it */
    cli_kind kind;
    cli_given given;
    const char *path; /* member of the request */
    const char *also; /* "path=value,…" set along with it */
    uint32_t bit;     /* RIG_LOGIN_HAS_* of its login options */
} cli_arg;

typedef struct cli_verb {
    const char *name;
    rig_call_id call;
    const char *refusal; /* why no call is made */
    const char *bare;    /* word of the call that is made without any argument */
    const char *fixed;   /* "path=value,…" set first */
    const char *what;    /* a list of it is shown */
    const char *meaning;
    cli_arg args[CLI_ARGS_MAX];
} cli_verb;

/* One command line, or one session of the prompt. */
typedef struct cli {
    const rig_alloc *alloc; /* of requests; replies are what the caller made them of */
    rig_caller caller;
    FILE *in, *out, *err;
    bool json; /* replies as JSON */
} cli;

/* A record that members are set of. */
typedef struct cli_place {
    const rig_alloc *alloc;
    const rig_shape *shape;
    void *record;
} cli_place;

/* A verb with its arguments, understood. */
typedef struct cli_request {
    const cli_verb *verb;
    const rig_call *call;
    cli_place place; /* of the call's request */
    bool brief;
} cli_request;

/* verbs.c */
size_t cli_num_verbs(void);
const cli_verb *cli_verb_at(size_t index);
const cli_verb *cli_verb_find(const char *name); /* in any case; NULL */
const cli_verb *cli_verb_near(const char *name); /* the one that was probably meant; NULL */
size_t cli_num_args(const cli_verb *verb);
size_t cli_num_needed(const cli_verb *verb); /* arguments that cannot be left out */

/* usage.c */
void cli_usage(FILE *out);
void cli_usage_line(const cli_verb *verb, FILE *out); /* without the program's name */
void cli_usage_of(const cli_verb *verb, FILE *out);
bool cli_asks_usage(const char *word);

/* parse.c: RIG_OK, RIG_E_NOMEM, else what is wrong with the words. Secrets among them are wiped. */
rig_status cli_parse(const cli *c, const cli_verb *verb, char **words, size_t num, cli_request *out,
                     rig_error *err);
void cli_request_free(cli_request *request);

/* values.c: a word, or '*', as a member of a record */
rig_status cli_value(const cli *c, const cli_arg *arg, const cli_place *at, rig_view word, rig_error *err);
rig_status cli_star(const cli_arg *arg, const cli_place *at, rig_error *err);
rig_status cli_set_all(const cli_place *at, const char *assignments, rig_error *err);
rig_status cli_lun(rig_view word, uint64_t *out, rig_error *err);

/* secrets.c: what a word stands for, in line; *out points into line or is the word itself */
rig_status cli_secret(const cli *c, rig_view word, char line[CLI_SECRET_LINE_MAX + 1], rig_view *out,
                      rig_error *err);
void cli_wipe_word(char *word);

/* show.c: records as lines of label and value */
typedef enum cli_form {
    CLI_AS_TEXT,     /* of: const char *, what is said of nothing */
    CLI_AS_OCTETS,   /* of: the same */
    CLI_AS_HEX,      /* octets, in hex always */
    CLI_AS_COUNT,    /* in decimal; of: what is said of 0, or NULL */
    CLI_AS_BITS,     /* in hex, as wide as it is */
    CLI_AS_YES,      /* yes or no */
    CLI_AS_NAME,     /* of: const char *const *, the names, ended by NULL */
    CLI_AS_PORT,     /* of an initiator */
    CLI_AS_ID,       /* a unique_id */
    CLI_AS_PORTAL,   /* a target_portal */
    CLI_AS_SECURITY, /* security flags */
    CLI_AS_LUN,      /* all eight bytes of one */
    CLI_AS_LINES,    /* of: cli_layout of the part; its lines stand a step further in */
    CLI_AS_LIST      /* of: cli_layout of each entry */
} cli_form;

typedef struct cli_row {
    const char *label, *word;
    cli_form form;
    const void *of;
    uint32_t bit;     /* shown when "specified" has it */
    const char *with; /* shown when this bool is set */
} cli_row;

/* The first row is the heading, the others stand below it, a step further in. */
typedef struct cli_layout {
    rig_record_id record;
    const cli_row *rows;
    size_t num_rows;
} cli_layout;

void cli_show_layout(FILE *out, int indent, const cli_layout *layout, const void *record);
void cli_show_list(FILE *out, int indent, const cli_layout *layout, const void *list);
void cli_show_line(FILE *out, int indent, const char *label, const char *value);
uint32_t cli_list_num(const void *list);
void cli_safe(rig_text *out, rig_view text); /* without what a terminal would obey */
/* replies.c */
void cli_show(const cli *c, const cli_request *request, const void *reply);
/* scsi.c */
void cli_show_scsi(FILE *out, const cli_request *request, const rig_scsi_answer *answer);
void cli_show_scsi_failure(FILE *out, const rig_scsi_answer *answer);
void cli_lun_print(rig_text *out, uint64_t lun);

/* run.c: words of one command, verb first; the status for the process */
int cli_run(const cli *c, char **words, size_t num);
int cli_complain(const cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* false, said so: no memory */
bool cli_json(const cli *c, FILE *out, const rig_shape *shape, const void *record);

/* prompt.c: commands from c->in, until quit or its end; the status of the last one that failed */
int cli_prompt(const cli *c);

/* completion.c: false for a shell that is not known */
bool cli_completion(const char *shell, FILE *out);

/* main.c: all of a command line but the process itself; argv without the program's name */
int cli_main(FILE *in, FILE *out, FILE *err, int argc, char **argv, const rig_caller *caller);

#endif
