/* The allocation-failure run: each case of the pack on the simulated network, again and again, with the n-th
 * allocation failing, n = 1, 2 … until a run needs fewer. No crash, no leak, no hang; each run has a named
 * end. */
#include "rig/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define TEXTS_MAX 16                  /* files of one scenario, includes among them */
#define FILE_MAX (1u << 20)           /* bytes of one */
#define LIMIT_NS (20ull * 1000000000) /* of real time for one run */
#define CALLS_MAX 1000000             /* allocations of one case */

typedef struct text {
    char *path, *bytes;
    size_t len;
} text;

typedef struct request {
    uint64_t step, first;         /* every step-th n, from first on */
    uint64_t part, parts;         /* of the files */
    uint64_t runs, cases, failed; /* so far */
    text texts[TEXTS_MAX];        /* of the present scenario */
    uint32_t num_texts;
    bool all_cases; /* not only the first of each file */
} request;

static const char usage[] = "usage: alloc_run [--step K] [--first N] [--part I/N] [--all] FILE…\n"
                            "  --step   only every K-th allocation fails in turn (1)\n"
                            "  --first  … beginning with this one (1)\n"
                            "  --part   only each N-th file, from the I-th on\n"
                            "  --all    all cases of a sweep, not just the first\n";

/* ---- files ---- */

static rig_status read_file(const char *path, text *out)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return RIG_E_IO;
    out->bytes = malloc(FILE_MAX);
    out->path = rig_copy_text(rig_alloc_libc(), path, strlen(path));
    out->len = out->bytes ? fread(out->bytes, 1, FILE_MAX, file) : 0;
    bool good = out->bytes && out->path && !ferror(file) && out->len < FILE_MAX;
    fclose(file);
    return good ? RIG_OK : RIG_E_IO;
}

static void forget_texts(request *q)
{
    for (uint32_t i = 0; i < q->num_texts; i++) {
        free(q->texts[i].bytes);
        rig_delete(rig_alloc_libc(), q->texts[i].path, strlen(q->texts[i].path) + 1);
    }
    q->num_texts = 0;
}

/* An include is looked for beside the file that names it, then in the pack's own folder for them. */
static rig_status load(void *ctx, rig_view name, rig_view from, rig_view *out_path, rig_view *out_text)
{
    request *q = ctx;
    char path[1024];
    size_t folder = from.len;
    struct stat about;
    while (folder > 0 && from.ptr[folder - 1] != '/')
        folder--;
    if (q->num_texts == TEXTS_MAX)
        return RIG_E_LIMIT;
    snprintf(path, sizeof path, "%.*s%.*s", (int)folder, (const char *)from.ptr, RIG_VIEW_ARG(name));
    if (stat(path, &about) != 0)
        snprintf(path, sizeof path, "scenarios/include/%.*s", RIG_VIEW_ARG(name));
    text *t = &q->texts[q->num_texts];
    *t = (text){0};
    rig_status status = read_file(path, t);
    if (status)
        return status;
    q->num_texts++;
    *out_path = rig_view_str(t->path);
    *out_text = rig_view_of(t->bytes, t->len);
    return RIG_OK;
}

/* ---- one case ---- */

static void complain(request *q, const rig_scn_file *file, uint32_t index, uint64_t n, const char *what)
{
    q->failed++;
    printf("FAILED: %.*s, case %u, allocation %llu: %s\n", RIG_VIEW_ARG(rig_scn_path(file, 0)), index,
           (unsigned long long)n, what);
    fflush(stdout);
}

/* The n-th allocation fails, none with 0. True when there were fewer. */
static bool run_once(request *q, const rig_scn_file *file, uint32_t index, uint64_t n)
{
    rig_alloc_meter meter;
    rig_result result;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    meter.fail_at = n;
    const rig_run_config config = {.alloc = &meter.alloc, .keep = RIG_RUN_KEEP_NEVER, .timeout = LIMIT_NS};
    rig_view path = rig_scn_path(file, 0);
    char name[1024];
    snprintf(name, sizeof name, "%.*s", RIG_VIEW_ARG(path));
    rig_status status = rig_run_case(&config, file, name, index, &result);
    bool over = result.timed_out, named = status == RIG_OK || status == RIG_E_NOMEM || status == RIG_E_IO;
    bool whole = status || (result.verdict < RIG_VERDICTS && (!rig_verdict_failed(result.verdict) || n));
    rig_result_cleanup(&result);
    q->runs++;
    if (over)
        complain(q, file, index, n, "it hangs");
    if (!named)
        complain(q, file, index, n, rig_status_name(status));
    if (!whole)
        complain(q, file, index, n, "it fails without a failure");
    if (meter.num_live)
        complain(q, file, index, n, "memory is not given back");
    return meter.num_calls < n;
}

static void run_case(request *q, const rig_scn_file *file, uint32_t index)
{
    q->cases++;
    run_once(q, file, index, 0);
    for (uint64_t n = q->first; n < CALLS_MAX && !run_once(q, file, index, n); n += q->step)
        continue;
}

static bool run_file(request *q, const char *path)
{
    rig_scn_file *file;
    rig_view name, content;
    const rig_scn_config config = {.alloc = rig_alloc_libc(), .load = load, .ctx = q};
    if (load(q, rig_view_str(path), (rig_view){0}, &name, &content) ||
        rig_scn_open(&config, name, content, &file, NULL))
        return false;
    const rig_run_config sim = {.alloc = rig_alloc_libc()};
    uint32_t cases = q->all_cases ? rig_scn_cases(file) : 1;
    for (uint32_t i = 0; i < cases; i++) {
        rig_scn *scn;
        if (rig_scn_case(file, i, &scn, NULL))
            break;
        bool here = rig_run_why_not(&sim, scn) == NULL;
        rig_scn_free(scn);
        if (here)
            run_case(q, file, i);
    }
    rig_scn_file_free(file);
    forget_texts(q);
    return true;
}

/* ---- the command line ---- */

static bool take_part(request *q, const char *value)
{
    rig_view rest = rig_view_str(value);
    rig_view first = rig_view_split(&rest, '/');
    return rig_view_u64(first, &q->part) && rest.ptr && rig_view_u64(rest, &q->parts) && q->part > 0 &&
           q->part <= q->parts;
}

static bool take_option(request *q, const char *name, const char *value)
{
    if (!value)
        return false;
    if (strcmp(name, "--step") == 0)
        return rig_view_u64(rig_view_str(value), &q->step) && q->step > 0;
    if (strcmp(name, "--first") == 0)
        return rig_view_u64(rig_view_str(value), &q->first) && q->first > 0;
    return strcmp(name, "--part") == 0 && take_part(q, value);
}

/* The place of the first file, 0 when the options are wrong. */
static int take_options(request *q, int argc, char **argv)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--all") == 0)
            q->all_cases = true;
        else if (!take_option(q, argv[i], i + 1 < argc ? argv[i + 1] : NULL))
            return 0;
        else
            i++;
    }
    return i < argc ? i : 0;
}

int main(int argc, char **argv)
{
    static request q = {.step = 1, .first = 1, .part = 1, .parts = 1};
    int first = take_options(&q, argc, argv);
    if (!first) {
        fputs(usage, stderr);
        return 2;
    }
    for (int i = first + (int)q.part - 1; i < argc; i += (int)q.parts)
        if (!run_file(&q, argv[i])) {
            printf("FAILED: %s cannot be read\n", argv[i]);
            q.failed++;
        }
    printf("allocation failures: %llu cases, %llu runs, %llu failed\n", (unsigned long long)q.cases,
           (unsigned long long)q.runs, (unsigned long long)q.failed);
    return q.failed > 0 || q.cases == 0;
}
