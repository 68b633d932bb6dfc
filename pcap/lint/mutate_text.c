/* Mutations of text: what is done to a key, and what is said besides. */
#include "lint.h"

#include "rig/mutate.h"

#define KEY_WORD_MAX 4096 /* bytes of a key that is changed, with its value */
#define LONG_VALUE 256    /* bytes, one more than an alias or an architecture may have */

/* Text that is all in this PDU. */
static bool own_text(const rig_item *item)
{
    return item->data_len > 0 && item->text.len == item->data_len && item->pdu.data.len == item->data_len;
}

/* ---- keys that are there ---- */

static const lint_key *known_key(rig_view name)
{
    for (size_t k = 0; k < lint_num_keys; k++)
        if (rig_view_is(name, lint_keys[k].name))
            return &lint_keys[k];
    return NULL;
}

static bool negotiated(const lint_key *key, const rig_item *item)
{
    (void)item;
    return lint_key_has_result(key);
}

static bool numeric(const lint_key *key, const rig_item *item)
{
    (void)item;
    return key->high > 0;
}

static bool has_least(const lint_key *key, const rig_item *item)
{
    (void)item;
    return key->high > 0 && key->low > 0;
}

static bool boolean(const lint_key *key, const rig_item *item)
{
    (void)item;
    return key->kind == LINT_KEY_AND || key->kind == LINT_KEY_OR;
}

static bool chosen(const lint_key *key, const rig_item *item)
{
    return key->kind == LINT_KEY_LIST && !item->to_target;
}

static bool offered(const lint_key *key, const rig_item *item)
{
    return key->kind == LINT_KEY_LIST && item->to_target;
}

static bool least_of_both(const lint_key *key, const rig_item *item)
{
    return key->kind == LINT_KEY_MIN && !item->to_target;
}

static bool a_name(const lint_key *key, const rig_item *item)
{
    (void)item;
    return strcmp(key->name, "InitiatorName") == 0 || strcmp(key->name, "TargetName") == 0;
}

static bool is_initiator_name(const lint_key *key, const rig_item *item)
{
    (void)item;
    return strcmp(key->name, "InitiatorName") == 0;
}

static bool is_algorithm(const lint_key *key, const rig_item *item)
{
    return strcmp(key->name, "CHAP_A") == 0 && !item->to_target;
}

static bool is_identifier(const lint_key *key, const rig_item *item)
{
    (void)item;
    return strcmp(key->name, "CHAP_I") == 0;
}

static bool is_binary(const lint_key *key, const rig_item *item)
{
    (void)item;
    return strcmp(key->name, "CHAP_C") == 0 || strcmp(key->name, "CHAP_R") == 0;
}

static bool is_response(const lint_key *key, const rig_item *item)
{
    (void)item;
    return strcmp(key->name, "CHAP_R") == 0;
}

static bool is_method(const lint_key *key, const rig_item *item)
{
    return strcmp(key->name, "AuthMethod") == 0 && item->to_target;
}

static bool is_reporting(const lint_key *key, const rig_item *item)
{
    return strcmp(key->name, "TaskReporting") == 0 && item->to_target;
}

static bool is_send_targets(const lint_key *key, const rig_item *item)
{
    (void)item;
    return strcmp(key->name, "SendTargets") == 0;
}

static const struct key_step {
    const char *how;
    bool (*for_key)(const lint_key *key, const rig_item *item); /* NULL = every key */
    const char *value;                                          /* NULL = as word() has it */
} key_steps[] = {
    {"drop", NULL, NULL},
    {"twice", NULL, NULL},
    {"NotUnderstood", negotiated, "NotUnderstood"},
    {"Irrelevant", negotiated, "Irrelevant"},
    {"zero-led", numeric, NULL},
    {"beyond", numeric, NULL},
    {"below", has_least, NULL},
    {"lower", boolean, "yes"},
    {"unlisted", chosen, "Y-example"},
    {"long", a_name, NULL},
    {"capital", a_name, "iqn.2026-01.example:A"},
    {"bad-date", a_name, "iqn.2026-13.example:a"},
    {"short-eui", a_name, "eui.0123456789abcde"},
    {"short-naa", a_name, "naa.0123456789abcde"},
    {"empty", is_initiator_name, ""},
    {"holes", offered, "None,,CRC32C"},
    {"most", least_of_both, NULL},
    {"unoffered", is_algorithm, "99"},
    {"octets", is_identifier, "256"},
    {"no-octets", is_binary, "0bA"},
    {"short", is_response, "0x11"},
    {"obsolete", is_method, "CHAP,SPKM1,None"},
    {"alone", is_reporting, "FastAbort"},
    {"all", is_send_targets, "All"},
    {"one", is_send_targets, "iqn.2026-01.example:nobody"},
};

#define NUM_KEY_STEPS (sizeof key_steps / sizeof key_steps[0])

/* The next pair whose key is known. */
static bool next_pair(rig_mutations *all, const rig_item *item, rig_pair *out)
{
    if (all->step == 0)
        all->rest = item->text;
    while (rig_pair_next(item->text.ptr, &all->rest, out, NULL) == RIG_OK)
        if (known_key(out->key))
            return true;
    return false;
}

/* A value that it has already is no mutation. */
static bool has_it(const struct key_step *step, const lint_key *key, rig_view value)
{
    uint64_t number;
    if (step->value)
        return rig_view_is(value, step->value);
    return rig_view_is(rig_view_str(step->how), "most") && rig_number_parse(value, &number) &&
           number >= key->high;
}

static void set_how(rig_mutation *out, const char *how)
{
    rig_text text;
    rig_text_init(&text, out->how, sizeof out->how);
    rig_text_add(&text, "%s", how);
}

/* step counts pairs and what is done to each: a multiple of NUM_KEY_STEPS begins the next pair. */
bool lint_key_place(rig_mutations *all, const rig_item *item, rig_mutation *out)
{
    rig_pair pair = {.key = all->key, .value = all->said};
    if (!own_text(item))
        return false;
    for (;; all->step++) {
        if (all->step % NUM_KEY_STEPS == 0 && !next_pair(all, item, &pair))
            return false;
        all->key = pair.key;
        all->said = pair.value;
        const struct key_step *step = &key_steps[all->step % NUM_KEY_STEPS];
        const lint_key *key = known_key(pair.key);
        if ((step->for_key && !step->for_key(key, item)) || has_it(step, key, pair.value))
            continue;
        out->way = RIG_MUTATE_KEY;
        out->what = key->name;
        out->key = pair.key;
        out->said = pair.value;
        set_how(out, step->how);
        all->step++;
        return true;
    }
}

/* ---- keys besides ---- */

static const struct say_row {
    const char *key, *how, *value; /* value NULL = a long one */
    bool repeats;                  /* also where its sender has said it */
} say_rows[] = {
    {"TargetName", "said", "iqn.2026-01.example:x", false},
    {"InitiatorName", "said", "iqn.2026-01.example:x", false},
    {"SendTargets", "said", "All", false},
    {"SessionType", "said", "Normal", false},
    {"TargetPortalGroupTag", "said", "1", false},
    {"TargetAddress", "said", "192.0.2.1:3260,1", true},
    {"TargetAddress", "no-group", "192.0.2.1:3260", true},
    {"TargetAddress", "negative-group", "192.0.2.1:3260,-1", true},
    {"TargetAddress", "no-brackets", "2001:db8::1:3260,1", true},
    {"TargetAlias", "said", "x", false},
    {"TargetAlias", "long", NULL, false},
    {"InitiatorAlias", "said", "x", false},
    {"InitiatorAlias", "long", NULL, false},
    {"AuthMethod", "said", "None", false},
    {"HeaderDigest", "said", "None", false},
    {"OFMarkInt", "said", "NotUnderstood", false},
    {"X#Example", "said", "1", false},
    {"X#NodeArchitecture", "long", NULL, false},
    {"X-com.example.a", "said", "1", false},
    {"example", "said", "1", false},
    {"X-example/a", "said", "1", false},
};

static bool said_before(const rig_mutations *all, const rig_item *item, const char *key)
{
    for (size_t i = 0; i <= all->item; i++) {
        const rig_item *other = &all->items->ptr[i];
        if (other->kind == RIG_ITEM_PDU && other->connection == item->connection &&
            other->to_target == item->to_target && lint_has_key(other->text, key, NULL))
            return true;
    }
    return false;
}

bool lint_say_place(rig_mutations *all, const rig_item *item, rig_mutation *out)
{
    for (; own_text(item) && all->step < sizeof say_rows / sizeof say_rows[0]; all->step++) {
        const struct say_row *row = &say_rows[all->step];
        if (!row->repeats && said_before(all, item, row->key))
            continue;
        out->way = RIG_MUTATE_SAY;
        out->what = row->key;
        out->value = all->step++;
        set_how(out, row->how);
        return true;
    }
    return false;
}

/* ---- doing it ---- */

static void say_number(rig_text *word, uint64_t number)
{
    rig_text_add(word, "%llu", (unsigned long long)number);
}

static const struct key_step *step_of(const rig_mutation *m)
{
    size_t i = 0;
    while (i + 1 < NUM_KEY_STEPS && !rig_view_is(rig_view_str(m->how), key_steps[i].how))
        i++;
    return &key_steps[i];
}

static void say_value(const rig_mutation *m, rig_text *word)
{
    const lint_key *key = known_key(m->key);
    rig_view how = rig_view_str(m->how);
    if (rig_view_is(how, "zero-led"))
        rig_text_add(word, "0");
    if (rig_view_is(how, "twice") || rig_view_is(how, "zero-led"))
        rig_text_view(word, m->said);
    else if (rig_view_is(how, "beyond"))
        say_number(word, key->high + 1);
    else if (rig_view_is(how, "most"))
        say_number(word, key->high);
    else if (rig_view_is(how, "below"))
        say_number(word, key->low - 1);
    else if (rig_view_is(how, "long"))
        rig_text_add(word, "iqn.2026-01.example:%0*d", RIG_NAME_MAX, 0);
    else
        rig_text_add(word, "%s", step_of(m)->value);
}

/* The key as lint_change_key reads it. */
static void key_word(const rig_mutation *m, rig_text *word)
{
    rig_view how = rig_view_str(m->how);
    rig_text_add(word, rig_view_is(how, "drop") ? "--" : rig_view_is(how, "twice") ? "++" : "~~");
    rig_text_view(word, m->key);
    if (rig_view_is(how, "drop"))
        return;
    rig_text_add(word, "=");
    say_value(m, word);
}

static void say_word(const rig_mutation *m, rig_text *word)
{
    const struct say_row *row = &say_rows[m->value];
    rig_text_add(word, "++%s=", row->key);
    if (row->value)
        rig_text_add(word, "%s", row->value);
    else
        rig_text_add(word, "%0*d", LONG_VALUE, 0);
}

/* What does not fit stays as it is, and is then missed. */
void lint_mutate_text(const rig_mutation *m, rig_lint_changed *out)
{
    char buffer[KEY_WORD_MAX];
    rig_text word;
    rig_text_init(&word, buffer, sizeof buffer);
    if (m->way == RIG_MUTATE_KEY)
        key_word(m, &word);
    else
        say_word(m, &word);
    if (!word.cut)
        (void)lint_change_key(out, rig_view_of(buffer, word.len));
}
