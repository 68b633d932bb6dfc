/* A folder for a store, and the bytes of its files. */
#ifndef TESTS_STORE_FILES_H
#define TESTS_STORE_FILES_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rig/store.h"
#include "suite.h"

typedef struct store_folder {
    char path[64], file[96], log[96], journal[96], other[96];
} store_folder;

static inline void folder_name(char *out, size_t size, const char *folder, const char *name)
{
    rig_text text;
    rig_text_init(&text, out, size);
    rig_text_add(&text, "%s/%s", folder, name);
}

static inline void folder_new_in(store_folder *f, const char *where)
{
    folder_name(f->path, sizeof f->path, where, "iscsirig-store-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->path));
    folder_name(f->file, sizeof f->file, f->path, "store");
    folder_name(f->log, sizeof f->log, f->path, "store-wal");
    folder_name(f->journal, sizeof f->journal, f->path, "store-journal");
    folder_name(f->other, sizeof f->other, f->path, "other");
}

static inline void folder_new(store_folder *f)
{
    folder_new_in(f, "/tmp");
}

static inline void folder_empty(const store_folder *f)
{
    unlink(f->file);
    unlink(f->log);
    unlink(f->journal);
    unlink(f->other);
}

/* Nothing else may be left behind: the assertion sees it. */
static inline void folder_free(const store_folder *f)
{
    folder_empty(f);
    CU_ASSERT_EQUAL(rmdir(f->path), 0);
}

static inline rig_store *store_open(const char *path)
{
    rig_store *store = NULL;
    rig_error err = {0};
    CU_ASSERT_EQUAL(rig_store_sqlite_open(rig_alloc_libc(), path, &store, &err), RIG_OK);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    return store;
}

#endif
