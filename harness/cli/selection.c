#include "selection.h"

#include "choose.h"

#include <stdio.h>

/* All words, also behind one that does not fit: each is to fit something. */
static bool selected(cli_selection *selection, const run_options *options, const rig_scn *scn)
{
    bool all = true;
    for (size_t i = 0; i < options->num_addresses; i++) {
        bool fits = cli_chosen(scn, options->addresses[i]);
        selection->fitted[i] = selection->fitted[i] || fits;
        all = all && fits;
    }
    for (size_t i = 0; i < options->num_excluded; i++) {
        bool fits = cli_chosen(scn, options->excluded[i]);
        selection->excluded[i] = selection->excluded[i] || fits;
        all = all && !fits;
    }
    return all;
}

static bool add_pick(cli_selection *selection, const cli_scenario *scenario, uint32_t case_index)
{
    if (selection->num_picks == selection->size) {
        size_t more = selection->size ? selection->size * 2 : 256;
        cli_pick *picks = rig_resize(rig_alloc_libc(), selection->picks, selection->size * sizeof *picks,
                                     more * sizeof *picks);
        if (!picks)
            return false;
        selection->picks = picks;
        selection->size = more;
    }
    selection->picks[selection->num_picks++] = (cli_pick){scenario, case_index};
    return true;
}

static int pick_cases(cli_selection *selection, const run_options *options, const cli_scenario *scenario,
                      const cli_failed *failed)
{
    size_t before = selection->num_picks;
    for (uint32_t c = 0; c < rig_scn_cases(scenario->file); c++) {
        rig_scn *scn = NULL;
        if (rig_scn_case(scenario->file, c, &scn, NULL))
            return cli_complain("%s: no memory", scenario->source.path);
        bool wanted = selected(selection, options, scn) &&
                      (!failed || cli_failed_has(failed, scenario->source.path, scn));
        rig_scn_free(scn);
        if (wanted && !add_pick(selection, scenario, c))
            return cli_complain("no memory");
    }
    selection->num_files += selection->num_picks > before;
    return CLI_OK;
}

static bool swept(const cli_selection *selection, rig_view name)
{
    for (size_t i = 0; i < selection->num_picks; i++)
        if (rig_scn_sweeps(selection->picks[i].scenario->file, name))
            return true;
    return false;
}

static int check_defines(const cli_selection *selection, const run_options *options)
{
    for (uint32_t i = 0; i < options->num_defines && selection->num_picks; i++)
        if (!swept(selection, options->defines[i].name))
            return cli_complain("-D %.*s=%.*s: no selected scenario has a sweep of that name",
                                RIG_VIEW_ARG(options->defines[i].name),
                                RIG_VIEW_ARG(options->defines[i].value));
    return CLI_OK;
}

static int check_words(const cli_selection *selection, const run_options *options)
{
    int bad = CLI_OK;
    for (size_t i = 0; i < options->num_addresses; i++)
        if (!selection->fitted[i])
            bad = cli_complain("\"%s\": no scenario here has such a tag, requirement id or section",
                               options->addresses[i]);
    for (size_t i = 0; i < options->num_excluded; i++)
        if (!selection->excluded[i])
            bad = cli_complain("--exclude \"%s\": no scenario here has such a tag, requirement id or section",
                               options->excluded[i]);
    return bad;
}

int cli_select(cli_selection *selection, const run_options *options, const cli_pack *pack,
               const cli_failed *failed, const volatile int *stop)
{
    *selection = (cli_selection){.shard = options->shard, .shards = options->shards};
    for (size_t i = 0; i < pack->num && !*stop; i++)
        if (pick_cases(selection, options, pack->scenarios[i], failed))
            return CLI_USAGE;
    uint64_t all = selection->num_picks * options->repeat;
    selection->num_jobs = (all + options->shards - options->shard) / options->shards;
    if (*stop)
        return CLI_OK;
    /* A list of what failed is no place to look a word up in. */
    int bad = failed && options->num_paths == 0 ? CLI_OK : check_words(selection, options);
    return bad ? bad : check_defines(selection, options);
}

/* Round after round, every shards-th case of them all. */
cli_job cli_selection_job(const cli_selection *selection, uint64_t index)
{
    uint64_t place = selection->shard - 1 + index * selection->shards;
    return (cli_job){selection->picks[place % selection->num_picks], place / selection->num_picks};
}

void cli_selection_free(cli_selection *selection)
{
    rig_delete(rig_alloc_libc(), selection->picks, selection->size * sizeof *selection->picks);
    *selection = (cli_selection){0};
}
