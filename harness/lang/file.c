/* Opening a scenario file, checking all of it, giving its cases. */
#include "lang.h"

/* ---- checking ---- */

static bool try_case(rig_scn_file *file, uint32_t index, uint8_t *taken, lang_report *report)
{
    rig_scn *made;
    lang_case wanted = {.index = index, .taken = taken};
    lang_case_make(file, &wanted, report, &made);
    if (index == 0 && !*file->first)
        *file->first = made;
    else
        rig_scn_free(made);
    return report->status == RIG_OK;
}

/* Every value once, the other sweeps at their first: what is done when there are too many combinations. */
static bool try_values(rig_scn_file *file, uint8_t *taken, lang_report *report)
{
    uint32_t stride = file->cases;
    for (uint32_t i = 0; i < file->num_sweeps; i++) {
        stride /= file->sweeps[i].num_values;
        for (uint32_t value = 0; value < file->sweeps[i].num_values; value++)
            if (!try_case(file, value * stride, taken, report))
                return false;
    }
    return true;
}

static bool try_all(rig_scn_file *file, uint8_t *taken, lang_report *report)
{
    for (uint32_t i = 0; i < file->cases; i++)
        if (!try_case(file, i, taken, report))
            return false;
    return true;
}

/* A `when` that no case fulfils guards lines that nothing ever checks. */
static bool check_taken(const rig_scn_file *file, const uint8_t *taken, lang_report *report)
{
    const lang_source *source = file->sources[0];
    for (uint32_t i = 0; i < source->num_lines; i++)
        if (taken[i] == LANG_WHEN_SEEN)
            return lang_problem(report, source->path, source->lines[i].number, source->lines[i].indent + 1,
                                RIG_E_SYNTAX, "no case of the sweeps fulfils this when");
    return true;
}

static bool check_macros(rig_scn_file *file, lang_report *report)
{
    rig_scn scratch = {.level = RIG_SCN_MUST};
    lang_arena arena = {.alloc = file->config.alloc};
    lang_parser *p = rig_new(file->config.alloc, sizeof(*p));
    if (!p)
        return lang_nomem(report);
    bool ok = true;
    for (uint32_t i = 0; i < file->num_macros && ok; i++) {
        lang_parser_init(p, file, &arena, report);
        p->out = &scratch;
        for (uint32_t j = 0; j < file->num_sweeps; j++)
            p->subs[p->num_subs++] =
                (lang_sub){.name = file->sweeps[j].name, .value = file->sweeps[j].values[0]};
        p->base_subs = p->num_subs;
        ok = lang_macro_check(p, &file->macros[i]);
        lang_arena_cleanup(&arena);
    }
    rig_delete(file->config.alloc, p, sizeof(*p));
    return ok;
}

static bool check(rig_scn_file *file, lang_report *report)
{
    bool all = file->cases <= LANG_TRIES_MAX;
    uint8_t *taken = lang_take(&file->arena, file->sources[0]->num_lines + 1);
    file->first = lang_take(&file->arena, sizeof(*file->first));
    if (!taken || !file->first)
        return lang_nomem(report);
    if (!(all ? try_all : try_values)(file, taken, report))
        return false;
    return check_macros(file, report) &&
           (!all || file->config.num_defines > 0 || check_taken(file, taken, report));
}

/* ---- the public calls ---- */

rig_status rig_scn_open(const rig_scn_config *config, rig_view path, rig_view text, rig_scn_file **out_file,
                        rig_scn_problems *problems)
{
    *out_file = NULL;
    lang_report report = {.problems = problems};
    rig_scn_file *file = rig_new(config->alloc, sizeof(*file));
    if (!file)
        return RIG_E_NOMEM;
    file->config = *config;
    file->arena.alloc = config->alloc;
    if (lang_load(file, path, text, &report) && check(file, &report)) {
        *out_file = file;
    } else {
        lang_full(&report, path, &file->arena);
        rig_scn_file_free(file);
    }
    return report.status;
}

void rig_scn_file_free(rig_scn_file *file)
{
    if (!file)
        return;
    const rig_alloc *alloc = file->config.alloc;
    if (file->first)
        rig_scn_free(*file->first);
    lang_arena_cleanup(&file->arena);
    rig_delete(alloc, file, sizeof(*file));
}

uint32_t rig_scn_cases(const rig_scn_file *file)
{
    return file->cases;
}

bool rig_scn_sweeps(const rig_scn_file *file, rig_view name)
{
    for (uint32_t i = 0; i < file->num_sweeps; i++)
        if (rig_view_eq(file->sweeps[i].name, name))
            return true;
    return false;
}

rig_view rig_scn_path(const rig_scn_file *file, uint32_t file_number)
{
    return file_number < file->num_sources ? file->sources[file_number]->path : (rig_view){NULL, 0};
}

rig_status rig_scn_case(const rig_scn_file *file, uint32_t index, rig_scn **out_case,
                        rig_scn_problems *problems)
{
    lang_report report = {.problems = problems};
    lang_case wanted = {.index = index};
    *out_case = NULL;
    if (index >= file->cases)
        return RIG_E_ARGUMENT;
    if (index == 0 && *file->first) {
        *out_case = *file->first;
        *file->first = NULL;
        return RIG_OK;
    }
    return lang_case_make(file, &wanted, &report, out_case);
}

rig_status rig_scn_case_altered(const rig_scn_file *file, uint32_t index, uint32_t literal,
                                rig_scn **out_case, rig_scn_problems *problems)
{
    lang_report report = {.problems = problems};
    lang_case wanted = {.index = index, .alter = literal};
    *out_case = NULL;
    if (index >= file->cases || literal == 0)
        return index >= file->cases ? RIG_E_ARGUMENT : RIG_E_NOT_FOUND;
    rig_status status = lang_case_make(file, &wanted, &report, out_case);
    if (status != RIG_OK || (wanted.altered && !wanted.unalterable))
        return status;
    rig_scn_free(*out_case);
    *out_case = NULL;
    return wanted.unalterable ? RIG_E_UNSUPPORTED : RIG_E_NOT_FOUND;
}

/* ---- selecting ---- */

static bool section_in(rig_view section, rig_view wanted)
{
    if (section.len < wanted.len || (wanted.len && memcmp(section.ptr, wanted.ptr, wanted.len) != 0))
        return false;
    return section.len == wanted.len || section.ptr[wanted.len] == '.';
}

static bool ref_selected(const rig_scn *scn, rig_view document, rig_view section)
{
    for (uint32_t i = 0; i < scn->num_refs; i++)
        if (rig_view_eq(scn->refs[i].document, document) && section_in(scn->refs[i].section, section))
            return true;
    return false;
}

bool rig_scn_selected(const rig_scn *scn, rig_view address)
{
    size_t slash = rig_view_find(address, '/');
    if (slash < address.len &&
        ref_selected(scn, rig_view_sub(address, 0, slash), rig_view_sub(address, slash + 1, address.len)))
        return true;
    for (uint32_t i = 0; i < scn->num_tags; i++)
        if (rig_view_eq(scn->tags[i], address))
            return true;
    for (uint32_t i = 0; i < scn->num_musts; i++)
        for (uint32_t j = 0; j < scn->musts[i].num_ids; j++)
            if (rig_view_eq(scn->musts[i].ids[j], address))
                return true;
    return false;
}

/* Word i is a mix (splitmix64's finish) of seed and i: equal words at different places do not happen by
 * accident. */
static uint64_t pattern_word(uint64_t seed, uint64_t i)
{
    uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15) + i + 1;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

void rig_scn_pattern_fill(uint8_t *out, size_t len, uint64_t seed, uint64_t offset)
{
    for (size_t done = 0; done < len;) {
        uint64_t at = offset + done;
        uint64_t word = pattern_word(seed, at / 8);
        if (at % 8 == 0 && len - done >= 8) {
            rig_be_set(out + done, 8, word);
            done += 8;
        } else {
            out[done++] = (uint8_t)(word >> (56 - at % 8 * 8));
        }
    }
}
