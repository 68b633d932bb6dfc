#include "list.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define LIST_SCHEMA "iscsirig-list/1"

typedef int case_fn(void *ctx, const cli_pick *pick, const rig_scn *scn);

static int each_case(const cli_selection *selection, case_fn *each, void *ctx)
{
    int bad = CLI_OK;
    for (uint64_t i = 0; i < selection->num_jobs && !bad; i++) {
        rig_scn *scn = NULL;
        const cli_pick pick = cli_selection_job(selection, i).pick;
        if (rig_scn_case(pick.scenario->file, pick.case_index, &scn, NULL))
            return cli_complain("no memory");
        bad = each(ctx, &pick, scn);
        rig_scn_free(scn);
    }
    return bad;
}

static int put_line(void *ctx, const cli_pick *pick, const rig_scn *scn)
{
    (void)ctx;
    printf("%s", pick->scenario->source.path);
    for (uint32_t b = 0; b < scn->num_bindings; b++)
        printf(" %.*s=%.*s", RIG_VIEW_ARG(scn->bindings[b].name), RIG_VIEW_ARG(scn->bindings[b].value));
    printf("\t%.*s\n", RIG_VIEW_ARG(scn->title));
    return CLI_OK;
}

/* ---- JSON ---- */

static json_t *text_of(rig_view text)
{
    return json_stringn((const char *)text.ptr, text.len);
}

static json_t *views_of(const rig_view *views, uint32_t num)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < num; i++)
        json_array_append_new(list, text_of(views[i]));
    return list;
}

static json_t *values_of(const rig_scn *scn)
{
    json_t *values = json_object();
    for (uint32_t i = 0; i < scn->num_bindings; i++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", RIG_VIEW_ARG(scn->bindings[i].name));
        json_object_set_new(values, name, text_of(scn->bindings[i].value));
    }
    return values;
}

static json_t *sections_of(const rig_scn *scn)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < scn->num_refs; i++)
        json_array_append_new(list, json_sprintf("%.*s/%.*s", RIG_VIEW_ARG(scn->refs[i].document),
                                                 RIG_VIEW_ARG(scn->refs[i].section)));
    return list;
}

static json_t *ids_of(const rig_scn *scn)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < scn->num_musts; i++)
        for (uint32_t j = 0; j < scn->musts[i].num_ids; j++)
            json_array_append_new(list, text_of(scn->musts[i].ids[j]));
    return list;
}

static int add_case(void *ctx, const cli_pick *pick, const rig_scn *scn)
{
    json_t *list = ctx;
    json_t *row = json_pack("{s:s,s:I,s:o,s:o,s:o,s:o,s:o}", "path", pick->scenario->source.path, "case",
                            (json_int_t)pick->case_index, "values", values_of(scn), "title",
                            text_of(scn->title), "tags", views_of(scn->tags, scn->num_tags), "sections",
                            sections_of(scn), "requirements", ids_of(scn));
    return row && json_array_append_new(list, row) == 0 ? CLI_OK : cli_complain("no memory");
}

static int list_json(const cli_selection *selection, const char *path)
{
    json_t *cases = json_array();
    int bad = each_case(selection, add_case, cases);
    json_t *all = json_pack("{s:s,s:o}", "schema", LIST_SCHEMA, "cases", cases);
    if (!bad && strcmp(path, "-") == 0)
        bad = json_dumpf(all, stdout, JSON_COMPACT) == 0 && puts("") >= 0 ? CLI_OK : CLI_USAGE;
    else if (!bad && json_dump_file(all, path, JSON_COMPACT) != 0)
        bad = cli_complain("--json %s: could not be written", path);
    json_decref(all);
    return bad;
}

int cli_list(const cli_selection *selection, const char *json)
{
    return json ? list_json(selection, json) : each_case(selection, put_line, NULL);
}
