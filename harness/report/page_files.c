/* Captures and keys: how the page leads to them, or has them in itself. */
#include "page.h"

#include <stdlib.h>
#include <sys/stat.h>

#define EMBED_MAX 65536 /* bytes of a file that a page has in itself */
#define PATH_LEN 4096

/* What stands beside a capture, behind its name: keys, as tshark's tables have them and as they were drawn.
 */
static const struct {
    const char *ending;
    bool secret;
} kinds[] = {{"", false}, {".ike", true}, {".esp", true}, {".keymat", true}};

typedef struct rep_file {
    const rig_alloc *alloc;
    const char *folder;
    bool embed;
    size_t *room;
} rep_file;

static void put_escaped(rig_text *out, const char *path)
{
    for (; *path; path++) {
        bool plain = (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z') ||
                     (*path >= '0' && *path <= '9') || strchr("-_.~/", *path);
        rig_text_add(out, plain ? "%c" : "%%%02X", (unsigned)(unsigned char)*path);
    }
}

/* From one folder to a file, both absolute. */
static void put_relative(rig_text *out, const char *folder, const char *file)
{
    size_t same = 0;
    for (size_t i = 0; folder[i] == file[i] || (!folder[i] && file[i] == '/'); i++) {
        if (file[i] == '/')
            same = i + 1;
        if (!folder[i] || !file[i])
            break;
    }
    for (const char *rest = strlen(folder) < same ? "" : folder + same; *rest; rest++)
        if (rest == folder + same || rest[-1] == '/')
            rig_text_add(out, "../");
    put_escaped(out, file + same);
}

static bool set_link(json_t *o, const char *folder, const char *path)
{
    char link[3 * PATH_LEN], from[PATH_LEN], to[PATH_LEN];
    rig_text text;
    if (!realpath(folder, from) || !realpath(path, to))
        return true;
    rig_text_init(&text, link, sizeof link);
    put_relative(&text, from, to);
    return text.cut || rep_set(o, "href", json_string_nocheck(link));
}

static bool set_bytes(json_t *o, const char *path, size_t size)
{
    unsigned char *bytes = malloc(size + 1);
    FILE *file = bytes ? fopen(path, "rb") : NULL;
    char *text = file && fread(bytes, 1, size, file) == size ? page_base64(bytes, size) : NULL;
    if (file)
        fclose(file);
    free(bytes);
    bool ok = !text || rep_set(o, "data", json_string_nocheck(text));
    free(text);
    return ok;
}

static json_t *file_value(const rep_file *from, const char *path, size_t size)
{
    const char *slash = strrchr(path, '/');
    json_t *o = json_object();
    bool small = from->embed && size <= EMBED_MAX && size <= *from->room;
    bool ok = o && rep_set_text(o, from->alloc, "name", slash ? slash + 1 : path) &&
              rep_set_number(o, "size", size) && set_link(o, from->folder, path);
    if (ok && small) {
        ok = set_bytes(o, path, size);
        *from->room -= size;
    }
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

static bool add_kind(json_t *list, const rep_file *from, const char *capture, const char *ending)
{
    char path[PATH_LEN];
    struct stat about;
    rig_text text;
    rig_text_init(&text, path, sizeof path);
    rig_text_add(&text, "%s%s", capture, ending);
    if (text.cut || stat(path, &about) != 0 || !S_ISREG(about.st_mode))
        return true;
    return json_array_append_new(list, file_value(from, path, (size_t)about.st_size)) == 0;
}

/* Keys of the simulated network protect nothing, so a page may carry them; those of products stay where they
 * are. */
json_t *page_files(const rep_base *base, const json_t *record, const char *folder, size_t *room)
{
    const char *capture = rep_str(record, "capture");
    bool failed = rig_verdict_failed(rep_verdict(record));
    bool simulated = strcmp(rep_str(record, "mode"), "sim") == 0;
    json_t *list = json_array();
    for (size_t i = 0; list && capture[0] && i < sizeof kinds / sizeof kinds[0]; i++) {
        const rep_file from = {base->alloc, folder, failed && (simulated || !kinds[i].secret), room};
        if (add_kind(list, &from, capture, kinds[i].ending))
            continue;
        json_decref(list);
        return NULL;
    }
    return list;
}
