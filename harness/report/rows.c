/* The kinds of reports. */
#include "reports.h"

const rig_report_row rig_report_rows[] = {
#define RIG_REPORT(name, option, what, evidence) {#name, option, what, rep_##name##_open, evidence},
#include "reports.def"
    {NULL, NULL, NULL, NULL, false},
};
