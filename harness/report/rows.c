/* The kinds of reports. */
#include "reports.h"

const rig_report_row rig_report_rows[] = {
    {"console", "", "what people read: progress on a terminal, failure screens, a summary", rep_console_open,
     false},
    {"tap", "--tap", "Test Anything Protocol 14", rep_tap_open, false},
    {"junit", "--junit FILE", "JUnit XML: a testsuite for each folder", rep_junit_open, false},
    {"json", "--json FILE", "JSON, schema iscsirig-results/1", rep_json_open, true},
    {"html", "--html DIR", "one page that needs nothing else, DIR/index.html", rep_html_open, true},
    {NULL, NULL, NULL, NULL, false},
};
