/* iscsirig flags: what each of the 128 security bitmaps comes to, taken alone and with a key at hand. */
#include "cli.h"
#include "rig/hba.h"

#include "manual.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define NUM_VALUES 128u

typedef struct flags_options {
    rig_security_source source;
    bool hardware, outer, tsv;
} flags_options;

/* What a software initiator has no aggressive mode for, hardware may have. */
static rig_security_decision decide(const flags_options *options, uint64_t value)
{
    const rig_security_request request = {
        .flags = value,
        .source = options->source,
        .key = RIG_SECURITY_KEY_GROUP,
        .has_outer = options->outer,
        .abilities = {.ipsec = true, .aggressive = options->hardware, .tunnel = true}};
    return rig_security_decide(&request);
}

/* The fallback is outside the bitmap, so that a bitmap which says nothing comes to none of the outcomes. */
static const char *outcome_of(const rig_security_decision *decision)
{
    return decision->fell_back ? "fallback" : rig_security_outcome_name(decision->outcome);
}

static const char *column(const rig_security_decision *decision, bool set, const char *yes, const char *no)
{
    return decision->outcome != RIG_SECURITY_USE_IPSEC ? "-" : set ? yes : no;
}

static void print_tsv(unsigned value, const rig_security_decision *decision)
{
    printf("0x%02x\t%s\t%s\t%s\t%s\t0x%08x\n", value, outcome_of(decision),
           column(decision, decision->aggressive, "aggressive", "main"),
           column(decision, decision->pfs, "yes", "no"),
           column(decision, decision->tunnel, "tunnel", "transport"), (unsigned)decision->code);
}

/* For people: with the names of the flags, and the steps that were taken. */
static void print_row(unsigned value, const rig_security_decision *decision)
{
    char names[128];
    rig_text text;
    rig_text_init(&text, names, sizeof names);
    rig_security_print(&text, value);
    printf("0x%02x  %-11s  %-10s  %-3s  %-9s  %-58s", value, outcome_of(decision),
           column(decision, decision->aggressive, "aggressive", "main"),
           column(decision, decision->pfs, "yes", "no"),
           column(decision, decision->tunnel, "tunnel", "transport"), names);
    for (uint8_t i = 0; i < decision->num_steps; i++)
        printf("%s%s", i ? " " : "  ", rig_security_step_name(decision->steps[i]));
    printf("\n");
}

static int print_all(const flags_options *options)
{
    if (!options->tsv)
        printf("%-4s  %-11s  %-10s  %-3s  %-9s  %-58s  %s\n", "bits", "outcome", "exchange", "pfs", "encaps.",
               "flags", "steps");
    for (unsigned value = 0; value < NUM_VALUES; value++) {
        rig_security_decision decision = decide(options, value);
        if (options->tsv)
            print_tsv(value, &decision);
        else
            print_row(value, &decision);
    }
    return ferror(stdout) ? CLI_USAGE : CLI_OK;
}

/* One of two words; false (said why) for any other. */
static bool choose(const char *option, const char *text, const char *no, const char *yes, bool *out)
{
    const char *words[] = {no, yes};
    *out = strcmp(text, yes) == 0;
    if (*out || strcmp(text, no) == 0)
        return true;
    size_t near = rig_nearest(rig_view_str(text), words, 2);
    if (near < 2)
        cli_complain("flags: %s is %s or %s, did you mean %s?", option, no, yes, words[near]);
    else
        cli_complain("flags: %s is %s or %s, not \"%s\"", option, no, yes, text);
    return false;
}

static const cli_option options[] = {
    {'s', "source", "caller|discovered", "who says it: a call, or an advertisement", 0},
    {'a', "adapter", "software|hardware", "software has no aggressive mode, hardware has", 0},
    {'o', "outer-address", NULL, "an outer address is set for the destination", 0},
    {'t', "tsv", NULL, "value, outcome, exchange, pfs, encapsulation, status behind tabs; no header", 0},
    {0}};

const cli_manual cmd_flags_manual = {
    .synopsis = "[OPTION…]",
    .about =
        (const char *const[]){
            "What each of the 128 security bitmaps comes to, taken alone and with a key at hand: "
            "whether the connection is in the clear, inside IPsec, or not made at all.",
            NULL},
    .options = {options},
    .status = (const cli_status[]){{0, "there they are"}, {2, "usage"}, {0}},
    .examples = (const char *const[]){"--source discovered --tsv", NULL}};

int cmd_flags(int argc, char **argv)
{
    cli_args args;
    flags_options out = {.source = RIG_SECURITY_CALLER};
    bool discovered = false;
    cli_args_begin(&args, "flags", argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0;) {
        if (c < 0)
            return args.end;
        if (c == 's' && !choose("--source", optarg, "caller", "discovered", &discovered))
            return CLI_USAGE;
        if (c == 'a' && !choose("--adapter", optarg, "software", "hardware", &out.hardware))
            return CLI_USAGE;
        out.outer = out.outer || c == 'o';
        out.tsv = out.tsv || c == 't';
    }
    if (optind < argc)
        return cli_complain("flags: no argument is wanted, and \"%s\" is one", argv[optind]);
    out.source = discovered ? RIG_SECURITY_DISCOVERED : RIG_SECURITY_CALLER;
    return print_all(&out);
}
