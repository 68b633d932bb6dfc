/* iscsirig --version: the version, and what is in this program, from the tables that are. */
#include "cli.h"
#include "manual.h"
#include "rig/faults.h"
#include "rig/link.h"
#include "rig/lint.h"

#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__)
#define CHECKED ", address and undefined behaviour sanitizers"
#elif defined(__SANITIZE_THREAD__)
#define CHECKED ", thread sanitizer"
#else
#define CHECKED ""
#endif

static void put_reports(FILE *out)
{
    fputs("reports:", out);
    for (size_t i = 0; rig_report_rows[i].name; i++)
        fprintf(out, " %s", rig_report_rows[i].name);
    fputs("\nlinks:", out);
    for (size_t i = 0; rig_link_rows[i].name; i++)
        fprintf(out, " %s", rig_link_rows[i].name);
    fputc('\n', out);
}

static void put_steps(FILE *out)
{
    size_t steps = 0, events = 0;
    rig_scn_words(RIG_SCN_G_STEP, &steps);
    rig_scn_words(RIG_SCN_G_EVENT, &events);
    fprintf(out, "language: %zu steps, %zu events, %u faults, %zu lint rules\n", steps, events,
            (unsigned)RIG_FAULTS, rig_lint_num_rules);
}

void cli_version(FILE *out)
{
    fprintf(out, "iscsirig %s\n", cli_commit());
    fprintf(out, "modes: sim tcp target initiator-command\n");
    put_reports(out);
    put_steps(out);
    fprintf(out, "captures: pcap pcapng gzip zstd interface\nsecurity: CHAP IKEv1 ESP\n");
    fprintf(out, "built with: %s%s\n", RIG_LIBRARIES, CHECKED);
}
