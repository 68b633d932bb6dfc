/* Classes in the Managed Object Format (DSP0004 section 7). */
#include "classes.h"

static const char *const types[WMI_TYPES] = {
    [WMI_STRING] = "string", [WMI_BOOLEAN] = "boolean", [WMI_UINT8] = "uint8", [WMI_UINT16] = "uint16",
    [WMI_UINT32] = "uint32", [WMI_UINT64] = "uint64",   [WMI_OBJECT] = NULL,
};

/* SECURITY_FLAG_QUALIFIERS from bit 0 on. */
static const char bitmap[] = ", BitMap{\"0\", \"1\", \"2\", \"3\", \"4\", \"5\", \"6\"}, BitValues{"
                             "\"ISCSI_SECURITY_FLAG_VALID\", "
                             "\"ISCSI_SECURITY_FLAG_IKE_IPSEC_ENABLED\", "
                             "\"ISCSI_SECURITY_FLAG_MAIN_MODE_ENABLED\", "
                             "\"ISCSI_SECURITY_FLAG_AGGRESSIVE_MODE_ENABLED\", "
                             "\"ISCSI_SECURITY_FLAG_PFS_ENABLED\", "
                             "\"ISCSI_SECURITY_FLAG_TRANSPORT_MODE_PREFERRED\", "
                             "\"ISCSI_SECURITY_FLAG_TUNNEL_MODE_PREFERRED\"}";

static void put_typed(wmi_text *text, const wmi_property *property)
{
    if (property->type == WMI_OBJECT)
        wmi_add(text, RIG_WMI_PREFIX "%s %s", property->class->name, property->name);
    else
        wmi_add(text, "%s %s", types[property->type], property->name);
    wmi_add(text, "%s", property->flags & WMI_ARRAY ? "[]" : "");
}

static void put_property(wmi_text *text, const wmi_property *property)
{
    wmi_add(text, "    [%sread%s%s] ", property->flags & WMI_KEY ? "key, " : "",
            property->flags & WMI_WRITE ? ", write" : "", property->flags & WMI_BITMAP ? bitmap : "");
    put_typed(text, property);
    wmi_add(text, ";\n");
}

static void put_method(wmi_text *text, const wmi_method *method)
{
    wmi_add(text, "    [Implemented] uint32 %s(", method->name);
    for (size_t i = 0; i < method->num_parameters; i++) {
        wmi_add(text, "%s[%s] ", i ? ", " : "", method->parameters[i].flags & WMI_OUT ? "out" : "in");
        put_typed(text, &method->parameters[i]);
    }
    wmi_add(text, ");\n");
}

rig_status rig_wmi_mof(const rig_alloc *alloc, const rig_wmi_class *class, rig_gather *out)
{
    wmi_text text = {alloc, out, RIG_OK};
    wmi_add(&text, "// " RIG_WMI_FILE "\n#pragma namespace(\"\\\\\\\\.\\\\root\\\\WMI\")\n\n");
    wmi_add(&text, "[%sDescription(\"%s\")]\n", rig_wmi_class_has_instances(class) ? "Dynamic, " : "",
            class->meaning);
    wmi_add(&text, "class " RIG_WMI_PREFIX "%s\n{\n", class->name);
    for (size_t i = 0; i < class->num_properties; i++)
        put_property(&text, &class->properties[i]);
    for (size_t i = 0; i < class->num_methods; i++)
        put_method(&text, &class->methods[i]);
    wmi_add(&text, "};\n");
    return text.status;
}
