/* Credentials in stored logins: the texts are inside the record, and are wiped with it. */
#include "rig/service.h"
#include "suite.h"

#define SECRET "a secret of the boot"

static void kept_and_used(void)
{
    char secret[] = SECRET, user[] = "boot";
    rig_stored_auth stored;
    const rig_auth_config auth = {.methods = {RIG_AUTH_CHAP},
                                  .num_methods = 1,
                                  .user = rig_view_str(user),
                                  .secret = rig_view_str(secret),
                                  .algorithms = {6, 5},
                                  .num_algorithms = 2,
                                  .challenge_len = 32};
    CU_ASSERT_EQUAL(rig_stored_auth_keep(&auth, &stored), RIG_OK);
    CU_ASSERT(stored.given && stored.how.secret.ptr == NULL && stored.how.user.ptr == NULL);
    memset(secret, 'x', sizeof secret - 1);
    memset(user, 'x', sizeof user - 1);
    rig_auth_config used = rig_stored_auth_use(&stored);
    CU_ASSERT(rig_view_is(used.user, "boot") && rig_view_is(used.secret, SECRET));
    CU_ASSERT(used.target_user.len == 0 && used.target_secret.len == 0);
    CU_ASSERT(used.methods[0] == RIG_AUTH_CHAP && used.num_methods == 1 && used.num_algorithms == 2 &&
              used.algorithms[0] == 6 && used.challenge_len == 32);
}

static void longest_texts(void)
{
    static uint8_t bytes[256];
    rig_stored_auth stored;
    rig_auth_config auth = {.secret = rig_view_of(bytes, 255), .target_user = rig_view_of(bytes, 255)};
    CU_ASSERT_EQUAL(rig_stored_auth_keep(&auth, &stored), RIG_OK);
    CU_ASSERT_EQUAL(rig_stored_auth_use(&stored).secret.len, 255);
    auth.secret.len = 256;
    CU_ASSERT_EQUAL(rig_stored_auth_keep(&auth, &stored), RIG_E_LIMIT);
}

/* Looks into every block that is given back or moved. */
static void *watch(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    uint32_t *left = ctx;
    if (ptr)
        *left += memmem(ptr, old_size, SECRET, strlen(SECRET)) != NULL;
    return rig_alloc_libc()->resize(rig_alloc_libc()->ctx, ptr, old_size, new_size);
}

static void wiped(void)
{
    uint32_t left = 0;
    const rig_alloc alloc = {watch, &left};
    rig_store *store = NULL;
    const rig_auth_config auth = {.secret = rig_view_str(SECRET)};
    rig_persistent_login login = {.portal = {.host = "192.0.2.1", .port = 3260}}, got;
    CU_ASSERT_EQUAL_FATAL(rig_store_memory_new(&alloc, &store), RIG_OK);
    CU_ASSERT_EQUAL(rig_stored_auth_keep(&auth, &login.auth), RIG_OK);
    for (unsigned i = 0; i < 9; i++) { /* it grows twice */
        login.target[0] = (char)('a' + i);
        CU_ASSERT_EQUAL(store->ops->add(store, &login), RIG_OK);
    }
    CU_ASSERT_EQUAL(store->ops->remove(store, 3), RIG_OK);
    CU_ASSERT_EQUAL(store->ops->get(store, 3, &got), RIG_OK);
    CU_ASSERT(got.target[0] == 'e' && rig_view_is(rig_stored_auth_use(&got.auth).secret, SECRET));
    CU_ASSERT_EQUAL(store->ops->get(store, 8, &got), RIG_E_NOT_FOUND);
    rig_store_free(store);
    CU_ASSERT_EQUAL(left, 0);
}

RIG_SUITE("service: stored credentials", {"texts are copied and given back", kept_and_used},
          {"255 octets and one more", longest_texts}, {"nothing of them is left behind", wiped})
