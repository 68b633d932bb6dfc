/* Results of any origin: read, merged with themselves, compared, and given to each kind of report. */
#include "rig/results.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell(const rig_results *results)
{
    rig_run_facts facts;
    rig_summary summary;
    rig_results_facts(results, &facts);
    rig_results_summary(results, &summary);
    for (const rig_report_row *row = rig_report_rows; row->name; row++) {
        char folder[] = "/tmp/iscsirig-fuzz-XXXXXX", path[64];
        rig_report *report;
        rig_text text;
        if (!mkdtemp(folder))
            return;
        bool page = strcmp(row->name, "html") == 0;
        rig_text_init(&text, path, sizeof path);
        rig_text_add(&text, page ? "%s" : "%s/index.html", folder);
        if (row->open(rig_alloc_libc(), path, &facts, &report, NULL) == RIG_OK) {
            rig_status status = rig_results_print(results, report, NULL, NULL);
            if (report->ops->finish(report, &summary) != RIG_OK || status != RIG_OK)
                __builtin_trap();
        }
        rig_text_init(&text, path, sizeof path);
        rig_text_add(&text, "%s/index.html", folder);
        unlink(path);
        rmdir(folder);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rig_results *results = NULL, *again = NULL;
    rig_error err = {.status = RIG_OK};
    rig_view text = rig_view_of(data, size);
    rig_status status = rig_results_read(rig_alloc_libc(), "fuzz.json", text, &results, &err);
    if ((status == RIG_OK) != (results != NULL) || (status != RIG_OK && !err.text[0]))
        __builtin_trap();
    if (results && rig_results_read(rig_alloc_libc(), "fuzz.json", text, &again, &err) == RIG_OK) {
        rig_results_merge(results, again);
        rig_results_compare(results, again);
        tell(results);
    }
    rig_results_free(results);
    rig_results_free(again);
    return 0;
}
