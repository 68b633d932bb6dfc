/* iscsirig target: the simulated target on real sockets. */
#include "target_server.h"

#include <stdio.h>
#include <stdlib.h>

static int list_faults(void)
{
    for (unsigned i = 0; i < RIG_FAULTS; i++)
        printf("%s\t%s\t%s\t%s\t%s\n", rig_fault_rows[i].name, rig_fault_rows[i].what,
               rig_fault_rows[i].requirement, rig_fault_rows[i].judge, rig_fault_pdu(&rig_fault_rows[i]));
    return CLI_OK;
}

static int serve(target_options *options)
{
    target_server *server = calloc(1, sizeof *server);
    if (!server)
        return cli_complain("no memory");
    int bad = target_server_open(server, options);
    if (!bad)
        bad = target_server_run(server);
    target_server_close(server);
    free(server);
    return bad;
}

int cmd_target(int argc, char **argv)
{
    static target_options options;
    int bad = target_options_read(&options, argc, argv);
    if (!bad && options.list_faults)
        bad = list_faults();
    else if (!bad && !options.help)
        bad = serve(&options);
    target_auth_wipe(&options.auth);
    return bad;
}
