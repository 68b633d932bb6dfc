/* The form of a report, as a table: what a member is, and where it is not. Members without a row are those of
 * a later iscsirig, and are left alone. */
#include "results.h"

#define TEXT 1u
#define NUMBER 2u
#define FLAG 4u
#define NOTHING 8u /* null */
#define LIST 16u
#define OBJECT 32u

#define WHERE_MAX 128

typedef struct shape {
    const char *name;          /* of the member; NULL ends the table */
    unsigned types;            /* what it may be */
    bool needed;               /* it has to be there */
    unsigned of;               /* LIST, OBJECT: what is in it */
    const struct shape *inner; /* what is in it has these members */
} shape;

static const shape ladder_item[] = {{"t", NUMBER, true, 0, NULL},
                                    {"way", TEXT, true, 0, NULL},
                                    {"line", TEXT, true, 0, NULL},
                                    {"bhs", TEXT, false, 0, NULL},
                                    {"ahs", TEXT, false, 0, NULL},
                                    {"data", TEXT, false, 0, NULL},
                                    {"data_len", NUMBER, false, 0, NULL},
                                    {"conn", NUMBER, false, 0, NULL},
                                    {"frame", NUMBER, false, 0, NULL},
                                    {"step", NUMBER, false, 0, NULL},
                                    {"made_wrong", FLAG, false, 0, NULL},
                                    {"leaked", FLAG, false, 0, NULL},
                                    {0}};

static const shape finding[] = {{"kind", TEXT, false, 0, NULL},
                                {"file", TEXT, false, 0, NULL},
                                {"line", NUMBER, false, 0, NULL},
                                {"col", NUMBER, false, 0, NULL},
                                {"ids", LIST, false, TEXT, NULL},
                                {"clause", TEXT | NOTHING, false, 0, NULL},
                                {"text", TEXT | NOTHING, false, 0, NULL},
                                {"field", TEXT, false, 0, NULL},
                                {"expected", TEXT | NOTHING, false, 0, NULL},
                                {"actual", TEXT | NOTHING, false, 0, NULL},
                                {"mark", LIST | NOTHING, false, NUMBER, NULL},
                                {"block_line", NUMBER, false, 0, NULL},
                                {"block_lines", NUMBER, false, 0, NULL},
                                {"time_ns", NUMBER | TEXT, false, 0, NULL},
                                {"frame", NUMBER | NOTHING, false, 0, NULL},
                                {"item", NUMBER | NOTHING, false, 0, NULL},
                                {0}};

static const shape check[] = {{"ids", LIST, true, TEXT, NULL},
                              {"line", NUMBER, true, 0, NULL},
                              {"clause", TEXT | NOTHING, false, 0, NULL},
                              {"held", FLAG, true, 0, NULL},
                              {0}};

static const shape record[] = {{"path", TEXT, true, 0, NULL},
                               {"verdict", TEXT, true, 0, NULL},
                               {"case", NUMBER, false, 0, NULL},
                               {"title", TEXT, false, 0, NULL},
                               {"level", TEXT | NOTHING, false, 0, NULL},
                               {"refs", LIST, false, TEXT, NULL},
                               {"bindings", OBJECT, false, TEXT, NULL},
                               {"tags", LIST, false, TEXT, NULL},
                               {"requirements", LIST, false, TEXT, NULL},
                               {"reason", TEXT | NOTHING, false, 0, NULL},
                               {"seed", NUMBER | TEXT, false, 0, NULL},
                               {"mode", TEXT | NOTHING, false, 0, NULL},
                               {"peer", TEXT | NOTHING, false, 0, NULL},
                               {"link", TEXT, false, 0, NULL},
                               {"expectations", NUMBER, false, 0, NULL},
                               {"findings", LIST, false, OBJECT, finding},
                               {"checks", LIST, false, OBJECT, check},
                               {"made_wrong", LIST, false, NUMBER, NULL},
                               {"capture", TEXT | NOTHING, false, 0, NULL},
                               {"virtual_ns", NUMBER | TEXT, false, 0, NULL},
                               {"real_ns", NUMBER | TEXT, false, 0, NULL},
                               {"timed_out", FLAG, false, 0, NULL},
                               {"again", TEXT | NOTHING, false, 0, NULL},
                               {"screen", TEXT, false, 0, NULL},
                               {"ladder", LIST, false, OBJECT, ladder_item},
                               {"was", TEXT | NOTHING, false, 0, NULL},
                               {"change", TEXT, false, 0, NULL},
                               {0}};

static const shape summary[] = {
    {"cases", NUMBER, false, 0, NULL},         {"planned", NUMBER, false, 0, NULL},
    {"files", NUMBER, false, 0, NULL},         {"real_ns", NUMBER | TEXT, false, 0, NULL},
    {"interrupted", FLAG, false, 0, NULL},     {"captures", TEXT | NOTHING, false, 0, NULL},
    {"verdicts", OBJECT, false, NUMBER, NULL}, {0}};

static const shape run[] = {{"file", TEXT, false, 0, NULL},
                            {"version", TEXT, false, 0, NULL},
                            {"command", TEXT, false, 0, NULL},
                            {"mode", TEXT, false, 0, NULL},
                            {"cases", NUMBER, false, 0, NULL},
                            {"interrupted", FLAG, false, 0, NULL},
                            {0}};

static const shape report[] = {{"version", TEXT, false, 0, NULL},     {"command", TEXT, false, 0, NULL},
                               {"mode", TEXT, false, 0, NULL},        {"runs", LIST, false, OBJECT, run},
                               {"before", LIST, false, OBJECT, run},  {"cases", LIST, true, OBJECT, record},
                               {"summary", OBJECT, true, 0, summary}, {0}};

static unsigned type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return TEXT;
    case JSON_INTEGER:
    case JSON_REAL:
        return NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return FLAG;
    case JSON_NULL:
        return NOTHING;
    case JSON_ARRAY:
        return LIST;
    default:
        return OBJECT;
    }
}

static const char *type_word(unsigned types)
{
    static const char *const words[] = {"a text", "a number", "true or false", "null", "a list", "an object"};
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        if (types & 1u << i)
            return words[i];
    return "nothing";
}

typedef struct checker {
    const char *name;
    rig_error *err;
} checker;

static rig_status wrong(const checker *c, const char *where, unsigned wanted, const json_t *came)
{
    return rig_fail(c->err, RIG_E_SYNTAX, "%s: %s: wanted %s, came %s; the file is damaged", c->name, where,
                    type_word(wanted), came ? type_word(type_of(came)) : "nothing");
}

static rig_status check_object(const checker *c, const json_t *object, const shape *rows, const char *where);

static rig_status check_value(const checker *c, const json_t *value, const shape *row, const char *where)
{
    if (!(row->of & type_of(value)))
        return wrong(c, where, row->of, value);
    return row->inner ? check_object(c, value, row->inner, where) : RIG_OK;
}

static rig_status check_list(const checker *c, const json_t *list, const shape *row, const char *where)
{
    char place[WHERE_MAX];
    rig_status status = RIG_OK;
    for (size_t i = 0; i < json_array_size(list) && status == RIG_OK; i++) {
        rig_text text;
        rig_text_init(&text, place, sizeof place);
        rig_text_add(&text, "%s[%zu]", where, i);
        status = check_value(c, json_array_get(list, i), row, place);
    }
    return status;
}

static rig_status check_members(const checker *c, const json_t *object, const shape *row, const char *where)
{
    const char *key;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (!(row->of & type_of(value)))
            return wrong(c, where, row->of, value);
    }
    return RIG_OK;
}

static rig_status check_member(const checker *c, const json_t *object, const shape *row, const char *before)
{
    char where[WHERE_MAX];
    rig_text text;
    const json_t *value = json_object_get(object, row->name);
    rig_text_init(&text, where, sizeof where);
    rig_text_add(&text, "%s%s%s", before, before[0] ? "." : "", row->name);
    if (!value)
        return row->needed ? wrong(c, where, row->types, NULL) : RIG_OK;
    if (!(row->types & type_of(value)))
        return wrong(c, where, row->types, value);
    if (json_is_array(value))
        return check_list(c, value, row, where);
    if (json_is_object(value))
        return row->inner ? check_object(c, value, row->inner, where) : check_members(c, value, row, where);
    return RIG_OK;
}

static rig_status check_object(const checker *c, const json_t *object, const shape *rows, const char *where)
{
    rig_status status = RIG_OK;
    for (; rows->name && status == RIG_OK; rows++)
        status = check_member(c, object, rows, where);
    return status;
}

static rig_status check_verdicts(const checker *c, const json_t *cases)
{
    size_t i;
    const json_t *one;
    json_array_foreach(cases, i, one)
    {
        rig_verdict verdict;
        const char *word = rep_str(one, "verdict");
        if (!rep_verdict_find(word, &verdict))
            return rig_fail(c->err, RIG_E_SYNTAX,
                            "%s: cases[%zu].verdict: wanted pass, fail, loose, skip, error, known or fixed, "
                            "came \"%.40s\"",
                            c->name, i, word);
    }
    return RIG_OK;
}

rig_status rep_shape_check(const json_t *root, const char *name, rig_error *err)
{
    const checker c = {name, err};
    const char *schema = rep_str(root, "schema");
    if (!schema[0])
        return rig_fail(err, RIG_E_SYNTAX, "%s: no schema in it; wanted what `iscsirig run --json` writes",
                        name);
    if (strcmp(schema, RIG_RESULTS_SCHEMA) != 0)
        return rig_fail(err, RIG_E_UNSUPPORTED,
                        "%s: schema \"%.60s\", and this iscsirig reads " RIG_RESULTS_SCHEMA
                        "; read it with the version that wrote it, \"%.60s\"",
                        name, schema, rep_str(root, "version"));
    rig_status status = check_object(&c, root, report, "");
    return status ? status : check_verdicts(&c, json_object_get(root, "cases"));
}
