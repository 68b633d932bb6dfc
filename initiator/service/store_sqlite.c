/*
 * The store in a file. SQLite's write-ahead log makes a change whole or undone by any crash; the exclusive
 * lock is held for as long as the store is open and goes with the process, however that ends.
 *
 * A file is judged before anything is written to it; what is refused stays as it is, its log included. The
 * file is never opened beside SQLite: closing it again would drop the lock of another store of this process.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_row.h"
#include "store_sqlite.h"

#define APPLICATION_ID 0x72696773u /* "rigs" */
#define PATH_SIZE (PATH_MAX + 16)
#define OTHERS (S_IRWXG | S_IRWXO)
#define ANSWER_SIZE 32
#define HEADER_LEN 100 /* of a file of SQLite's, which takes one of a single byte for an empty one */

typedef enum statement { EACH, BEGIN, PUT, REMOVE, COMMIT, ROLLBACK, STATEMENTS } statement;

static const char *const statements[STATEMENTS] = {
    [EACH] = "SELECT kind, id, body FROM record ORDER BY kind, id",
    [BEGIN] = "BEGIN IMMEDIATE",
    [PUT] = "INSERT OR REPLACE INTO record(kind, id, body) VALUES(?1, ?2, ?3)",
    [REMOVE] = "DELETE FROM record WHERE kind = ?1 AND id = ?2",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
};

static const char *const own_steps[] = {
    "CREATE TABLE record(kind TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY(kind, id))"
    " WITHOUT ROWID",
};

_Static_assert(sizeof own_steps / sizeof own_steps[0] == RIG_STORE_VERSION, "one step a version");

typedef struct sqlite_store {
    rig_store store; /* first */
    const rig_alloc *alloc;
    sqlite3 *db;
    sqlite3_stmt *prepared[STATEMENTS];
    char path[PATH_SIZE]; /* without symbolic links */
    bool left_log;        /* a log was there, and is nothing of ours unless the file is */
    bool changing;
} sqlite_store;

static sqlite_store *of(rig_store *store)
{
    return (sqlite_store *)(void *)store;
}

/* ---- what went wrong, for people ---- */

static rig_status fail(const sqlite_store *s, int result, rig_error *err)
{
    static const struct {
        int result;
        rig_status status;
        const char *text;
    } rows[] = {
        {SQLITE_BUSY, RIG_E_BUSY,
         "another service has it open: stop that one, talk to it over its socket, or choose another file"},
        {SQLITE_CORRUPT, RIG_E_FORMAT,
         "it is damaged: put a copy in its place, or move it away to begin anew"},
        {SQLITE_NOTADB, RIG_E_FORMAT, "it is no store: choose another file, or move it away"},
        {SQLITE_ERROR, RIG_E_FORMAT, "it has no rows of a store: choose another file, or move it away"},
        {SQLITE_FULL, RIG_E_IO, "no space is left for it: make room"},
        {SQLITE_READONLY, RIG_E_IO, "it cannot be written: look at its file system and its owner"},
        {SQLITE_CANTOPEN, RIG_E_IO, "it cannot be opened: look at its directory and its owner"},
        {SQLITE_NOMEM, RIG_E_NOMEM, "no memory for it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if ((result & 0xff) == rows[i].result)
            return rig_fail(err, rows[i].status, "store %s: %s", s->path, rows[i].text);
    return rig_fail(err, RIG_E_IO, "store %s: %s", s->path, sqlite3_errstr(result));
}

static rig_status system_failed(const char *path, const char *what, rig_error *err)
{
    return rig_fail(err, RIG_E_IO, "store %s: %s: %s", path, what, strerror(errno));
}

/* ---- the file ---- */

/* The directory without symbolic links, and the file's name behind it. */
static rig_status resolve(sqlite_store *s, const char *path, rig_error *err)
{
    char directory[PATH_SIZE], real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    rig_text text;
    rig_text_init(&text, directory, sizeof directory);
    rig_text_view(&text, slash ? rig_view_of(path, (size_t)(slash - path)) : rig_view_str("."));
    rig_text_add(&text, "%s", slash == path ? "/" : "");
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || text.cut)
        return rig_fail(err, RIG_E_ARGUMENT, "store \"%s\": name a file", path);
    if (!realpath(directory, real))
        return system_failed(path, "its directory cannot be used", err);
    rig_text_init(&text, s->path, PATH_MAX);
    rig_text_add(&text, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name);
    return text.cut ? rig_fail(err, RIG_E_ARGUMENT, "store: its path is too long") : RIG_OK;
}

static void directory_of(const sqlite_store *s, char directory[PATH_SIZE])
{
    rig_text text;
    rig_text_init(&text, directory, PATH_SIZE);
    rig_text_view(&text, rig_view_of(s->path, (size_t)(strrchr(s->path, '/') - s->path) + 1));
}

/* Who may write to the directory may put another file in the store's place. */
static rig_status judge_directory(const sqlite_store *s, rig_error *err)
{
    char directory[PATH_SIZE];
    struct stat facts;
    directory_of(s, directory);
    if (stat(directory, &facts) != 0)
        return system_failed(s->path, "its directory cannot be used", err);
    if ((facts.st_mode & S_IWOTH) && !(facts.st_mode & S_ISVTX))
        return rig_fail(err, RIG_E_REFUSED, "store %s: anybody may write to its directory: chmod o-w %s",
                        s->path, directory);
    return RIG_OK;
}

/* RIG_E_NOT_FOUND, without a word, when there is none. */
static rig_status judge_file(const char *path, struct stat *facts, rig_error *err)
{
    if (lstat(path, facts) != 0)
        return errno == ENOENT ? RIG_E_NOT_FOUND : system_failed(path, "it cannot be used", err);
    if (!S_ISREG(facts->st_mode))
        return rig_fail(err, RIG_E_REFUSED, "store %s: a regular file is wanted, no link or device", path);
    if (facts->st_uid != geteuid())
        return rig_fail(err, RIG_E_REFUSED, "store %s: it belongs to user %u: chown it", path,
                        (unsigned)facts->st_uid);
    if (facts->st_mode & OTHERS)
        return rig_fail(err, RIG_E_REFUSED, "store %s: others may use it, and it holds secrets: chmod 600 %s",
                        path, path);
    if (facts->st_nlink != 1)
        return rig_fail(err, RIG_E_REFUSED, "store %s: it has a second name (hard link): remove that", path);
    return RIG_OK;
}

static rig_status sync_directory(const sqlite_store *s, rig_error *err)
{
    char directory[PATH_SIZE];
    directory_of(s, directory);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    rig_status status = synced ? RIG_OK : system_failed(s->path, "its directory cannot be written", err);
    if (fd >= 0)
        close(fd);
    return status;
}

/* An empty file that is ours alone whatever the umask says; SQLite's log takes its mode from it. */
static rig_status make_file(const sqlite_store *s, rig_error *err)
{
    int fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0 && errno == EEXIST)
        return RIG_OK; /* another one made it: judged next */
    if (fd < 0)
        return system_failed(s->path, "it cannot be made", err);
    bool ours = fchmod(fd, S_IRUSR | S_IWUSR) == 0;
    rig_status status = ours ? RIG_OK : system_failed(s->path, "its mode cannot be set", err);
    close(fd);
    return status ? status : sync_directory(s, err);
}

static rig_status judge_log(sqlite_store *s, const char *suffix, rig_error *err)
{
    char path[PATH_SIZE];
    struct stat facts;
    rig_text text;
    rig_text_init(&text, path, sizeof path);
    rig_text_add(&text, "%s%s", s->path, suffix);
    rig_status status = judge_file(path, &facts, err);
    if (!status && facts.st_size > 0)
        s->left_log = true;
    return status == RIG_E_NOT_FOUND ? RIG_OK : status;
}

static rig_status judge_files(sqlite_store *s, rig_error *err)
{
    struct stat facts;
    rig_status status = judge_directory(s, err);
    if (status)
        return status;
    status = judge_file(s->path, &facts, err);
    if (status == RIG_E_NOT_FOUND) {
        status = make_file(s, err);
        if (!status)
            status = judge_file(s->path, &facts, err);
        if (status == RIG_E_NOT_FOUND)
            return rig_fail(err, RIG_E_IO, "store %s: it was taken away at once", s->path);
    }
    if (!status && facts.st_size > 0 && facts.st_size < HEADER_LEN)
        return fail(s, SQLITE_NOTADB, err);
    if (!status)
        status = judge_log(s, "-wal", err);
    return status ? status : judge_log(s, "-journal", err);
}

/* ---- what it holds ---- */

static rig_status run_sql(const sqlite_store *s, const char *text, rig_error *err)
{
    int result = sqlite3_exec(s->db, text, NULL, NULL, NULL);
    return result == SQLITE_OK ? RIG_OK : fail(s, result, err);
}

/* The first thing a question is answered with. */
static rig_status ask(const sqlite_store *s, const char *question, char answer[ANSWER_SIZE], rig_error *err)
{
    sqlite3_stmt *asked = NULL;
    rig_text text;
    int result = sqlite3_prepare_v2(s->db, question, -1, &asked, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(asked);
    rig_text_init(&text, answer, ANSWER_SIZE);
    if (result == SQLITE_ROW)
        rig_text_view(&text,
                      rig_view_of(sqlite3_column_text(asked, 0), (size_t)sqlite3_column_bytes(asked, 0)));
    sqlite3_finalize(asked);
    return result == SQLITE_ROW ? RIG_OK : fail(s, result, err);
}

/* A negative number is none of ours. */
static rig_status ask_number(const sqlite_store *s, const char *question, uint64_t *out_number,
                             rig_error *err)
{
    char answer[ANSWER_SIZE];
    rig_status status = ask(s, question, answer, err);
    if (!status && !rig_view_u64(rig_view_str(answer), out_number))
        *out_number = UINT64_MAX;
    return status;
}

static rig_status judge_rows(const sqlite_store *s, rig_error *err)
{
    char answer[ANSWER_SIZE];
    uint64_t strangers = 0;
    rig_status status = ask(s, "PRAGMA quick_check(1)", answer, err);
    if (!status && strcmp(answer, "ok") != 0)
        return fail(s, SQLITE_CORRUPT, err);
    if (!status)
        status = ask_number(s, "SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view')",
                            &strangers, err);
    if (!status && strangers)
        return fail(s, SQLITE_NOTADB, err);
    return status ? status : ask(s, "SELECT count(kind || id || body) FROM record WHERE 0", answer, err);
}

/* The version of a store of ours; 0 for a file that nothing was ever written to. */
static rig_status judge(const sqlite_store *s, uint32_t num_steps, uint32_t *out_version, rig_error *err)
{
    uint64_t application = 0, version = 0, objects = 0;
    rig_status status = ask_number(s, "PRAGMA application_id", &application, err);
    if (!status)
        status = ask_number(s, "PRAGMA user_version", &version, err);
    if (!status)
        status = ask_number(s, "SELECT count(*) FROM sqlite_schema", &objects, err);
    if (status)
        return status;
    *out_version = (uint32_t)version;
    if (application == 0 && version == 0 && objects == 0)
        return RIG_OK;
    if (application != APPLICATION_ID || version == 0)
        return fail(s, SQLITE_NOTADB, err);
    if (version > num_steps)
        return rig_fail(err, RIG_E_UNSUPPORTED,
                        "store %s: a later version of this program wrote it (%" PRIu64
                        ", known up to %" PRIu32 "): use that one, or choose another file",
                        s->path, version, num_steps);
    return judge_rows(s, err);
}

static rig_status take_steps(const sqlite_store *s, const char *const *steps, uint32_t version,
                             uint32_t num_steps, rig_error *err)
{
    char stamp[96];
    rig_text text;
    rig_text_init(&text, stamp, sizeof stamp);
    rig_text_add(&text, "PRAGMA application_id = %u; PRAGMA user_version = %" PRIu32, APPLICATION_ID,
                 num_steps);
    rig_status status = RIG_OK;
    while (version < num_steps && !status)
        status = run_sql(s, steps[version++], err);
    if (!status)
        status = run_sql(s, stamp, err);
    return status ? status : run_sql(s, "COMMIT", err);
}

static rig_status migrate(const sqlite_store *s, const char *const *steps, uint32_t version,
                          uint32_t num_steps, rig_error *err)
{
    if (version == num_steps)
        return RIG_OK;
    rig_status status = run_sql(s, "BEGIN IMMEDIATE", err);
    if (!status)
        status = take_steps(s, steps, version, num_steps, err);
    if (status && !sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* ---- changes ---- */

static rig_status run(sqlite_store *s, statement which, rig_error *err)
{
    int result = sqlite3_step(s->prepared[which]);
    sqlite3_reset(s->prepared[which]);
    sqlite3_clear_bindings(s->prepared[which]);
    return result == SQLITE_DONE ? RIG_OK : fail(s, result, err);
}

/* SQLite gives a change up by itself when the disk fails it: what came behind would be a change of its own.
 */
static rig_status under_way(const sqlite_store *s, rig_error *err)
{
    if (!s->changing)
        return rig_fail(err, RIG_E_STATE, "no change of the store is under way");
    if (sqlite3_get_autocommit(s->db))
        return rig_fail(err, RIG_E_IO, "store %s: this change was given up", s->path);
    return RIG_OK;
}

static rig_status sqlite_begin(rig_store *store, rig_error *err)
{
    sqlite_store *s = of(store);
    if (s->changing)
        return rig_fail(err, RIG_E_STATE, "a change of the store is under way");
    rig_status status = run(s, BEGIN, err);
    s->changing = !status;
    return status;
}

static void bind_key(sqlite_store *s, statement which, const char *kind, uint64_t id)
{
    sqlite3_bind_text(s->prepared[which], 1, kind, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s->prepared[which], 2, (int64_t)id);
}

static rig_status sqlite_put(rig_store *store, const char *kind, uint64_t id, rig_view body, rig_error *err)
{
    sqlite_store *s = of(store);
    rig_status status = under_way(s, err);
    if (!status)
        status = svc_store_row_check(kind, id, body, err);
    if (status)
        return status;
    bind_key(s, PUT, kind, id);
    sqlite3_bind_text(s->prepared[PUT], 3, body.ptr ? (const char *)body.ptr : "", (int)body.len,
                      SQLITE_STATIC);
    return run(s, PUT, err);
}

static rig_status sqlite_remove(rig_store *store, const char *kind, uint64_t id, rig_error *err)
{
    sqlite_store *s = of(store);
    rig_status status = under_way(s, err);
    if (status || id > INT64_MAX)
        return status;
    bind_key(s, REMOVE, kind, id);
    return run(s, REMOVE, err);
}

static void sqlite_rollback(rig_store *store)
{
    sqlite_store *s = of(store);
    if (s->changing && !sqlite3_get_autocommit(s->db))
        run(s, ROLLBACK, NULL);
    s->changing = false;
}

static rig_status sqlite_commit(rig_store *store, rig_error *err)
{
    sqlite_store *s = of(store);
    rig_status status = under_way(s, err);
    if (!status)
        status = run(s, COMMIT, err);
    if (status)
        sqlite_rollback(store);
    s->changing = false;
    return status;
}

static rig_status tell_row(sqlite_store *s, rig_store_row *told, void *ctx, rig_error *err)
{
    sqlite3_stmt *row = s->prepared[EACH];
    const uint8_t *kind = sqlite3_column_text(row, 0), *body = sqlite3_column_text(row, 2);
    const int64_t id = sqlite3_column_int64(row, 1);
    if (!kind || !body)
        return fail(s, SQLITE_NOMEM, err);
    if (sqlite3_column_type(row, 1) != SQLITE_INTEGER || id < 0)
        return fail(s, SQLITE_CORRUPT, err);
    return told(ctx, rig_view_of(kind, (size_t)sqlite3_column_bytes(row, 0)), (uint64_t)id,
                rig_view_of(body, (size_t)sqlite3_column_bytes(row, 2)), err);
}

static rig_status sqlite_each(rig_store *store, rig_store_row *told, void *ctx, rig_error *err)
{
    sqlite_store *s = of(store);
    rig_status status = RIG_OK;
    int result = sqlite3_step(s->prepared[EACH]);
    while (result == SQLITE_ROW && !status) {
        status = tell_row(s, told, ctx, err);
        result = status ? SQLITE_DONE : sqlite3_step(s->prepared[EACH]);
    }
    sqlite3_reset(s->prepared[EACH]);
    return result == SQLITE_DONE ? status : fail(s, result, err);
}

/* ---- from beginning to end ---- */

static void sqlite_free(rig_store *store)
{
    sqlite_store *s = of(store);
    sqlite_rollback(store);
    for (statement i = EACH; i < STATEMENTS; i++)
        sqlite3_finalize(s->prepared[i]);
    sqlite3_close(s->db);
    rig_delete(s->alloc, s, sizeof *s);
}

static const rig_store_ops sqlite_ops = {sqlite_each,   sqlite_begin,    sqlite_put, sqlite_remove,
                                         sqlite_commit, sqlite_rollback, sqlite_free};

static rig_status connect(sqlite_store *s, rig_error *err)
{
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_PRIVATECACHE;
    int result = sqlite3_open_v2(s->path, &s->db, flags, NULL);
    if (result != SQLITE_OK)
        return fail(s, result, err);
    if (sqlite3_db_readonly(s->db, "main"))
        return fail(s, SQLITE_READONLY, err);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, s->left_log, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    /* Secrets: nothing in temporary files, and what is removed is overwritten. */
    return run_sql(s,
                   "PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;"
                   "PRAGMA cell_size_check = ON; BEGIN EXCLUSIVE",
                   err);
}

static rig_status prepare(sqlite_store *s, rig_error *err)
{
    int result = SQLITE_OK;
    for (statement i = EACH; i < STATEMENTS && result == SQLITE_OK; i++)
        result =
            sqlite3_prepare_v3(s->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &s->prepared[i], NULL);
    return result == SQLITE_OK ? RIG_OK : fail(s, result, err);
}

/* From here on the file is ours, and its log with it. */
static rig_status take_over(sqlite_store *s, const char *const *steps, uint32_t version, uint32_t num_steps,
                            rig_error *err)
{
    char mode[ANSWER_SIZE];
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    rig_status status = ask(s, "PRAGMA journal_mode = WAL", mode, err);
    if (!status && strcmp(mode, "wal") != 0)
        return rig_fail(err, RIG_E_IO, "store %s: its file system is of no use for a log", s->path);
    if (!status)
        status = run_sql(s, "PRAGMA synchronous = FULL", err);
    if (!status)
        status = migrate(s, steps, version, num_steps, err);
    return status ? status : prepare(s, err);
}

static rig_status open_file(sqlite_store *s, const char *path, const char *const *steps, uint32_t num_steps,
                            rig_error *err)
{
    uint32_t version = 0;
    rig_status status = resolve(s, path, err);
    if (!status)
        status = judge_files(s, err);
    if (!status)
        status = connect(s, err);
    if (!status)
        status = judge(s, num_steps, &version, err);
    if (!status)
        status = run_sql(s, "ROLLBACK", err); /* the lock stays */
    return status ? status : take_over(s, steps, version, num_steps, err);
}

rig_status svc_sqlite_open(const rig_alloc *alloc, const char *path, const char *const *steps,
                           uint32_t num_steps, rig_store **out_store, rig_error *err)
{
    sqlite_store *s = rig_new(alloc, sizeof *s);
    if (!s)
        return rig_fail(err, RIG_E_NOMEM, "no memory for a store");
    s->store.ops = &sqlite_ops;
    s->alloc = alloc;
    rig_status status = open_file(s, path, steps, num_steps, err);
    if (status)
        sqlite_free(&s->store);
    else
        *out_store = &s->store;
    return status;
}

rig_status rig_store_sqlite_open(const rig_alloc *alloc, const char *path, rig_store **out_store,
                                 rig_error *err)
{
    return svc_sqlite_open(alloc, path, own_steps, RIG_STORE_VERSION, out_store, err);
}
