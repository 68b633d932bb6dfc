/* The table as people read it, and as programs do. */
#include "matrix.h"

typedef void put_fn(FILE *file, const char *text);

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

static bool was_played(const json_t *peer)
{
    return json_array_size(json_object_get(peer, "records")) > 0 ||
           json_array_size(json_object_get(peer, "lacking")) > 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Paths of the rows in order; num of them, freed with free. */
static const char **sorted_paths(const json_t *rows, size_t *out_num)
{
    size_t num = json_object_size(rows), at = 0;
    const char **paths = calloc(num + 1, sizeof *paths), *path;
    json_t *row;
    if (paths)
        json_object_foreach((json_t *)(uintptr_t)rows, path, row) paths[at++] = path;
    if (paths)
        qsort(paths, at, sizeof *paths, by_name);
    *out_num = at;
    return paths;
}

static bool has_kind(const json_t *table, const char *kind)
{
    size_t i;
    json_t *peer;
    json_array_foreach(json_object_get(table, "peers"), i,
                       peer) if (was_played(peer) && strcmp(text(peer, "kind"), kind) == 0) return true;
    return false;
}

/* A row belongs to a side when a peer of that side has a cell in it. */
static bool row_has_kind(const json_t *table, const json_t *row, const char *kind)
{
    size_t i;
    json_t *peer, *cells = json_object_get(row, "cells");
    json_array_foreach(json_object_get(table, "peers"), i,
                       peer) if (strcmp(text(peer, "kind"), kind) == 0 &&
                                 json_object_get(cells, text(peer, "peer"))) return true;
    return false;
}

static const struct {
    const char *kind, *heading;
} sides[] = {
    {"target", "Our initiator against targets of others"},
    {"initiator", "Initiators of others against our target"},
};

/* Cases by what became of them, over all rows of a peer. */
static void put_totals(rig_text *out, const json_t *table, const char *peer)
{
    static const char *const words[] = {"pass", "known", "lacks", "skipped", "failed"};
    json_int_t sums[sizeof words / sizeof words[0]] = {0};
    const char *path;
    json_t *row;
    json_object_foreach(json_object_get(table, "rows"), path, row)
    {
        const json_t *cell = json_object_get(json_object_get(row, "cells"), peer);
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            sums[i] += json_integer_value(json_object_get(cell, words[i]));
    }
    size_t before = out->len;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (sums[i])
            rig_text_add(out, "%s%lld %s", out->len > before ? ", " : "", (long long)sums[i], words[i]);
}

/* ---- Markdown ---- */

/* As a line of text, with nothing that Markdown would take for itself in a table. */
static void put_md(FILE *file, const char *words)
{
    for (; *words; words++) {
        if (*words == '|' || *words == '<' || *words == '\\')
            fputc('\\', file);
        fputc(*words == '\n' ? ' ' : *words, file);
    }
}

static void md_side(FILE *file, const json_t *table, const char *kind, const char *heading)
{
    size_t num, i, n;
    json_t *peer, *rows = json_object_get(table, "rows");
    const char **paths = sorted_paths(rows, &num);
    fprintf(file, "\n## %s\n\n| scenario |", heading);
    json_array_foreach(json_object_get(table, "peers"), n,
                       peer) if (was_played(peer) && strcmp(text(peer, "kind"), kind) == 0)
        fprintf(file, " %s |", text(peer, "version"));
    fputs("\n| --- |", file);
    json_array_foreach(json_object_get(table, "peers"), n,
                       peer) if (was_played(peer) && strcmp(text(peer, "kind"), kind) == 0)
        fputs(" --- |", file);
    fputc('\n', file);
    for (i = 0; paths && i < num; i++) {
        json_t *row = json_object_get(rows, paths[i]);
        if (!row_has_kind(table, row, kind))
            continue;
        fputs("| [", file);
        put_md(file, text(row, "title"));
        fprintf(file, "](../%s) |", paths[i]);
        json_array_foreach(json_object_get(table, "peers"), n, peer)
        {
            char cell[128];
            rig_text out;
            if (!was_played(peer) || strcmp(text(peer, "kind"), kind) != 0)
                continue;
            rig_text_init(&out, cell, sizeof cell);
            matrix_cell(&out, json_object_get(json_object_get(row, "cells"), text(peer, "peer")));
            fprintf(file, " %s |", cell);
        }
        fputc('\n', file);
    }
    free(paths);
}

static void md_known(FILE *file, const json_t *peer, const json_t *table)
{
    size_t i;
    json_t *known;
    json_array_foreach(json_object_get(peer, "known"), i, known)
    {
        char scenario[CLI_PATH_SIZE];
        const char *path;
        json_t *row;
        bool shown = false;
        snprintf(scenario, sizeof scenario, "%s", text(known, "scenario"));
        scenario[strcspn(scenario, " ")] = 0;
        json_object_foreach(json_object_get(table, "rows"), path, row)
        {
            size_t len = strlen(path), end = strlen(scenario);
            shown = shown || (len >= end && strcmp(path + len - end, scenario) == 0);
        }
        if (!shown)
            continue;
        fprintf(file, "* `%s`: ", text(known, "scenario"));
        put_md(file, text(known, "reason"));
        fputs(". Seen: ", file);
        put_md(file, text(known, "seen"));
        fputc('\n', file);
    }
}

static void md_notes(FILE *file, const json_t *peer, const json_t *table, const char *counted,
                     const char *word)
{
    size_t num, n;
    json_t *note, *rows = json_object_get(table, "rows");
    const char **paths = sorted_paths(rows, &num);
    for (size_t i = 0; paths && i < num; i++) {
        json_t *cell =
            json_object_get(json_object_get(json_object_get(rows, paths[i]), "cells"), text(peer, "peer"));
        if (!json_object_get(cell, counted))
            continue;
        fprintf(file, "* `%s` %s: ", paths[i], word);
        json_array_foreach(json_object_get(cell, "notes"), n, note)
        {
            fputs(n ? "; " : "", file);
            put_md(file, json_string_value(note));
        }
        fputc('\n', file);
    }
    free(paths);
}

static void md_peer(FILE *file, const json_t *peer, const json_t *table)
{
    char totals[256];
    rig_text out;
    fprintf(file, "\n## %s: ", was_played(peer) ? text(peer, "version") : text(peer, "peer"));
    put_md(file, text(peer, "title"));
    fputs("\n\n", file);
    rig_text_init(&out, totals, sizeof totals);
    put_totals(&out, table, text(peer, "peer"));
    if (totals[0])
        fprintf(file, "%s (cases).\n", totals);
    if (strcmp(text(peer, "state"), "played") != 0) {
        fprintf(file, "%s: ", text(peer, "state"));
        put_md(file, text(peer, "reason"));
        fputs(".\n", file);
    }
    fputc('\n', file);
    md_known(file, peer, table);
    md_notes(file, peer, table, "lacks", "lacks");
    md_notes(file, peer, table, "failed", "FAILED");
}

void matrix_markdown(FILE *file, const json_t *table)
{
    size_t i;
    json_t *peer;
    fprintf(
        file,
        "# Interoperability\n\n"
        "Scenarios x peers, on loopback, by `iscsirig matrix` %s; %zu scenarios. A number counts "
        "the "
        "cases of a sweep.\n\n"
        "* **pass**: every requirement of the scenario held, whatever choice of the RFC the peer made.\n"
        "* **known**: the peer departs from the RFC; the reason and what was seen are below, from the peer's "
        "file.\n"
        "* **lacks**: the peer does not offer what the scenario is about; the reason is below.\n"
        "* **not asked**: the scenario could not be played there.\n",
        text(table, "version"), json_object_size(json_object_get(table, "rows")));
    for (size_t s = 0; s < sizeof sides / sizeof sides[0]; s++)
        if (has_kind(table, sides[s].kind))
            md_side(file, table, sides[s].kind, sides[s].heading);
    json_array_foreach(json_object_get(table, "peers"), i, peer) md_peer(file, peer, table);
}

/* ---- HTML ---- */

static void put_xml(FILE *file, const char *words)
{
    for (; *words; words++)
        switch (*words) {
        case '&':
            fputs("&amp;", file);
            break;
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        case '"':
            fputs("&quot;", file);
            break;
        default:
            fputc(*words, file);
        }
}

static const char html_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
    "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>Interoperability</title>\n<style>\n"
    ":root{--bg:#fff;--fg:#1b1f24;--dim:#59636e;--line:#d1d9e0;--pass:#1a7f37;--fail:#c4262e;--known:#5a4fcf}"
    "\n"
    "@media (prefers-color-scheme:dark){:root{--bg:#14181d;--fg:#e6edf3;--dim:#9aa5b1;--line:#333b44;"
    "--pass:#4ac26b;--fail:#ff7b72;--known:#a79cff}}\n"
    "body{margin:1rem auto;max-width:90rem;background:var(--bg);color:var(--fg);font:15px/1.45 "
    "system-ui,sans-serif}\n"
    "table{border-collapse:collapse;width:100%}td,th{padding:.2rem .6rem;text-align:left;vertical-align:top;"
    "border-bottom:1px solid var(--line)}th{position:sticky;top:0;background:var(--bg)}\n"
    ".pass{color:var(--pass)}.failed{color:var(--fail);font-weight:600}.known{color:var(--known)}"
    ".lacks,.none,.path{color:var(--dim)}\n"
    "</style></head><body>\n";

static const char *cell_class(const json_t *cell)
{
    static const char *const words[] = {"failed", "known", "lacks", "pass"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (json_object_get(cell, words[i]))
            return words[i];
    return "none";
}

static void html_cell(FILE *file, const json_t *cell)
{
    char words[128];
    rig_text out;
    size_t n;
    json_t *note;
    rig_text_init(&out, words, sizeof words);
    matrix_cell(&out, cell);
    fprintf(file, "<td class=\"%s\"", cell_class(cell));
    if (json_array_size(json_object_get(cell, "notes"))) {
        fputs(" title=\"", file);
        json_array_foreach(json_object_get(cell, "notes"), n, note)
        {
            fputs(n ? "; " : "", file);
            put_xml(file, json_string_value(note));
        }
        fputc('"', file);
    }
    fprintf(file, ">%s</td>", words);
}

static void html_peers(FILE *file, const json_t *table)
{
    size_t i;
    json_t *peer;
    fputs("<table><tr><th>peer</th><th>version</th><th>what it is</th><th>cases</th><th>state</th></tr>\n",
          file);
    json_array_foreach(json_object_get(table, "peers"), i, peer)
    {
        char totals[256];
        rig_text out;
        rig_text_init(&out, totals, sizeof totals);
        put_totals(&out, table, text(peer, "peer"));
        const char *cells[] = {text(peer, "peer"), text(peer, "version"), text(peer, "title"), totals,
                               text(peer, "state")};
        fputs("<tr>", file);
        for (size_t c = 0; c < sizeof cells / sizeof cells[0]; c++) {
            fputs("<td>", file);
            put_xml(file, cells[c]);
            if (c == 4 && text(peer, "reason")[0]) {
                fputs(": ", file);
                put_xml(file, text(peer, "reason"));
            }
            fputs("</td>", file);
        }
        fputs("</tr>\n", file);
    }
    fputs("</table>\n", file);
}

static void html_row(FILE *file, const json_t *table, const char *path, const json_t *row, const char *kind)
{
    size_t n;
    json_t *peer;
    fputs("<tr><td>", file);
    put_xml(file, text(row, "title"));
    fputs("<br/><span class=\"path\">", file);
    put_xml(file, path);
    fputs("</span></td>", file);
    json_array_foreach(json_object_get(table, "peers"), n,
                       peer) if (was_played(peer) && strcmp(text(peer, "kind"), kind) == 0)
        html_cell(file, json_object_get(json_object_get(row, "cells"), text(peer, "peer")));
    fputs("</tr>\n", file);
}

static void html_side(FILE *file, const json_t *table, const char *kind, const char *heading)
{
    size_t num, n;
    json_t *peer, *rows = json_object_get(table, "rows");
    const char **paths = sorted_paths(rows, &num);
    fprintf(file, "<h2>%s</h2>\n<table><tr><th>scenario</th>", heading);
    json_array_foreach(json_object_get(table, "peers"), n,
                       peer) if (was_played(peer) && strcmp(text(peer, "kind"), kind) == 0)
    {
        fputs("<th>", file);
        put_xml(file, text(peer, "version"));
        fputs("</th>", file);
    }
    fputs("</tr>\n", file);
    for (size_t i = 0; paths && i < num; i++) {
        const json_t *row = json_object_get(rows, paths[i]);
        if (row_has_kind(table, row, kind))
            html_row(file, table, paths[i], row, kind);
    }
    fputs("</table>\n", file);
    free(paths);
}

void matrix_html(FILE *file, const json_t *table)
{
    fputs(html_head, file);
    fputs("<h1>Interoperability</h1>\n<p>Scenarios and peers, by iscsirig matrix ", file);
    put_xml(file, text(table, "version"));
    fputs(".</p>\n", file);
    html_peers(file, table);
    for (size_t s = 0; s < sizeof sides / sizeof sides[0]; s++)
        if (has_kind(table, sides[s].kind))
            html_side(file, table, sides[s].kind, sides[s].heading);
    fputs("</body></html>\n", file);
}

void matrix_json(FILE *file, const json_t *table)
{
    json_dumpf(table, file, JSON_INDENT(1) | JSON_SORT_KEYS);
    fputc('\n', file);
}
