/* iscsirig wmi: the service as Windows' management instrumentation shows it. */
#include "cli.h"
#include "rig/wmi.h"

#include "manual.h"

#include <getopt.h>
#include <stdio.h>

#define WHERE_MAX 32 /* most --where */

typedef struct wmi_options {
    bool mof;
    const char *socket, *method;
    rig_view where[WHERE_MAX];
    size_t num_where;
} wmi_options;

static const cli_option option_rows[] = {
    {'m', "mof", NULL,
     "the declaration of the class, or of all, in the Managed Object Format; the service is not asked", 0},
    {'c', "method", "NAME",
     "call a method of the one instance that is meant; what is inside a parameter is said as "
     "TargetPortal.Address=192.0.2.1, of arrays as Mappings.0.OSBusNumber=1",
     0},
    {'w', "where", "PROPERTY=VALUE", "only instances that have this value, each time it is given", 0},
    {'s', "socket", "PATH", "where the service is, else $" RIG_SOCKET_VARIABLE ", else " RIG_SOCKET_DEFAULT,
     0},
    {0}};

/* The names of a class's methods, as its declaration has them. */
static void put_methods(const rig_wmi_class *class, FILE *out)
{
    static const char lead[] = "    [Implemented] uint32 ";
    rig_gather mof = {0};
    const char *before = ": ";
    rig_status status = rig_wmi_mof(rig_alloc_libc(), class, &mof);
    for (rig_view rest = rig_view_of(mof.ptr, mof.len); rest.ptr && !status;) {
        rig_view line = rig_view_split(&rest, '\n');
        if (!rig_view_starts(line, lead))
            continue;
        line = rig_view_sub(line, sizeof lead - 1, line.len);
        const rig_view method = rig_view_split(&line, '(');
        fprintf(out, "%s%.*s", before, RIG_VIEW_ARG(method));
        before = ", ";
    }
    rig_gather_cleanup(&mof, rig_alloc_libc());
}

static void page_classes(FILE *out)
{
    fputs(".SH CLASSES\n", out);
    for (size_t i = 0; i < rig_wmi_classes(); i++) {
        const rig_wmi_class *class = rig_wmi_class_at(i);
        fprintf(out, ".TP\n.B %s\n%s%s", rig_wmi_class_name(class), rig_wmi_class_meaning(class),
                rig_wmi_class_has_instances(class) ? "" : " (inside others)");
        put_methods(class, out);
        fputc('\n', out);
    }
}

const cli_manual cmd_wmi_manual = {
    .synopsis = "[--mof] [--socket PATH] [--where PROPERTY=VALUE…] [CLASS]\n"
                "[--socket PATH] [--where PROPERTY=VALUE…] CLASS --method NAME [PARAMETER=VALUE…]",
    .about =
        (const char *const[]){
            "The instances of a class of Windows' management instrumentation as JSON, one instance "
            "a line, made from what the initiator service answers. Without CLASS: the classes.",
            NULL},
    .more =
        (const char *const[]){
            "Names of classes, properties, methods and parameters may be in upper or lower case; a class may "
            "be named "
            "with MSIscsiInitiator_ in front. --mof tells of each class its properties and methods.",
            "A property that is not there is null. Numbers of 64 bits are texts of decimal digits, as "
            "scripts on Windows "
            "get them, and arrays of uint8 arrays of numbers. Ids of sessions and connections are two halves "
            "of 16 hex "
            "digits, joined by a hyphen. Secrets are always null.",
            "A method wants exactly one instance, and shows its output parameters as a JSON object, "
            "ReturnValue first. "
            "Booleans are true or false; bytes are text, or 0x and hex digits. A login option that is given "
            "is marked "
            "in InformationSpecified, which is not given itself.",
            "The service is found as iscsicli(1) finds it; embedded:PATH is a service inside this process "
            "that keeps "
            "its store there.",
            NULL},
    .options = {option_rows},
    .status =
        (const cli_status[]){{0, "the service answered; a warning is told on the standard error output"},
                             {1, "the service said no, or there is none; code and why are told there"},
                             {2, "the words ask for nothing"},
                             {0}},
    .examples =
        (const char *const[]){"PersistentLoginClass",
                              "--where PortalAddress=192.0.2.10 SendTargetPortalClass --method Refresh",
                              ("--where TargetName=iqn.2026-01.org.example:disk TargetClass --method Login "
                               "TargetPortal.Address=192.0.2.10 TargetPortal.Port=3260"),
                              "--mof SessionClass", NULL},
    .takes = "CLASS",
    .sections = page_classes};

static void print_classes(void)
{
    for (size_t i = 0; i < rig_wmi_classes(); i++) {
        const rig_wmi_class *class = rig_wmi_class_at(i);
        printf("%-34s %s%s\n", rig_wmi_class_name(class), rig_wmi_class_meaning(class),
               rig_wmi_class_has_instances(class) ? "" : " (inside others)");
    }
}

static rig_status print_mof(const rig_wmi_class *class, rig_gather *out)
{
    rig_status status = RIG_OK;
    for (size_t i = 0; i < rig_wmi_classes() && !status; i++)
        if (!class || class == rig_wmi_class_at(i))
            status = rig_wmi_mof(rig_alloc_libc(), rig_wmi_class_at(i), out);
    return status;
}

/* What the service said no to has failed; the rest was asked wrongly. */
static int result(rig_status status, rig_code code, const rig_error *err)
{
    const bool refused = code != RIG_CODE_SUCCESS;
    if (status)
        cli_complain("wmi: %s%s%s", refused ? rig_code_name(code) : "", refused ? ": " : "",
                     err->text[0] ? err->text : rig_status_meaning(status));
    else if (refused)
        cli_complain("wmi: %s: %s", rig_code_name(code), err->text[0] ? err->text : rig_code_meaning(code));
    if (refused)
        return rig_code_is_warning(code) ? CLI_OK : CLI_FAILED;
    return status ? CLI_USAGE : CLI_OK;
}

static int ask(const wmi_options *options, const rig_wmi_class *class, rig_view *arguments, size_t num)
{
    const rig_caller caller = rig_client_caller(options->socket);
    const rig_wmi_request request = {.caller = &caller,
                                     .class = class,
                                     .where = options->where,
                                     .num_where = options->num_where,
                                     .method = rig_view_str(options->method),
                                     .arguments = arguments,
                                     .num_arguments = num};
    rig_gather out = {0};
    rig_error err = {0};
    rig_code code = RIG_CODE_SUCCESS;
    rig_status status = options->method ? rig_wmi_invoke(rig_alloc_libc(), &request, &out, &code, &err)
                                        : rig_wmi_instances(rig_alloc_libc(), &request, &out, &code, &err);
    if (!status && out.len)
        fwrite(out.ptr, 1, out.len, stdout);
    rig_gather_cleanup(&out, rig_alloc_libc());
    return ferror(stdout) ? CLI_USAGE : result(status, code, &err);
}

static int show_mof(const rig_wmi_class *class)
{
    rig_gather out = {0};
    rig_status status = print_mof(class, &out);
    if (!status && out.len)
        fwrite(out.ptr, 1, out.len, stdout);
    rig_gather_cleanup(&out, rig_alloc_libc());
    return status ? cli_complain("wmi: %s", rig_status_meaning(status)) : ferror(stdout) ? CLI_USAGE : CLI_OK;
}

/* CLASS, and behind it what goes to the method. */
static int show(const wmi_options *options, char **words, int num)
{
    rig_error err = {0};
    const rig_wmi_class *class = num ? rig_wmi_class_find(rig_view_str(words[0]), &err) : NULL;
    if (num && !class)
        return cli_complain("wmi: %s", err.text);
    if (num > 1 && !options->method)
        return cli_complain("wmi: one class is wanted, and \"%s\" is another", words[1]);
    if (options->mof && options->method)
        return cli_complain("wmi: --mof and --method do not go together");
    if (options->mof)
        return show_mof(class);
    if (!class && (options->method || options->num_where))
        return cli_complain("wmi: of which class?");
    if (!class) {
        print_classes();
        return ferror(stdout) ? CLI_USAGE : CLI_OK;
    }
    const size_t num_arguments = (size_t)num - 1;
    rig_view *arguments = rig_new(rig_alloc_libc(), (num_arguments + 1) * sizeof *arguments);
    if (!arguments)
        return cli_complain("wmi: %s", rig_status_meaning(RIG_E_NOMEM));
    for (size_t i = 0; i < num_arguments; i++)
        arguments[i] = rig_view_str(words[i + 1]);
    const int status = ask(options, class, arguments, num_arguments);
    rig_delete(rig_alloc_libc(), arguments, (num_arguments + 1) * sizeof *arguments);
    return status;
}

int cmd_wmi(int argc, char **argv)
{
    cli_args args;
    wmi_options out = {0};
    cli_args_begin(&args, "wmi", argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0;) {
        if (c < 0)
            return args.end;
        if (c == 'w' && out.num_where == WHERE_MAX)
            return cli_complain("wmi: at most %d --where", WHERE_MAX);
        if (c == 'w')
            out.where[out.num_where++] = rig_view_str(optarg);
        out.mof = out.mof || c == 'm';
        out.method = c == 'c' ? optarg : out.method;
        out.socket = c == 's' ? optarg : out.socket;
    }
    return show(&out, argv + optind, argc - optind);
}
