/* iscsirig wmi: the service as Windows' management instrumentation shows it. */
#include "cli.h"
#include "rig/wmi.h"

#include <getopt.h>
#include <stdio.h>

#define WHERE_MAX 32 /* most --where */

typedef struct wmi_options {
    bool mof;
    const char *socket, *method;
    rig_view where[WHERE_MAX];
    size_t num_where;
} wmi_options;

static void usage(void)
{
    printf("usage: iscsirig wmi [--mof] [--socket PATH] [--where PROPERTY=VALUE…] [CLASS]\n"
           "       iscsirig wmi [--socket PATH] [--where PROPERTY=VALUE…] CLASS --method NAME "
           "[PARAMETER=VALUE…]\n\n"
           "The instances of a class of Windows' management instrumentation as JSON, made from what the\n"
           "initiator service answers. Without CLASS: the classes.\n\n"
           "  --mof     the declaration of the class, or of all, in the Managed Object Format\n"
           "  --method  call a method of the one instance that is meant; what is inside a parameter is said\n"
           "            as TargetPortal.Address=192.0.2.1, of arrays as Mappings.0.OSBusNumber=1\n"
           "  --where   only instances that have this value, each time it is given\n"
           "  --socket  where the service is, else $" RIG_SOCKET_VARIABLE ", else " RIG_SOCKET_DEFAULT "\n");
}

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
    static const struct option options[] = {
        {"mof", no_argument, NULL, 'm'},         {"method", required_argument, NULL, 'c'},
        {"where", required_argument, NULL, 'w'}, {"socket", required_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},        {0}};
    wmi_options out = {0};
    opterr = 0;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (c == 'h') {
            usage();
            return CLI_OK;
        }
        if (c == '?' || c == ':')
            return cli_bad_option(c, argv);
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
