/* Any text as a scenario: opened, every case made, altered, printed, formatted. */
#include "rig/scn.h"

#define CASES_MAX 4    /* cases looked at of one file */
#define LITERALS_MAX 8 /* literals altered of one case */
#define INCLUDED "other.inc"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char included[] = "macro pair $x with A B=1\n"
                               "  > NopOut ITT=$x F=$A\n"
                               "  < NopIn ITT=$x TTT=$B\n";

static rig_status load(void *ctx, rig_view name, rig_view from, rig_view *out_path, rig_view *out_text)
{
    (void)from;
    const rig_view *whole = ctx;
    *out_path = name;
    *out_text = rig_view_is(name, INCLUDED) ? rig_view_str(included) : *whole;
    return rig_view_is(name, "none") ? RIG_E_NOT_FOUND : RIG_OK;
}

static void print(const rig_scn *scn)
{
    char buffer[4096];
    rig_text text;
    for (uint32_t i = 0; i < scn->num_musts; i++) {
        rig_text_init(&text, buffer, sizeof(buffer));
        rig_scn_must_print(&text, &scn->musts[i], scn);
    }
    for (uint32_t i = 0; i < scn->num_traces; i++)
        for (uint32_t j = 0; j < scn->traces[i].num_lines; j++) {
            rig_text_init(&text, buffer, sizeof(buffer));
            rig_scn_line_print(&text, &scn->traces[i].lines[j]);
        }
}

static void one_case(const rig_scn_file *file, uint32_t index)
{
    rig_scn *made, *altered;
    if (rig_scn_case(file, index, &made, NULL) != RIG_OK)
        __builtin_trap(); /* rig_scn_open checked it */
    print(made);
    if (!rig_scn_equal(made, made))
        __builtin_trap();
    for (uint32_t i = 1; i <= made->num_literals && i <= LITERALS_MAX; i++)
        if (rig_scn_case_altered(file, index, i, &altered, NULL) == RIG_OK)
            rig_scn_free(altered);
    rig_scn_free(made);
}

/* The canonical form of the canonical form is itself. */
static void format(rig_view text)
{
    char *once = NULL, *twice = NULL;
    size_t once_len = 0, twice_len = 0;
    const rig_alloc *alloc = rig_alloc_libc();
    if (rig_scn_format(alloc, rig_view_str("x"), text, &once, &once_len, NULL) != RIG_OK)
        return;
    rig_view first = rig_view_of(once, once_len);
    if (rig_scn_format(alloc, rig_view_str("x"), first, &twice, &twice_len, NULL) == RIG_OK) {
        if (!rig_view_eq(first, rig_view_of(twice, twice_len)))
            __builtin_trap();
        rig_delete(alloc, twice, twice_len + 1);
    }
    rig_delete(alloc, once, once_len + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rig_view text = rig_view_of(data, size);
    rig_scn_config config = {.alloc = rig_alloc_libc(), .load = load, .ctx = &text};
    rig_scn_problems problems = {.num = 0};
    rig_scn_file *file;
    rig_status status = rig_scn_open(&config, rig_view_str("fuzz.scn"), text, &file, &problems);
    if ((status == RIG_OK) != (file != NULL) || (status != RIG_OK && problems.num == 0))
        __builtin_trap();
    if (file) {
        for (uint32_t i = 0; i < rig_scn_cases(file) && i < CASES_MAX; i++)
            one_case(file, i);
        rig_scn_file_free(file);
    }
    format(text);
    return 0;
}
