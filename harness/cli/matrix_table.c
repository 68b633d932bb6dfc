/* The records of a folder as one table: a row a scenario, a cell a peer. */
#include "matrix.h"

/* What verdicts of a case become in a cell. */
static const struct {
    const char *verdict, *counted;
} counts[] = {
    {"pass", "pass"},   {"loose", "pass"},   {"known", "known"},  {"skip", "skipped"},
    {"fail", "failed"}, {"error", "failed"}, {"fixed", "failed"},
};

/* As a cell says them, in this order. */
static const struct {
    const char *counted, *word;
} cell_words[] = {
    {"pass", "pass"},
    {"known", "known"},
    {"lacks", "lacks"},
    {"failed", "FAIL"},
};

static json_t *member(json_t *object, const char *name, json_t *(*make)(void))
{
    json_t *value = json_object_get(object, name);
    if (!value && json_object_set_new(object, name, make()) == 0)
        value = json_object_get(object, name);
    return value;
}

static void count(json_t *cell, const char *what)
{
    json_int_t before = json_integer_value(json_object_get(cell, what));
    json_object_set_new(cell, what, json_integer(before + 1));
}

static void note(json_t *cell, const char *what)
{
    json_t *notes = member(cell, "notes", json_array), *old;
    size_t i;
    if (!what || !what[0])
        return;
    json_array_foreach(notes, i, old) if (strcmp(json_string_value(old), what) == 0) return;
    json_array_append_new(notes, json_string(what));
}

static json_t *cell_of(json_t *rows, const char *path, const char *title, const char *peer)
{
    json_t *row = member(rows, path, json_object);
    if (!json_object_get(row, "title"))
        json_object_set_new(row, "title", json_string(title ? title : path));
    return member(member(row, "cells", json_object), peer, json_object);
}

static const char *text(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* A failure is told by its first finding, with its place. */
static void note_failure(json_t *cell, const char *peer, json_t *test)
{
    char what[1024];
    json_t *finding = json_array_get(json_object_get(test, "findings"), 0);
    const char *said = text(finding, "text");
    if (!said || !said[0])
        said = text(finding, "expected");
    const char *why = text(test, "reason");
    if (said)
        snprintf(what, sizeof what, "line %lld: %s",
                 (long long)json_integer_value(json_object_get(finding, "line")), said);
    else
        snprintf(what, sizeof what, "%s", why ? why : "failed");
    note(cell, what);
    json_object_set_new(cell, "again",
                        json_sprintf("iscsirig matrix --peer %s %s", peer, text(test, "path")));
}

static void add_case(json_t *rows, const char *peer, json_t *test)
{
    const char *path = text(test, "path"), *verdict = text(test, "verdict"), *counted = NULL;
    if (!path || !verdict)
        return;
    json_t *cell = cell_of(rows, path, text(test, "title"), peer);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (strcmp(verdict, counts[i].verdict) == 0)
            counted = counts[i].counted;
    const char *reason = text(test, "reason");
    if (counted && strcmp(counted, "skipped") == 0 && reason &&
        strncmp(reason, RIG_RUN_LACKS, strlen(RIG_RUN_LACKS)) == 0)
        counted = "lacks";
    count(cell, counted ? counted : "failed");
    if (!counted || strcmp(counted, "failed") == 0)
        note_failure(cell, peer, test);
    else
        note(cell, reason);
}

static int bad_file(const char *path, const json_error_t *err)
{
    return cli_complain("%s:%d:%d: %s", path, err->line, err->column, err->text);
}

static json_t *load(const matrix_options *options, const char *name, int len, const char *end, bool must)
{
    char path[CLI_PATH_SIZE];
    json_error_t err;
    rig_error why = {0};
    char *bytes = NULL;
    size_t size = 0;
    int made = snprintf(path, sizeof path, "%s/%.*s%s", options->folder, len, name, end);
    if (made < 0 || (size_t)made >= sizeof path || cli_read(path, 1u << 28, &bytes, &size, &why)) {
        if (must)
            cli_complain("%s", why.text);
        return NULL;
    }
    json_t *value = json_loadb(bytes, size, 0, &err);
    if (!value)
        bad_file(path, &err);
    rig_delete(rig_alloc_libc(), bytes, size + 1);
    return value;
}

static bool add_record(const matrix_options *options, json_t *table, const char *peer, const char *name)
{
    size_t i;
    json_t *test, *rows = json_object_get(table, "rows");
    bool plain = name && !strchr(name, '/');
    json_t *record = plain ? load(options, name, (int)strlen(name), "", true) : NULL;
    const char *schema = text(record, "schema");
    if (!schema || strcmp(schema, "iscsirig-results/1") != 0) {
        json_decref(record);
        return false;
    }
    json_array_foreach(json_object_get(record, "cases"), i, test) add_case(rows, peer, test);
    json_decref(record);
    return true;
}

static void add_lacking(json_t *rows, const char *peer, json_t *lacking)
{
    size_t i;
    json_t *one;
    json_array_foreach(lacking, i, one)
    {
        const char *path = text(one, "path");
        if (!path)
            continue;
        json_t *cell = cell_of(rows, path, text(one, "title"), peer);
        count(cell, "lacks");
        note(cell, text(one, "reason"));
    }
}

/* True when there is a record of the peer and it can be read. */
static bool add_peer(const matrix_options *options, json_t *table, const rig_peer *peer)
{
    size_t i;
    json_t *name;
    json_t *about = load(options, (const char *)peer->name.ptr, (int)peer->name.len, ".json", false);
    const char *called = text(about, "peer"), *schema = text(about, "schema");
    bool good = called && schema && strcmp(schema, "iscsirig-matrix-peer/1") == 0 && text(about, "state") &&
                text(about, "version") && text(about, "title") && text(about, "reason");
    if (!good) {
        json_decref(about);
        return false;
    }
    json_array_append(json_object_get(table, "peers"), about);
    json_array_foreach(json_object_get(about, "records"), i, name)
        add_record(options, table, called, json_string_value(name));
    add_lacking(json_object_get(table, "rows"), called, json_object_get(about, "lacking"));
    json_decref(about);
    return true;
}

/* Rows in which every cell was only skipped say nothing of any peer. */
static void drop_skipped(json_t *table)
{
    void *next;
    const char *path, *peer;
    json_t *row, *cell, *rows = json_object_get(table, "rows");
    json_int_t dropped = 0;
    json_object_foreach_safe(rows, next, path, row)
    {
        bool told = false;
        json_object_foreach(json_object_get(row, "cells"), peer,
                            cell) for (size_t i = 0; i < sizeof cell_words / sizeof cell_words[0]; i++) told =
            told || json_object_get(cell, cell_words[i].counted);
        dropped += !told;
        if (!told)
            json_object_del(rows, path);
    }
    json_object_set_new(table, "only_skipped", json_integer(dropped));
}

json_t *matrix_table(const matrix_options *options)
{
    json_t *table = json_pack("{s:s,s:s,s:[],s:{}}", "schema", "iscsirig-matrix/1", "version", cli_commit(),
                              "peers", "rows");
    bool any = false;
    for (size_t i = 0; table && i < options->num_peers; i++)
        any = add_peer(options, table, options->peers[i]) || any;
    if (!any) {
        cli_complain("%s: no records of these peers", options->folder);
        json_decref(table);
        return NULL;
    }
    drop_skipped(table);
    return table;
}

void matrix_cell(rig_text *out, const json_t *cell)
{
    json_int_t all = 0;
    size_t before = out->len;
    for (size_t i = 0; i < sizeof cell_words / sizeof cell_words[0]; i++)
        all += json_integer_value(json_object_get(cell, cell_words[i].counted));
    for (size_t i = 0; i < sizeof cell_words / sizeof cell_words[0]; i++) {
        json_int_t num = json_integer_value(json_object_get(cell, cell_words[i].counted));
        if (!num)
            continue;
        rig_text_add(out, "%s%s", out->len > before ? ", " : "", cell_words[i].word);
        if (all > 1)
            rig_text_add(out, " %lld", (long long)num);
    }
    if (out->len == before)
        rig_text_add(out, json_object_get(cell, "skipped") ? "not asked" : "—");
}
