/* The script that sets a firewall: POSIX shell around `az`, or around the databricks command.
 *
 * It sets the whole list in one call wherever Azure has such a call, since adding entry by entry
 * takes minutes, passes through half a list, and leaves behind what is no longer wanted. Rules that
 * are resources of their own come one by one; those that went are taken away first, since old and
 * new ones together could exceed the limit. Everything from the policy stands in single quotes. */
#include "emit/allowlist_impl.h"

#include <string.h>

/* ---- words ---- */

static void quoted(struct mln_buf *out, const char *text)
{
    mln_buf_char(out, '\'');
    for (; *text; text++)
        if (*text == '\'')
            mln_buf_add(out, "'\\''");
        else
            mln_buf_char(out, *text);
    mln_buf_char(out, '\'');
}

/* A comment line: no line break of a name can end it. */
static void comment(struct mln_buf *out, const char *text)
{
    mln_buf_add(out, "# ");
    for (; *text; text++)
        mln_buf_char(out, (unsigned char)*text < ' ' ? '?' : *text);
    mln_buf_char(out, '\n');
}

/* A variable that the environment may set, else what the policy says. */
static void variable(struct mln_buf *out, const char *name, const char *text)
{
    if (strpbrk(text, "$`"))
        mln_buf_add(out, "# shellcheck disable=SC2016\n"); /* they are meant as they stand */
    mln_buf_printf(out, "[ \"${%s:-}\" ] || %s=", name, name);
    quoted(out, text);
    mln_buf_char(out, '\n');
}

static bool method_is(const struct mln_allowlist *list, const char *method)
{
    const char *text = mln_kind_firewall_text(list->kind, "method");
    return text && strcmp(text, method) == 0;
}

/* ---- which resource ---- */

static void heading(const struct mln_allowlist *list, struct mln_buf *out)
{
    struct mln_lines facts = {0};
    mln_buf_add(out, "#!/bin/sh\n");
    comment(out, mln_printf(list->arena,
                            "Sets the firewall of '%s' (%s) to exactly this list; what it holds "
                            "besides is taken away.",
                            list->firewall->resource->name, list->kind->name));
    mln_allowlist_facts(list, &facts);
    for (size_t i = 0; i < facts.len; i++)
        comment(out, mln_printf(list->arena, "- %s", facts.data[i]));
}

static bool needs_id(const struct mln_allowlist *list)
{
    return !method_is(list, "lists") && !mln_kind_firewall_text(list->kind, "command");
}

static void find_resource(const struct mln_allowlist *list, struct mln_buf *out)
{
    const struct mln_resource *r = list->firewall->resource;
    mln_buf_add(out, "#\n# Environment: NAME");
    if (!method_is(list, "lists"))
        mln_buf_add(out, ", RESOURCE_GROUP");
    if (needs_id(list))
        mln_buf_add(out, ", or ID instead of both");
    if (list->firewall->zones.len)
        mln_buf_add(out, "; SUBSCRIPTION and NETWORK_GROUP of the subnets");
    mln_buf_add(out, "\nset -eu\n\n");
    variable(out, "NAME", list->name);
    if (method_is(list, "lists"))
        return;
    if (r->resource_group)
        variable(out, "RESOURCE_GROUP", r->resource_group);
    if (!needs_id(list)) {
        mln_buf_add(out,
                    ": \"${RESOURCE_GROUP:?is not set: the resource group of the resource}\"\n");
        return;
    }
    if (r->id)
        variable(out, "ID", r->id);
    else
        mln_buf_printf(out,
                       "[ \"${ID:-}\" ] || ID=$(az resource show --resource-group "
                       "\"${RESOURCE_GROUP:?is not set: the resource group of the resource}\" \\\n"
                       "    --name \"$NAME\" --resource-type '%s' --query id --output tsv)\n",
                       list->kind->type);
}

/* ---- files of the script ---- */

static void temporary(struct mln_buf *out, const char *name)
{
    mln_buf_printf(out, "%s=$(mktemp)\ntrap 'rm -f \"$%s\"' EXIT\n", name, name);
}

/* Subnets that the policy knows by name only: their ids are completed when the script runs. */
static void here(const struct mln_allowlist *list, struct mln_buf *out, const char *name,
                 const char *mark)
{
    if (list->firewall->zones.len == 0) {
        mln_buf_printf(out, "cat >\"$%s\" <<'%s'\n", name, mark);
        return;
    }
    mln_buf_add(out, "[ \"${SUBSCRIPTION:-}\" ] || SUBSCRIPTION=$(az account show --query id "
                     "--output tsv)\n"
                     "[ \"${NETWORK_GROUP:-}\" ] || NETWORK_GROUP=${RESOURCE_GROUP:?is not set}\n");
    mln_buf_printf(out,
                   "sed -e \"s|/subscriptions/SUBSCRIPTION/|/subscriptions/$SUBSCRIPTION/|\" \\\n"
                   "    -e \"s|/resourceGroups/RESOURCE-GROUP/|/resourceGroups/$NETWORK_GROUP/|\" "
                   ">\"$%s\" <<'%s'\n",
                   name, mark);
}

/* "/firewallRules" of "Microsoft.Sql/servers/firewallRules". */
static const char *below(const struct mln_allowlist *list, const char *type)
{
    size_t length = strlen(list->kind->type);
    return strncmp(type, list->kind->type, length) == 0 ? type + length : "";
}

/* ---- one call ---- */

static void one_call(const struct mln_allowlist *list, const char *method, struct mln_buf *out)
{
    const struct mln_firewall_part *part = &list->parts.data[0];
    struct mln_json json;
    temporary(out, "body");
    here(list, out, "body", "JSON");
    mln_json_init(&json, out, false);
    mln_json_object(&json);
    mln_json_key(&json, "properties");
    mln_tree_write_json(part->properties, &json, true);
    mln_json_end_object(&json);
    mln_buf_printf(out, "\nJSON\naz rest --method %s --url \"${ID}%s%s%s?api-version=%s\" \\\n",
                   method, below(list, part->type), part->child ? "/" : "",
                   part->child ? part->child : "", part->api);
    mln_buf_add(out,
                "    --headers 'Content-Type=application/json' --body \"@$body\" --output none\n");
}

/* ---- one call a rule ---- */

static const char *text_of(const struct mln_firewall_part *part, const char *key)
{
    const struct mln_tree *tree = mln_tree_get(part->properties, key);
    return tree ? tree->text : NULL;
}

/* The rules of one type: "NAME FIRST LAST" or "NAME SUBNET" a line. */
static void rule_lines(const struct mln_allowlist *list, const char *type, struct mln_buf *out)
{
    for (size_t i = 0; i < list->parts.len; i++) {
        const struct mln_firewall_part *part = &list->parts.data[i];
        if (strcmp(part->type, type) != 0)
            continue;
        if (text_of(part, "startIpAddress"))
            mln_buf_printf(out, "%s %s %s\n", part->child, text_of(part, "startIpAddress"),
                           text_of(part, "endIpAddress"));
        else
            mln_buf_printf(out, "%s %s\n", part->child, text_of(part, "virtualNetworkSubnetId"));
    }
}

static void sync_rules(const struct mln_allowlist *list, const char *type, const char *variables,
                       const char *body, struct mln_buf *out)
{
    const char *path = below(list, type), *api = list->kind->api;
    temporary(out, "rules");
    here(list, out, "rules", "RULES");
    rule_lines(list, type, out);
    mln_buf_add(out, "RULES\n");
    mln_buf_printf(out,
                   "az rest --method get --url \"${ID}%s?api-version=%s\" --query 'value[].name' "
                   "--output tsv |\n"
                   "    while IFS= read -r rule; do\n"
                   "        [ \"$rule\" ] || continue\n"
                   "        cut -d ' ' -f 1 \"$rules\" | grep -qxF -e \"$rule\" ||\n"
                   "            az resource delete --ids \"${ID}%s/$rule\" --api-version %s "
                   "--output none </dev/null\n"
                   "    done\n",
                   path, api, path, api);
    mln_buf_printf(out,
                   "while read -r rule %s; do\n"
                   "    az resource create --id \"${ID}%s/$rule\" --api-version %s "
                   "--is-full-object \\\n"
                   "        --properties \"{\\\"properties\\\": {%s}}\" --output none </dev/null\n"
                   "done <\"$rules\"\n",
                   variables, path, api, body);
}

static void each_rule(const struct mln_allowlist *list, struct mln_buf *out)
{
    const char *subnets = mln_kind_firewall_text(list->kind, "network-rules");
    sync_rules(list, mln_kind_firewall_text(list->kind, "child"), "first last",
               "\\\"startIpAddress\\\": \\\"$first\\\", \\\"endIpAddress\\\": \\\"$last\\\"", out);
    if (!subnets)
        return;
    mln_buf_add(out, "rm -f \"$rules\"\n");
    sync_rules(list, subnets, "subnet", "\\\"virtualNetworkSubnetId\\\": \\\"$subnet\\\"", out);
}

/* A closed server needs no rules taken away, an open one gets the rule that holds everybody. */
static void server_and_rules(const struct mln_allowlist *list, struct mln_buf *out)
{
    enum mln_firewall_state state = list->firewall->state;
    if (state != MLN_FIREWALL_LISTED)
        one_call(list, "patch", out);
    if (state == MLN_FIREWALL_OPEN)
        mln_buf_add(out, "rm -f \"$body\"\n");
    if (state != MLN_FIREWALL_CLOSED)
        each_rule(list, out);
}

/* ---- a command of its own ---- */

static void put_word(const struct mln_allowlist *list, const char *word, size_t length,
                     struct mln_buf *out)
{
    if (strncmp(word, "{group}", length) == 0)
        mln_buf_add(out, "\"$RESOURCE_GROUP\"");
    else if (strncmp(word, "{name}", length) == 0)
        mln_buf_add(out, "\"$NAME\"");
    else if (strncmp(word, "{entries}", length) == 0)
        for (size_t i = 0; i < list->len; i++)
            mln_buf_printf(out, "%s%s", i ? "," : "", list->rows[i].entry.text);
    else
        mln_buf_add_n(out, word, length);
}

static void own_command(const struct mln_allowlist *list, struct mln_buf *out)
{
    const char *at = mln_kind_firewall_text(list->kind, "command");
    while (at && *at) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        size_t length = end ? (size_t)(end - at) + 1 : 1;
        put_word(list, at, length, out);
        at += length;
    }
    mln_buf_add(out, " \\\n    --output none\n");
}

static void access_lists(const struct mln_allowlist *list, struct mln_buf *out)
{
    const char *path = list->kind->firewall;
    temporary(out, "body");
    mln_buf_add(out, "jq -R . <<'LINES' | jq -s --arg label \"$NAME\" \\\n"
                     "    '{label: $label, list_type: \"ALLOW\", enabled: true, ip_addresses: .}' "
                     ">\"$body\"\n");
    for (size_t i = 0; i < list->len; i++)
        mln_buf_printf(out, "%s\n", list->rows[i].entry.text);
    mln_buf_printf(out,
                   "LINES\n"
                   "id=$(databricks api get %s | jq -r --arg label \"$NAME\" \\\n"
                   "    'first(.ip_access_lists[]? | select(.label == $label) | .list_id)')\n"
                   "if [ \"$id\" ]; then\n"
                   "    databricks api put \"%s/$id\" --json \"@$body\"\n"
                   "else\n"
                   "    databricks api post %s --json \"@$body\"\n"
                   "fi\n"
                   "databricks api patch /api/2.0/workspace-conf --json "
                   "'{\"enableIpAccessLists\": \"true\"}'\n",
                   path, path, path);
}

void mln_allowlist_script(const struct mln_allowlist *list, struct mln_buf *out)
{
    heading(list, out);
    find_resource(list, out);
    if (method_is(list, "lists"))
        access_lists(list, out);
    else if (method_is(list, "each"))
        server_and_rules(list, out);
    else if (mln_kind_firewall_text(list->kind, "command"))
        own_command(list, out);
    else
        one_call(list, mln_kind_firewall_text(list->kind, "method"), out);
}
