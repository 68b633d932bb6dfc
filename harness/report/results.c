/* Results that were read: merged, compared, printed. */
#include "results.h"

#define KEY_MAX 8192 /* bytes that tell cases apart; what is behind them does not count */

static const struct {
    const char *word, *heading;
    bool fails;
} changes[] = {
#define X(id, word, heading, fails) {word, heading, fails},
    RIG_CHANGE_ROWS(X)
#undef X
};

const char *rig_change_word(rig_change change)
{
    return (unsigned)change < RIG_CHANGES ? changes[change].word : "?";
}

const char *rig_change_heading(rig_change change)
{
    return (unsigned)change < RIG_CHANGES ? changes[change].heading : "?";
}

bool rig_change_fails(rig_change change)
{
    return (unsigned)change < RIG_CHANGES && changes[change].fails;
}

rig_results *rep_results_new(const rig_alloc *alloc)
{
    rig_results *results = rig_new(alloc, sizeof *results);
    if (!results)
        return NULL;
    results->alloc = alloc;
    results->cases = json_array();
    results->runs = json_array();
    if (results->cases && results->runs)
        return results;
    rig_results_free(results);
    return NULL;
}

void rig_results_free(rig_results *results)
{
    if (!results)
        return;
    json_decref(results->cases);
    json_decref(results->runs);
    json_decref(results->before);
    rig_delete(results->alloc, results, sizeof *results);
}

/* ---- which cases are the same ---- */

static void add_part(rig_text *key, const char *part)
{
    rig_text_add(key, "%s\x1f", part);
}

static void make_key(rig_text *key, const json_t *record)
{
    add_part(key, rep_str(record, "path"));
    rep_record_bindings(key, record);
    add_part(key, "");
    add_part(key, rep_str(record, "peer"));
    add_part(key, rep_str(record, "link"));
}

/* An object of places by key. */
static bool remember(json_t *places, const char *key, size_t place)
{
    return json_object_set_new_nocheck(places, key, json_integer((json_int_t)place)) == 0;
}

static bool find(const json_t *places, const char *key, size_t *out_place)
{
    const json_t *place = json_object_get(places, key);
    if (place)
        *out_place = (size_t)json_integer_value(place);
    return place != NULL;
}

/* ---- merging ---- */

static void make_round_key(rig_text *key, const json_t *record)
{
    make_key(key, record);
    rig_text_add(key, "%llu", (unsigned long long)rep_number(record, "seed"));
}

static bool merge_case(rig_results *results, json_t *places, json_t *record)
{
    char room[KEY_MAX];
    rig_text key;
    size_t place;
    rig_text_init(&key, room, sizeof room);
    make_round_key(&key, record);
    if (find(places, room, &place)) {
        results->replaced++;
        return json_array_set(results->cases, place, record) == 0;
    }
    return remember(places, room, json_array_size(results->cases)) &&
           json_array_append(results->cases, record) == 0;
}

static bool remember_all(json_t *places, const json_t *cases)
{
    size_t i;
    const json_t *record;
    json_array_foreach(cases, i, record)
    {
        char room[KEY_MAX];
        rig_text key;
        rig_text_init(&key, room, sizeof room);
        make_round_key(&key, record);
        if (!remember(places, room, i))
            return false;
    }
    return true;
}

rig_status rig_results_merge(rig_results *results, const rig_results *more)
{
    size_t i;
    json_t *record, *places = json_object();
    bool ok =
        places && remember_all(places, results->cases) && json_array_extend(results->runs, more->runs) == 0;
    json_array_foreach(more->cases, i, record)
    {
        ok = ok && merge_case(results, places, record);
    }
    json_decref(places);
    results->replaced += more->replaced;
    results->cut = results->cut || more->cut;
    results->interrupted = results->interrupted || more->interrupted;
    results->files += more->files;
    results->real_ns += more->real_ns;
    results->planned += more->planned;
    return ok ? RIG_OK : RIG_E_NOMEM;
}

/* ---- comparing ---- */

typedef enum outcome { GOOD, BAD, LEFT_OUT, OUTCOMES } outcome;

static outcome outcome_of(rig_verdict verdict)
{
    if (verdict == RIG_VERDICT_SKIP || verdict == RIG_VERDICT_KNOWN)
        return LEFT_OUT;
    return rig_verdict_failed(verdict) ? BAD : GOOD;
}

static const rig_change became[OUTCOMES][OUTCOMES] = {
    [GOOD] = {[GOOD] = RIG_CHANGE_SAME, [BAD] = RIG_CHANGE_BROKE, [LEFT_OUT] = RIG_CHANGE_SKIPPED},
    [BAD] = {[GOOD] = RIG_CHANGE_FIXED, [BAD] = RIG_CHANGE_STILL, [LEFT_OUT] = RIG_CHANGE_SKIPPED},
    [LEFT_OUT] = {[GOOD] = RIG_CHANGE_PLAYED, [BAD] = RIG_CHANGE_BROKE, [LEFT_OUT] = RIG_CHANGE_SAME},
};

/* The n-th case of the same key has n behind it. */
static void make_turn_key(rig_text *key, json_t *turns, const json_t *record)
{
    size_t turn = 0;
    make_key(key, record);
    char *end = key->ptr;
    find(turns, end, &turn);
    remember(turns, end, turn + 1);
    rig_text_add(key, "%zu", turn);
}

static bool say_change(rig_results *results, json_t *record, const json_t *was)
{
    const char *before = rep_str(was, "verdict");
    outcome is = outcome_of(rep_verdict(record));
    rig_change change = is == BAD ? RIG_CHANGE_NEW_FAILING : RIG_CHANGE_NEW;
    if (was)
        change = became[outcome_of(rep_verdict(was))][is];
    results->changes[change]++;
    return rep_set(record, "was", was ? json_string_nocheck(before) : json_null()) &&
           rep_set(record, "change", json_string_nocheck(rig_change_word(change)));
}

/* What is gone stands behind the others, as a skip with its reason. */
static bool add_gone(rig_results *results, const json_t *was)
{
    static const char reason[] = "it stands in the earlier report only";
    json_t *record = json_copy((json_t *)(uintptr_t)was);
    if (!record)
        return false;
    json_object_del(record, "screen");
    json_object_del(record, "ladder");
    results->changes[RIG_CHANGE_GONE]++;
    bool ok = rep_set(record, "was", json_string_nocheck(rep_str(was, "verdict"))) &&
              rep_set(record, "change", json_string_nocheck(rig_change_word(RIG_CHANGE_GONE))) &&
              rep_set(record, "verdict", json_string_nocheck(rig_verdict_word(RIG_VERDICT_SKIP))) &&
              rep_set(record, "findings", json_array()) &&
              rep_set(record, "reason", json_string_nocheck(reason)) &&
              rep_set(record, "capture", json_null());
    ok = ok && json_array_append(results->cases, record) == 0;
    json_decref(record);
    return ok;
}

/* Fills an object of the earlier cases by key. */
static bool remember_before(json_t *earlier, const json_t *cases)
{
    size_t i;
    json_t *record, *turns = json_object();
    bool ok = turns != NULL;
    json_array_foreach(cases, i, record)
    {
        char room[KEY_MAX];
        rig_text key;
        rig_text_init(&key, room, sizeof room);
        make_turn_key(&key, turns, record);
        ok = ok && json_object_set_nocheck(earlier, room, record) == 0;
    }
    json_decref(turns);
    return ok;
}

static bool compare_cases(rig_results *results, json_t *earlier)
{
    size_t i;
    json_t *record, *turns = json_object();
    bool ok = turns != NULL;
    json_array_foreach(results->cases, i, record)
    {
        char room[KEY_MAX];
        rig_text key;
        rig_text_init(&key, room, sizeof room);
        make_turn_key(&key, turns, record);
        ok = ok && say_change(results, record, json_object_get(earlier, room));
        json_object_del(earlier, room);
    }
    json_decref(turns);
    return ok;
}

rig_status rig_results_compare(rig_results *results, const rig_results *before)
{
    const char *key;
    json_t *record, *earlier = json_object();
    bool ok = earlier && remember_before(earlier, before->cases) && compare_cases(results, earlier);
    json_object_foreach(earlier, key, record)
    {
        ok = ok && add_gone(results, record);
    }
    json_decref(earlier);
    if (!results->before)
        results->before = json_deep_copy(before->runs);
    results->compared = true;
    return ok ? RIG_OK : RIG_E_NOMEM;
}

/* ---- telling ---- */

void rig_results_about_them(const rig_results *results, rig_results_about *out)
{
    *out = (rig_results_about){
        .replaced = results->replaced, .cut = results->cut, .compared = results->compared};
    memcpy(out->changes, results->changes, sizeof out->changes);
}

/* What all runs have in common, or that they have not. */
static const char *common(const rig_results *results, const char *name)
{
    const char *first = rep_str(json_array_get(results->runs, 0), name);
    for (size_t i = 1; i < json_array_size(results->runs); i++)
        if (strcmp(rep_str(json_array_get(results->runs, i), name), first) != 0)
            return "several";
    return first;
}

void rig_results_facts(const rig_results *results, rig_run_facts *out)
{
    *out = (rig_run_facts){.version = common(results, "version"),
                           .command = common(results, "command"),
                           .mode = common(results, "mode"),
                           .planned = results->planned,
                           .runs = json_array_size(results->runs) > 1 ? results->runs : NULL,
                           .before = results->before};
}

/* Cases of one file may stand in several reports. */
static uint64_t count_files(const rig_results *results)
{
    size_t i;
    const json_t *record;
    uint64_t num = results->files;
    json_t *paths = json_array_size(results->runs) > 1 || num == 0 ? json_object() : NULL;
    if (!paths)
        return num;
    json_array_foreach(results->cases, i, record)
    {
        json_object_set_new_nocheck(paths, rep_str(record, "path"), json_true());
    }
    num = json_object_size(paths);
    json_decref(paths);
    return num;
}

void rig_results_summary(const rig_results *results, rig_summary *out)
{
    size_t i;
    const json_t *record;
    *out = (rig_summary){.files = count_files(results),
                         .real_ns = results->real_ns,
                         .interrupted = results->interrupted,
                         .planned = results->planned};
    json_array_foreach(results->cases, i, record)
    {
        rep_count(out, record);
    }
}

/* The record with a ladder of its capture; itself, when there is none. A new reference. */
static json_t *with_ladder(const rig_results *results, json_t *record, rig_results_evidence *read, void *ctx)
{
    const char *capture = rep_str(record, "capture");
    rig_items items = {.alloc = results->alloc};
    if (!read || !capture[0] || json_object_get(record, "ladder"))
        return json_incref(record);
    json_t *more = json_copy(record);
    bool ok = more != NULL;
    if (ok && read(ctx, capture, &items) == RIG_OK && items.num)
        ok = rep_set(more, "ladder", rep_ladder(results->alloc, &items));
    rig_items_cleanup(&items);
    if (ok)
        return more;
    json_decref(more);
    return NULL;
}

rig_status rig_results_print(const rig_results *results, rig_report *report, rig_results_evidence *read,
                             void *ctx)
{
    rig_status status = RIG_OK;
    size_t i;
    json_t *record;
    json_array_foreach(results->cases, i, record)
    {
        if (status)
            break;
        json_t *told = with_ladder(results, record, read, ctx);
        status = told ? report->ops->take(report, told) : RIG_E_NOMEM;
        json_decref(told);
    }
    return status;
}
