/* The registry of commands. */
#include "base/map.h"
#include "cli/cli.h"
#include <string.h>

static const struct mln_command commands[] = {
    {
        .name = "compile",
        .bit = MLN_FOR_COMPILE,
        .synopsis = "[OPTIONS] POLICY|-...",
        .summary = "compile policies to network security groups",
        .text = "Writes one NSGNAME.nsg.json for each network security group, and a MANIFEST that "
                "lists "
                "them. Several policies go to a directory each, named after the policy. When there "
                "is an "
                "error, nothing is written.",
        .takes_files = true,
        .run = mln_compile_command,
    },
    {
        .name = "check",
        .bit = MLN_FOR_CHECK,
        .synopsis = "[OPTIONS] POLICY|-...",
        .summary = "report what is wrong with policies, write nothing",
        .text = "Does all that compile does and prints the diagnostics on standard output.",
        .takes_files = true,
        .run = mln_check_command,
    },
    {
        .name = "lint",
        .bit = MLN_FOR_LINT,
        .synopsis = "[OPTIONS] FILE|-...",
        .summary = "report risks, and rules that do nothing",
        .text = "Does all that check does, for policies, network security groups as JSON and ARM "
                "templates, and reports on top what their rules open to the Internet, rules that "
                "are never reached or change nothing, and service tags without what they need. "
                "Exits 1 when there is a warning.",
        .takes_files = true,
        .run = mln_lint_command,
    },
    {
        .name = "test",
        .bit = MLN_FOR_TEST,
        .synopsis = "[OPTIONS] POLICY|-...",
        .summary = "decide the assertions of policies",
        .text = "Decides each assertion end to end over all packets, on the rules that compile "
                "would write. "
                "One that fails is shown with a packet, the rule that decided it at each network "
                "security group, and the intent behind that rule.",
        .takes_files = true,
        .run = mln_test_command,
    },
    {
        .name = "explain",
        .bit = MLN_FOR_EXPLAIN,
        .synopsis = "[OPTIONS] NAME...",
        .summary = "the long text for a code, slug, word, service tag or library name",
        .text = "Prints what is known under each NAME: a diagnostic by code or slug, a word of the "
                "language, a service tag, a module of the standard library, or what one declares.",
        .run = mln_explain_command,
    },
    {
        .name = "doc",
        .bit = MLN_FOR_DOC,
        .synopsis = "[OPTIONS] [MODULE|POLICY|-]...",
        .summary = "documentation of library modules and policies",
        .text =
            "Prints a module of the standard library as documentation, with the source of its "
            "templates, or a policy (.mlp): networks, zones, resources and every intent with its "
            "reason. Without an operand, the whole library.",
        .run = mln_doc_command,
    },
    {
        .name = "query",
        .bit = MLN_FOR_QUERY,
        .synopsis = "--from=A --to=B[:PORT] [OPTIONS] FILE|-...",
        .summary = "decide one flow, or a set of flows, and show why",
        .text = "FILE is a policy, an NSG as JSON, or an ARM template. A and B are an address or a "
                "declared name: zone, network, ASG, external, resource, group or tag, then every "
                "address of it. The answer is allowed, denied, mixed, undecided (service tags "
                "without a file decide) or no path. An NSG that comes without its network stands "
                "for a zone of its own name; which private addresses are in its VirtualNetwork is "
                "not known, and what is public is Internet.",
        .takes_files = true,
        .run = mln_query_command,
    },
    {
        .name = "reach",
        .bit = MLN_FOR_REACH,
        .synopsis = "[OPTIONS] FILE|-...",
        .summary = "who can reach what: the matrix of services permitted",
        .text = "For each pair of zones, externals, resources and the Internet the services that "
                "every packet between them may use, and those that a part may use, with that part. "
                "FILE is a policy, an NSG as JSON, or an ARM template. Pairs between which nothing "
                "may pass are shown by --format=md only.",
        .takes_files = true,
        .run = mln_reach_command,
    },
    {
        .name = "tags",
        .bit = MLN_FOR_TAGS,
        .synopsis = "list|show|find|diff|check [OPTIONS] [OPERAND]...",
        .summary = "look into service-tag files",
        .text = "'list [FILE]' lists service tags, 'show NAME...' shows what one holds, "
                "'find ADDRESS...' which ones hold an address or a prefix, 'diff OLD NEW' what "
                "changed between two files, and 'check [FILE]' whether a file is fit for use.",
        .run = mln_tags_command,
    },
    {
        .name = "allowlist",
        .bit = MLN_FOR_ALLOWLIST,
        .synopsis = "--geography=NAME|--region=NAME --tags=FILE [OPTIONS]",
        .summary = "address ranges for a firewall, fitted to its limit",
        .text = "Prints the addresses of Microsoft-hosted agents of a geography, or of regions of "
                "Azure, in the fewest entries. Where a firewall takes fewer, --widen makes the "
                "list that fits and lets in the fewest other addresses.",
        .run = mln_allowlist_command,
    },
    {
        .name = "diff",
        .bit = MLN_FOR_DIFF,
        .synopsis = "[OPTIONS] OLD NEW",
        .summary = "show what changes in permitted traffic",
        .text = "Compares two policies, or deployed rules as JSON, packet by packet: order and "
                "spelling never matter. With one policy and --old-tags, --new-tags, --old-param or "
                "--new-param, that policy under both. Exits 1 when the traffic differs.",
        .takes_files = true,
        .run = mln_diff_command,
    },
    {
        .name = "verify",
        .bit = MLN_FOR_VERIFY,
        .synopsis = "[OPTIONS] --live=FILE|-... POLICY",
        .summary = "compare a policy with what is deployed",
        .text = "Shows the rules that are missing, extra or changed in the deployed network security "
                "groups, and the traffic that this opens or closes. Exits 1 when traffic differs, "
                "with --exact also when rules alone do.",
        .takes_files = true,
        .run = mln_verify_command,
    },
    {
        .name = "help",
        .bit = MLN_FOR_HELP,
        .synopsis = "[COMMAND]",
        .summary = "show help for mlnsgc or a command",
        .run = mln_help_command,
    },
    {
        .name = "version",
        .bit = MLN_FOR_VERSION,
        .synopsis = "",
        .summary = "show the version",
        .run = mln_version_command,
    },
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

const struct mln_command *mln_command_at(size_t index)
{
    return index < COMMAND_COUNT ? &commands[index] : NULL;
}

const struct mln_command *mln_command_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

const char *mln_command_suggest(const char *name)
{
    const char *names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    return mln_closest(name, names, COMMAND_COUNT);
}
