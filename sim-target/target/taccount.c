/* Identities that may log in, and their secrets. */
#include "rig/iname.h"
#include "tauth.h"
#include "tgt.h"
#include "thash.h"

static void account_free(const rig_alloc *alloc, tgt_account *account)
{
    size_t size = account->size;
    tgt_wipe(account, size);
    rig_delete(alloc, account, size);
}

void tgt_access_cleanup(tgt_access *access, const rig_alloc *alloc)
{
    while (access->accounts) {
        tgt_account *account = access->accounts;
        access->accounts = account->next;
        account_free(alloc, account);
    }
    access->num = 0;
}

static bool same_identity(const tgt_account *account, rig_view user, rig_view initiator)
{
    return rig_view_eq(account->user, user) && rig_view_eq(account->initiator, initiator);
}

const tgt_account *tgt_account_find(const tgt_access *access, rig_view user, rig_view initiator)
{
    const tgt_account *found = NULL;
    for (const tgt_account *account = access->accounts; account; account = account->next) {
        if (same_identity(account, user, initiator))
            return account;
        if (same_identity(account, user, rig_view_of(NULL, 0)))
            found = account;
    }
    return found;
}

static rig_view copy(uint8_t **at, rig_view text)
{
    rig_view made = rig_view_of(*at, text.len);
    if (text.len > 0)
        memcpy(*at, text.ptr, text.len);
    *at += text.len;
    return made;
}

static tgt_account *account_new(const rig_alloc *alloc, const rig_target_chap *chap)
{
    size_t size = sizeof(tgt_account) + chap->initiator.len + chap->user.len + chap->secret.len +
                  chap->target_user.len + chap->target_secret.len;
    tgt_account *account = rig_new(alloc, size);
    if (!account)
        return NULL;
    uint8_t *at = (uint8_t *)(account + 1);
    account->size = size;
    account->initiator = copy(&at, chap->initiator);
    account->user = copy(&at, chap->user);
    account->secret = copy(&at, chap->secret);
    account->target_user = copy(&at, chap->target_user);
    account->target_secret = copy(&at, chap->target_secret);
    return account;
}

static bool sound_text(rig_view text)
{
    return text.len > 0 && text.len <= RIG_VALUE_MAX && rig_view_find(text, 0) == text.len;
}

static bool sound_secret(rig_view secret)
{
    return secret.len > 0 && secret.len <= RIG_TARGET_SECRET_MAX;
}

static rig_status check(const tgt_access *access, const rig_target_chap *chap, rig_error *err)
{
    bool mutual = chap->target_user.len > 0 || chap->target_secret.len > 0;
    if (!sound_text(chap->user) || (mutual && !sound_text(chap->target_user)))
        return rig_fail(err, RIG_E_ARGUMENT, "a CHAP name has 1 to %d bytes, none of them 0", RIG_VALUE_MAX);
    if (!sound_secret(chap->secret) || (mutual && !sound_secret(chap->target_secret)))
        return rig_fail(err, RIG_E_ARGUMENT, "a CHAP secret has 1 to %d bytes", RIG_TARGET_SECRET_MAX);
    if (chap->initiator.len > 0 && rig_iname_check(chap->initiator, NULL, err) != RIG_OK)
        return RIG_E_SYNTAX;
    for (const tgt_account *at = access->accounts; at; at = at->next)
        if (same_identity(at, chap->user, chap->initiator))
            return rig_fail(err, RIG_E_EXISTS, "the CHAP name %.*s is there already",
                            RIG_VIEW_ARG(chap->user));
    if (access->num >= RIG_TARGET_ACCOUNTS_MAX)
        return rig_fail(err, RIG_E_LIMIT, "at most %d CHAP names", RIG_TARGET_ACCOUNTS_MAX);
    return RIG_OK;
}

rig_status rig_target_chap_add(rig_target *target, rig_target_node *node, const rig_target_chap *chap,
                               rig_error *err)
{
    tgt_access *access = node ? &node->access : &target->discovery;
    rig_status status = check(access, chap, err);
    if (status != RIG_OK)
        return status;
    tgt_account *account = account_new(target->alloc, chap);
    if (!account)
        return rig_fail(err, RIG_E_NOMEM, "no memory for a CHAP name");
    account->next = access->accounts;
    access->accounts = account;
    access->num++;
    return RIG_OK;
}
