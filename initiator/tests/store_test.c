/* What every store holds to, and what the one in a file refuses. */
#include "store_files.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "service/store_sqlite.h"

#define DUMP_SIZE 65536
#define DEPTH 3
#define CHANGES 200
#define DAMAGES 300

static rig_alloc_meter meter;

/* ---- rows ---- */

static rig_status dump_row(void *ctx, rig_view kind, uint64_t id, rig_view body, rig_error *err)
{
    rig_text *out = ctx;
    (void)err;
    rig_text_add(out, "%.*s %" PRIu64 " ", RIG_VIEW_ARG(kind), id);
    rig_text_escaped(out, rig_view_sub(body, 0, 40));
    rig_text_add(out, "\n");
    return RIG_OK;
}

static const char *dump(rig_store *store)
{
    static char rows[DUMP_SIZE];
    rig_text text;
    rig_error err = {0};
    rig_text_init(&text, rows, sizeof rows);
    CU_ASSERT_EQUAL(store->ops->each(store, dump_row, &text, &err), RIG_OK);
    CU_ASSERT(!text.cut);
    return rows;
}

static rig_status put(rig_store *store, const char *kind, uint64_t id, const char *body)
{
    return store->ops->put(store, kind, id, rig_view_str(body), NULL);
}

static void put_one(rig_store *store, const char *kind, uint64_t id, const char *body)
{
    CU_ASSERT_EQUAL(store->ops->begin(store, NULL), RIG_OK);
    CU_ASSERT_EQUAL(put(store, kind, id, body), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->commit(store, NULL), RIG_OK);
}

/* ---- what holds for both ---- */

typedef void contract(rig_store *store);

static void on_both(contract *test)
{
    store_folder f;
    rig_store *memory = NULL;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    CU_ASSERT_EQUAL_FATAL(rig_store_memory_new(&meter.alloc, &memory), RIG_OK);
    test(memory);
    rig_store_free(memory);
    CU_ASSERT_EQUAL(meter.num_live, 0);
    folder_new(&f);
    rig_store *file = store_open(f.file);
    test(file);
    rig_store_free(file);
    folder_free(&f);
}

static void rows_in_order(rig_store *store)
{
    CU_ASSERT_STRING_EQUAL(dump(store), "");
    CU_ASSERT_EQUAL(store->ops->begin(store, NULL), RIG_OK);
    CU_ASSERT_EQUAL(put(store, "portal", 10, "ten"), RIG_OK);
    CU_ASSERT_EQUAL(put(store, "portal", 9, "nine"), RIG_OK);
    CU_ASSERT_EQUAL(put(store, "login", UINT32_MAX + 1ull, "late"), RIG_OK);
    CU_ASSERT_EQUAL(put(store, "login", 0, ""), RIG_OK);
    CU_ASSERT_EQUAL(put(store, "portals", 1, "J\xc3\xbcrgen"), RIG_OK);
    CU_ASSERT_EQUAL(put(store, "portal", 10, "TEN"), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->remove(store, "portal", 11, NULL), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->remove(store, "login", 9, NULL), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->commit(store, NULL), RIG_OK);
    CU_ASSERT_STRING_EQUAL(dump(store), "login 0 \nlogin 4294967296 late\nportal 9 nine\nportal 10 TEN\n"
                                        "portals 1 J\xc3\xbcrgen\n");
    CU_ASSERT_EQUAL(store->ops->begin(store, NULL), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->remove(store, "portal", 9, NULL), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->remove(store, "login", 0, NULL), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->remove(store, "login", UINT64_MAX, NULL), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->commit(store, NULL), RIG_OK);
    CU_ASSERT_STRING_EQUAL(dump(store), "login 4294967296 late\nportal 10 TEN\nportals 1 J\xc3\xbcrgen\n");
}

static void given_up(rig_store *store)
{
    put_one(store, "a", 1, "one");
    put_one(store, "a", 2, "two");
    CU_ASSERT_EQUAL(store->ops->begin(store, NULL), RIG_OK);
    for (int i = 0; i < DEPTH; i++) {
        CU_ASSERT_EQUAL(put(store, "a", 1, "ONE"), RIG_OK);
        CU_ASSERT_EQUAL(store->ops->remove(store, "a", 1, NULL), RIG_OK);
        CU_ASSERT_EQUAL(put(store, "a", 1, "1"), RIG_OK);
        CU_ASSERT_EQUAL(store->ops->remove(store, "a", 2, NULL), RIG_OK);
        CU_ASSERT_EQUAL(put(store, "0", 3, "three"), RIG_OK);
    }
    store->ops->rollback(store);
    CU_ASSERT_STRING_EQUAL(dump(store), "a 1 one\na 2 two\n");
    store->ops->rollback(store);
    put_one(store, "a", 3, "three");
    CU_ASSERT_STRING_EQUAL(dump(store), "a 1 one\na 2 two\na 3 three\n");
}

static void changes_stand_between(rig_store *store)
{
    rig_error err = {0};
    CU_ASSERT_EQUAL(store->ops->put(store, "a", 1, rig_view_str("x"), &err), RIG_E_STATE);
    CU_ASSERT_STRING_NOT_EQUAL(err.text, "");
    CU_ASSERT_EQUAL(store->ops->remove(store, "a", 1, NULL), RIG_E_STATE);
    CU_ASSERT_EQUAL(store->ops->commit(store, NULL), RIG_E_STATE);
    CU_ASSERT_EQUAL(store->ops->begin(store, NULL), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->begin(store, NULL), RIG_E_STATE);
    CU_ASSERT_EQUAL(put(store, "a", 1, "x"), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->commit(store, NULL), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->commit(store, NULL), RIG_E_STATE);
    CU_ASSERT_STRING_EQUAL(dump(store), "a 1 x\n");
}

static rig_status measure_row(void *ctx, rig_view kind, uint64_t id, rig_view body, rig_error *err)
{
    (void)kind;
    (void)id;
    (void)err;
    *(size_t *)ctx += body.len;
    return RIG_OK;
}

static void rows_have_limits(rig_store *store)
{
    static char body[RIG_STORE_BODY_MAX + 1];
    char kind[RIG_STORE_KIND_MAX + 2];
    size_t bytes = 0;
    rig_error err = {0};
    memset(body, 'b', sizeof body);
    memset(kind, 'k', sizeof kind);
    kind[RIG_STORE_KIND_MAX] = '\0';
    CU_ASSERT_EQUAL(store->ops->begin(store, NULL), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->put(store, kind, INT64_MAX, rig_view_of(body, RIG_STORE_BODY_MAX), NULL),
                    RIG_OK);
    CU_ASSERT_EQUAL(put(store, kind, INT64_MAX + 1ull, "x"), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(store->ops->put(store, kind, 2, rig_view_of(body, RIG_STORE_BODY_MAX + 1), &err),
                    RIG_E_LIMIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "65537 bytes, at most 65536"));
    memset(kind, 'k', RIG_STORE_KIND_MAX + 1);
    kind[RIG_STORE_KIND_MAX + 1] = '\0';
    CU_ASSERT_EQUAL(put(store, kind, 3, "x"), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(store->ops->remove(store, kind, 3, NULL), RIG_OK);
    CU_ASSERT_EQUAL(put(store, "", 3, "x"), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(store->ops->commit(store, NULL), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->each(store, measure_row, &bytes, NULL), RIG_OK);
    CU_ASSERT_EQUAL(bytes, RIG_STORE_BODY_MAX);
}

static rig_status stop_at_two(void *ctx, rig_view kind, uint64_t id, rig_view body, rig_error *err)
{
    (void)kind;
    (void)body;
    ++*(int *)ctx;
    return id == 2 ? rig_fail(err, RIG_E_SYNTAX, "two") : RIG_OK;
}

static void walk_ends_early(rig_store *store)
{
    rig_error err = {0};
    int seen = 0;
    for (uint64_t id = 1; id < 5; id++)
        put_one(store, "a", id, "x");
    CU_ASSERT_EQUAL(store->ops->each(store, stop_at_two, &seen, &err), RIG_E_SYNTAX);
    CU_ASSERT_STRING_EQUAL(err.text, "two");
    CU_ASSERT_EQUAL(seen, 2);
    CU_ASSERT_STRING_EQUAL(dump(store), "a 1 x\na 2 x\na 3 x\na 4 x\n");
}

static void both_keep_order(void)
{
    on_both(rows_in_order);
}

static void both_give_up(void)
{
    on_both(given_up);
}

static void both_have_states(void)
{
    on_both(changes_stand_between);
}

static void both_have_limits(void)
{
    on_both(rows_have_limits);
}

static void both_end_early(void)
{
    on_both(walk_ends_early);
}

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % below;
}

static void change_at_random(rig_store *store, uint64_t *seed)
{
    static const char *const kinds[] = {"login", "portal", "setting"};
    char body[32];
    rig_text text;
    CU_ASSERT_EQUAL(store->ops->begin(store, NULL), RIG_OK);
    for (uint32_t steps = draw(seed, 6); steps; steps--) {
        const char *kind = kinds[draw(seed, 3)];
        const uint64_t id = draw(seed, 20);
        rig_text_init(&text, body, sizeof body);
        rig_text_add(&text, "%u", draw(seed, 1000));
        CU_ASSERT_EQUAL(
            draw(seed, 3) ? put(store, kind, id, body) : store->ops->remove(store, kind, id, NULL), RIG_OK);
    }
    if (draw(seed, 3) == 0)
        store->ops->rollback(store);
    else
        CU_ASSERT_EQUAL(store->ops->commit(store, NULL), RIG_OK);
}

/* Neither knows the other: what they have in common is right. */
static void both_agree(void)
{
    store_folder f;
    rig_store *memory = NULL;
    char rows[DUMP_SIZE];
    uint64_t seed = 7143, other = 7143;
    CU_ASSERT_EQUAL_FATAL(rig_store_memory_new(rig_alloc_libc(), &memory), RIG_OK);
    folder_new(&f);
    rig_store *file = store_open(f.file);
    for (int i = 0; i < CHANGES; i++) {
        change_at_random(memory, &seed);
        change_at_random(file, &other);
        memcpy(rows, dump(memory), sizeof rows);
        CU_ASSERT_STRING_EQUAL(rows, dump(file));
    }
    CU_ASSERT(strlen(rows) > 100);
    rig_store_free(memory);
    rig_store_free(file);
    folder_free(&f);
}

static void memory_runs_out(void)
{
    rig_store *store = NULL;
    bool done = false;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    meter.fail_at = 1;
    CU_ASSERT_EQUAL(rig_store_memory_new(&meter.alloc, &store), RIG_E_NOMEM);
    CU_ASSERT_EQUAL_FATAL(rig_store_memory_new(&meter.alloc, &store), RIG_OK);
    for (uint64_t id = 0; id < 16; id++)
        put_one(store, "a", id, "x");
    const char *before = "a 0 x\na 1 x\n";
    for (uint64_t n = 1; n < 20 && !done; n++) {
        meter.fail_at = meter.num_calls + n;
        CU_ASSERT_EQUAL(store->ops->begin(store, NULL), RIG_OK);
        rig_status status = put(store, "a", 99, "x");
        status = status ? status : put(store, "a", 1, "y");
        status = status ? status : store->ops->remove(store, "a", 0, NULL);
        done = status == RIG_OK;
        CU_ASSERT(done || status == RIG_E_NOMEM);
        store->ops->rollback(store);
        CU_ASSERT_EQUAL(strncmp(dump(store), before, strlen(before)), 0);
        CU_ASSERT_PTR_NULL(strstr(dump(store), "99"));
    }
    CU_ASSERT(done);
    meter.fail_at = 0;
    CU_ASSERT_EQUAL(store->ops->begin(store, NULL), RIG_OK);
    CU_ASSERT_EQUAL(put(store, "a", 100, "left open"), RIG_OK);
    rig_store_free(store);
    CU_ASSERT_EQUAL(meter.num_live, 0);
    rig_store_free(NULL);
}

/* ---- the file ---- */

static unsigned mode_of(const char *path)
{
    struct stat facts = {0};
    CU_ASSERT_EQUAL(lstat(path, &facts), 0);
    return facts.st_mode & 07777;
}

static void file_outlives(void)
{
    store_folder f;
    folder_new(&f);
    rig_store *store = store_open(f.file);
    put_one(store, "a", 1, "kept");
    CU_ASSERT_EQUAL(store->ops->begin(store, NULL), RIG_OK);
    CU_ASSERT_EQUAL(put(store, "a", 2, "left open"), RIG_OK);
    rig_store_free(store);
    CU_ASSERT_NOT_EQUAL(access(f.log, F_OK), 0);
    store = store_open(f.file);
    CU_ASSERT_STRING_EQUAL(dump(store), "a 1 kept\n");
    rig_store_free(store);
    folder_free(&f);
}

/* Whatever the umask says, the file and its log are ours alone. */
static void file_is_ours_alone(void)
{
    static const mode_t masks[] = {0, 0777, 0022};
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        store_folder f;
        folder_new(&f);
        mode_t before = umask(masks[i]);
        rig_store *store = store_open(f.file);
        put_one(store, "a", 1, "x");
        CU_ASSERT_EQUAL(mode_of(f.file), 0600);
        CU_ASSERT_EQUAL(mode_of(f.log), 0600);
        rig_store_free(store);
        umask(before);
        CU_ASSERT_EQUAL(mode_of(f.file), 0600);
        folder_free(&f);
    }
}

static rig_status open_status(const char *path, rig_error *err)
{
    rig_store *store = NULL;
    *err = (rig_error){0};
    rig_status status = rig_store_sqlite_open(rig_alloc_libc(), path, &store, err);
    rig_store_free(store);
    CU_ASSERT_EQUAL(err->status, status);
    CU_ASSERT_EQUAL(err->text[0] == '\0', status == RIG_OK);
    return status;
}

/* What another process gets. */
static rig_status status_elsewhere(const char *path)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        rig_error err;
        _exit((int)open_status(path, &err));
    }
    CU_ASSERT_FATAL(child > 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFEXITED(status));
    return (rig_status)WEXITSTATUS(status);
}

/* Once it is refused, too, the first owner's lock holds: POSIX locks go when any descriptor is closed. */
static void file_has_one_owner(void)
{
    store_folder f;
    rig_error err;
    folder_new(&f);
    rig_store *store = store_open(f.file);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(open_status(f.file, &err), RIG_E_BUSY);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, f.file));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "stop that one"));
        CU_ASSERT_EQUAL(status_elsewhere(f.file), RIG_E_BUSY);
        put_one(store, "a", (uint64_t)i, "x");
    }
    CU_ASSERT_STRING_EQUAL(dump(store), "a 0 x\na 1 x\n");
    rig_store_free(store);
    CU_ASSERT_EQUAL(status_elsewhere(f.file), RIG_OK);
    folder_free(&f);
}

static void refused(const char *path, rig_status wanted, const char *words)
{
    rig_error err;
    CU_ASSERT_EQUAL(open_status(path, &err), wanted);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
}

static void paths_are_judged(void)
{
    store_folder f;
    char path[128];
    folder_new(&f);
    refused("", RIG_E_ARGUMENT, "name a file");
    refused("/tmp/", RIG_E_ARGUMENT, "name a file");
    refused("..", RIG_E_ARGUMENT, "name a file");
    folder_name(path, sizeof path, f.path, "nowhere/store");
    refused(path, RIG_E_IO, "its directory");
    refused(f.path, RIG_E_REFUSED, "regular file");
    CU_ASSERT_EQUAL(symlink("nothing", f.file), 0);
    refused(f.file, RIG_E_REFUSED, "no link");
    unlink(f.file);
    CU_ASSERT_EQUAL(mkfifo(f.file, 0600), 0);
    refused(f.file, RIG_E_REFUSED, "regular file");
    unlink(f.file);
    CU_ASSERT_EQUAL(chmod(f.path, 0707), 0);
    refused(f.file, RIG_E_REFUSED, "chmod o-w");
    CU_ASSERT_EQUAL(chmod(f.path, 0700), 0);
    CU_ASSERT_NOT_EQUAL(access(f.file, F_OK), 0);
    /* A link to the directory is as good as the directory. */
    CU_ASSERT_EQUAL(symlink(f.path, f.other), 0);
    folder_name(path, sizeof path, f.other, "store");
    rig_store_free(store_open(path));
    CU_ASSERT_EQUAL(mode_of(f.file), 0600);
    folder_free(&f);
}

static void modes_are_judged(void)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0601};
    store_folder f;
    folder_new(&f);
    rig_store_free(store_open(f.file));
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        CU_ASSERT_EQUAL(chmod(f.file, modes[i]), 0);
        refused(f.file, RIG_E_REFUSED, "chmod 600");
        CU_ASSERT_EQUAL(mode_of(f.file), modes[i]);
    }
    CU_ASSERT_EQUAL(chmod(f.file, 0600), 0);
    CU_ASSERT_EQUAL(link(f.file, f.other), 0);
    refused(f.file, RIG_E_REFUSED, "second name");
    CU_ASSERT_EQUAL(unlink(f.other), 0);
    CU_ASSERT_EQUAL(symlink("other", f.log), 0);
    refused(f.file, RIG_E_REFUSED, "no link");
    CU_ASSERT_EQUAL(unlink(f.log), 0);
    if (geteuid() == 0) {
        CU_ASSERT_EQUAL(chown(f.file, 12345, (gid_t)-1), 0);
        refused(f.file, RIG_E_REFUSED, "belongs to user 12345");
        CU_ASSERT_EQUAL(chown(f.file, 0, (gid_t)-1), 0);
    }
    rig_store_free(store_open(f.file));
    folder_free(&f);
}

/* ---- what is in it ---- */

typedef struct image {
    uint8_t *ptr;
    size_t len;
} image;

static image image_of(const char *path)
{
    struct stat facts = {0};
    image i = {0};
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return i;
    CU_ASSERT_EQUAL(fstat(fd, &facts), 0);
    i.len = (size_t)facts.st_size;
    i.ptr = malloc(i.len + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(i.ptr);
    CU_ASSERT_EQUAL(read(fd, i.ptr, i.len), (ssize_t)i.len);
    close(fd);
    return i;
}

static void patch(const char *path, size_t offset, const void *bytes, size_t len)
{
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(pwrite(fd, bytes, len, (off_t)offset), (ssize_t)len);
    close(fd);
}

static void expect_same(const char *path, image *before)
{
    image after = image_of(path);
    CU_ASSERT_EQUAL(after.ptr == NULL, before->ptr == NULL);
    CU_ASSERT_EQUAL_FATAL(after.len, before->len);
    CU_ASSERT(before->len == 0 || memcmp(after.ptr, before->ptr, before->len) == 0);
    free(after.ptr);
    free(before->ptr);
}

static void refused_untouched(const store_folder *f, rig_status wanted, const char *words)
{
    image file = image_of(f->file), log = image_of(f->log);
    refused(f->file, wanted, words);
    expect_same(f->file, &file);
    expect_same(f->log, &log);
}

#define OWN                                                                                                  \
    "CREATE TABLE record(kind TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY(kind, "    \
    "id))"                                                                                                   \
    " WITHOUT ROWID"

static rig_status open_steps(const char *path, const char *const *steps, uint32_t num, rig_store **out_store)
{
    *out_store = NULL;
    return svc_sqlite_open(rig_alloc_libc(), path, steps, num, out_store, NULL);
}

static void filled(const store_folder *f)
{
    rig_store *store = store_open(f->file);
    CU_ASSERT_EQUAL(store->ops->begin(store, NULL), RIG_OK);
    for (uint64_t id = 0; id < 500; id++)
        CU_ASSERT_EQUAL(put(store, "login", id, "{\"target\":\"iqn.2026-01.org.example:disk\"}"), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->commit(store, NULL), RIG_OK);
    rig_store_free(store);
}

/* Bytes of the file's header (sqlite.org/fileformat.html section 1.3). */
#define AT_SCHEMA_VERSION 60
#define AT_APPLICATION 68
#define PAGE 4096

static void damaged_is_refused(void)
{
    static const struct {
        size_t offset;
        const char *bytes;
        size_t len;
        rig_status status;
        const char *words;
    } rows[] = {
        {0, "Not an SQLite file", 18, RIG_E_FORMAT, "no store"},
        {AT_APPLICATION, "\0\0\0\1", 4, RIG_E_FORMAT, "no store"},
        {AT_APPLICATION, "\0\0\0\0", 4, RIG_E_FORMAT, "no store"},
        {AT_SCHEMA_VERSION, "\0\0\0\0", 4, RIG_E_FORMAT, "no store"},
        {AT_SCHEMA_VERSION, "\0\0\0\2", 4, RIG_E_UNSUPPORTED, "later version"},
        {AT_SCHEMA_VERSION, "\xff\xff\xff\xff", 4, RIG_E_UNSUPPORTED, "later version"},
        {PAGE, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, RIG_E_FORMAT, "damaged"},
        {2 * PAGE, "\0\0\0\0\0\0\0\0", 8, RIG_E_FORMAT, "damaged"},
        {3 * PAGE + 8, "\xff\xff\xff\xff", 4, RIG_E_FORMAT, "damaged"},
        {100, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, RIG_E_FORMAT, "damaged"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        store_folder f;
        folder_new(&f);
        filled(&f);
        patch(f.file, rows[i].offset, rows[i].bytes, rows[i].len);
        refused_untouched(&f, rows[i].status, rows[i].words);
        folder_free(&f);
    }
}

static void cut_short_is_refused(void)
{
    static const off_t lengths[] = {1, 100, PAGE, 3 * PAGE, 5 * PAGE + 1};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        store_folder f;
        folder_new(&f);
        filled(&f);
        CU_ASSERT_EQUAL(truncate(f.file, lengths[i]), 0);
        refused_untouched(&f, RIG_E_FORMAT, "");
        folder_free(&f);
    }
}

static void write_anew(const char *path, const image *i)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, i->ptr, i->len), (ssize_t)i->len);
    close(fd);
}

static rig_status any_row(void *ctx, rig_view kind, uint64_t id, rig_view body, rig_error *err)
{
    (void)id;
    (void)err;
    *(size_t *)ctx += kind.len + body.len;
    return RIG_OK;
}

/* Opened, or refused and left as it is; what is opened is read, or found damaged. */
static bool survives(const store_folder *f, size_t *bytes)
{
    rig_store *store = NULL;
    rig_error err = {0};
    image before = image_of(f->file);
    rig_status status = rig_store_sqlite_open(rig_alloc_libc(), f->file, &store, &err);
    CU_ASSERT(status == RIG_OK || status == RIG_E_FORMAT || status == RIG_E_UNSUPPORTED);
    if (status) {
        expect_same(f->file, &before);
        return false;
    }
    free(before.ptr);
    status = store->ops->each(store, any_row, bytes, &err);
    CU_ASSERT(status == RIG_OK || status == RIG_E_FORMAT);
    rig_store_free(store);
    return true;
}

/* One to eight bytes anywhere, half of the time in the first page, where the structure is. */
static void any_damage_is_survived(void)
{
    store_folder f;
    uint64_t seed = 1;
    uint32_t opened = 0;
    size_t bytes = 0;
    folder_new_in(&f, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    filled(&f);
    image whole = image_of(f.file);
    for (int i = 0; i < DAMAGES; i++) {
        write_anew(f.file, &whole);
        for (uint32_t n = 1 + draw(&seed, 8), first = draw(&seed, 2); n; n--) {
            const uint8_t byte = (uint8_t)draw(&seed, 256);
            patch(f.file, draw(&seed, first ? PAGE : (uint32_t)whole.len), &byte, 1);
        }
        opened += survives(&f, &bytes);
        folder_empty(&f);
    }
    CU_ASSERT(opened > 0 && opened < DAMAGES);
    CU_ASSERT(bytes > 0);
    free(whole.ptr);
    folder_free(&f);
}

/* Other people's tables, and a trigger that would change what we write. */
static void strange_schema_is_refused(void)
{
    static const char *const other[] = {"CREATE TABLE moz_places(id INTEGER)"};
    static const char *const trigger[] = {
        OWN "; CREATE TRIGGER t AFTER INSERT ON record BEGIN DELETE FROM record; END"};
    static const char *const columns[] = {"CREATE TABLE record(kind TEXT, id INTEGER)"};
    store_folder f;
    rig_store *store;
    folder_new(&f);
    CU_ASSERT_EQUAL(open_steps(f.file, other, 1, &store), RIG_E_FORMAT);
    refused_untouched(&f, RIG_E_FORMAT, "no rows of a store");
    unlink(f.file);
    CU_ASSERT_EQUAL(open_steps(f.file, columns, 1, &store), RIG_E_FORMAT);
    refused_untouched(&f, RIG_E_FORMAT, "no rows of a store");
    unlink(f.file);
    CU_ASSERT_EQUAL(open_steps(f.file, trigger, 1, &store), RIG_OK);
    rig_store_free(store);
    refused_untouched(&f, RIG_E_FORMAT, "no store");
    folder_free(&f);
}

/* An empty file, as touch makes it, is where a store can begin. */
static void empty_file_is_a_beginning(void)
{
    store_folder f;
    folder_new(&f);
    patch(f.file, 0, "", 0);
    rig_store *store = store_open(f.file);
    put_one(store, "a", 1, "x");
    rig_store_free(store);
    folder_free(&f);
}

/* ---- versions ---- */

#define LAST_STEP                                                                                            \
    "UPDATE record SET body = body || '!'; INSERT INTO record(kind, id, body) VALUES('a', 9, 'nine')"

static const char *const three_steps[] = {OWN, "ALTER TABLE record ADD COLUMN note TEXT", LAST_STEP};

static void steps_are_taken_once(void)
{
    store_folder f;
    rig_store *store;
    folder_new(&f);
    store = store_open(f.file);
    put_one(store, "a", 1, "one");
    rig_store_free(store);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL_FATAL(open_steps(f.file, three_steps, 3, &store), RIG_OK);
        CU_ASSERT_STRING_EQUAL(dump(store), "a 1 one!\na 9 nine\n");
        rig_store_free(store);
    }
    refused_untouched(&f, RIG_E_UNSUPPORTED, "(3, known up to 1)");
    unlink(f.file);
    CU_ASSERT_EQUAL_FATAL(open_steps(f.file, three_steps, 3, &store), RIG_OK);
    CU_ASSERT_STRING_EQUAL(dump(store), "a 9 nine\n");
    rig_store_free(store);
    folder_free(&f);
}

static void steps_are_taken_whole(void)
{
    static const char *const broken[] = {OWN, "UPDATE record SET body = 'changed'", "this is no SQL"};
    store_folder f;
    rig_store *store;
    folder_new(&f);
    store = store_open(f.file);
    put_one(store, "a", 1, "one");
    rig_store_free(store);
    CU_ASSERT_EQUAL(open_steps(f.file, broken, 3, &store), RIG_E_FORMAT);
    CU_ASSERT_PTR_NULL(store);
    store = store_open(f.file);
    CU_ASSERT_STRING_EQUAL(dump(store), "a 1 one\n");
    rig_store_free(store);
    folder_free(&f);
}

/* ---- crashes and disks ---- */

/* A process that ends without closing its store. */
static void end_suddenly(const char *path, const char *const *steps, uint32_t num, const char *body)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        rig_store *store;
        if (open_steps(path, steps, num, &store) == RIG_OK)
            put_one(store, "a", 1, body);
        _exit(0);
    }
    CU_ASSERT_FATAL(child > 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
}

static void log_is_read(void)
{
    store_folder f;
    folder_new(&f);
    end_suddenly(f.file, three_steps, 1, "in the log");
    CU_ASSERT_EQUAL(access(f.log, F_OK), 0);
    rig_store *store = store_open(f.file);
    CU_ASSERT_STRING_EQUAL(dump(store), "a 1 in the log\n");
    rig_store_free(store);
    CU_ASSERT_NOT_EQUAL(access(f.log, F_OK), 0);
    folder_free(&f);
}

/* Its version stands in the log alone, which is not taken into the file: both are as they were. */
static void later_log_is_left(void)
{
    store_folder f;
    folder_new(&f);
    rig_store_free(store_open(f.file));
    end_suddenly(f.file, three_steps, 3, "later");
    image log = image_of(f.log);
    CU_ASSERT(log.len > 0);
    free(log.ptr);
    refused_untouched(&f, RIG_E_UNSUPPORTED, "later version");
    rig_store *store = NULL;
    CU_ASSERT_EQUAL_FATAL(open_steps(f.file, three_steps, 3, &store), RIG_OK);
    CU_ASSERT_STRING_EQUAL(dump(store), "a 1 later\na 9 nine\n");
    rig_store_free(store);
    folder_free(&f);
}

static rig_status put_much(rig_store *store)
{
    static char body[RIG_STORE_BODY_MAX];
    memset(body, 'z', sizeof body);
    rig_status status = store->ops->begin(store, NULL);
    for (uint64_t id = 0; id < 100 && !status; id++)
        status = store->ops->put(store, "much", id, rig_view_of(body, sizeof body), NULL);
    if (status)
        store->ops->rollback(store);
    return status ? status : store->ops->commit(store, NULL);
}

/* No file may grow beyond 256 kB for a while, which SQLite sees as a disk that fails. */
static void full_disk_undoes(void)
{
    struct rlimit before, small;
    store_folder f;
    folder_new(&f);
    rig_store *store = store_open(f.file);
    put_one(store, "a", 1, "before");
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){256 * 1024, before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &small), 0);
    CU_ASSERT_EQUAL(put_much(store), RIG_E_IO);
    CU_ASSERT_STRING_EQUAL(dump(store), "a 1 before\n");
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    put_one(store, "a", 2, "behind");
    CU_ASSERT_STRING_EQUAL(dump(store), "a 1 before\na 2 behind\n");
    rig_store_free(store);
    store = store_open(f.file);
    CU_ASSERT_STRING_EQUAL(dump(store), "a 1 before\na 2 behind\n");
    CU_ASSERT_EQUAL(put_much(store), RIG_OK);
    rig_store_free(store);
    folder_free(&f);
}

/* Secrets that were removed are not left in the file. */
static void removed_is_overwritten(void)
{
    store_folder f;
    folder_new(&f);
    rig_store *store = store_open(f.file);
    put_one(store, "a", 1, "Losungswort");
    rig_store_free(store);
    image with = image_of(f.file);
    CU_ASSERT_PTR_NOT_NULL(memmem(with.ptr, with.len, "Losungswort", 11));
    store = store_open(f.file);
    CU_ASSERT_EQUAL(store->ops->begin(store, NULL), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->remove(store, "a", 1, NULL), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->commit(store, NULL), RIG_OK);
    rig_store_free(store);
    image without = image_of(f.file);
    CU_ASSERT_PTR_NULL(memmem(without.ptr, without.len, "Losungswort", 11));
    free(with.ptr);
    free(without.ptr);
    folder_free(&f);
}

RIG_SUITE("management: stores", {"rows come in order", both_keep_order},
          {"a change is given up", both_give_up},
          {"changes stand between begin and commit", both_have_states},
          {"rows have limits", both_have_limits}, {"a walk ends early", both_end_early},
          {"both stores agree", both_agree}, {"memory runs out", memory_runs_out},
          {"a file outlives its store", file_outlives}, {"a file is ours alone", file_is_ours_alone},
          {"a file has one owner", file_has_one_owner}, {"paths are judged", paths_are_judged},
          {"modes and owners are judged", modes_are_judged},
          {"a damaged store is refused", damaged_is_refused},
          {"a store cut short is refused", cut_short_is_refused},
          {"any damage is survived", any_damage_is_survived},
          {"a strange schema is refused", strange_schema_is_refused},
          {"an empty file is a beginning", empty_file_is_a_beginning},
          {"steps are taken once", steps_are_taken_once}, {"steps are taken whole", steps_are_taken_whole},
          {"a log is read", log_is_read}, {"a later log is left", later_log_is_left},
          {"a full disk undoes", full_disk_undoes},
          {"what is removed is overwritten", removed_is_overwritten})
