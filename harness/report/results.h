/* Results that were read, from inside. */
#ifndef REPORT_RESULTS_H
#define REPORT_RESULTS_H

#include "record.h"
#include "rig/results.h"

struct rig_results {
    const rig_alloc *alloc;
    json_t *cases;  /* records */
    json_t *runs;   /* {file, version, command, mode, cases, interrupted} of each file */
    json_t *before; /* the same of those they are compared with, NULL none */
    uint64_t planned, files, real_ns;
    uint64_t replaced;
    bool interrupted, cut, compared;
    uint64_t changes[RIG_CHANGES];
};

rig_results *rep_results_new(const rig_alloc *alloc);

/* ---- shape.c ---- */

/* Whether a report that was parsed has the form that docs/results.md promises. RIG_E_SYNTAX with the place,
 * RIG_E_UNSUPPORTED. name stands in messages. */
rig_status rep_shape_check(const json_t *root, const char *name, rig_error *err);

#endif
