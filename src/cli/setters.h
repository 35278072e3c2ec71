/* What each row of the option table does with its value; see struct mln_option. */
#ifndef MLN_CLI_SETTERS_H
#define MLN_CLI_SETTERS_H

#include "cli/options.h"

#define MLN_SETTER(name) \
    const char *mln_set_##name(struct mln_ctx *ctx, struct mln_options *options, const char *value)

MLN_SETTER(include);
MLN_SETTER(param);
MLN_SETTER(params);
MLN_SETTER(tags);
MLN_SETTER(cloud);
MLN_SETTER(today);
MLN_SETTER(output);
MLN_SETTER(emit);
MLN_SETTER(arm_scope);
MLN_SETTER(nsg);
MLN_SETTER(prune);
MLN_SETTER(lock);
MLN_SETTER(locked);
MLN_SETTER(relock);
MLN_SETTER(no_prove);
MLN_SETTER(expand);
MLN_SETTER(priorities);
MLN_SETTER(keep);
MLN_SETTER(format);
MLN_SETTER(only);
MLN_SETTER(geography);
MLN_SETTER(region);
MLN_SETTER(kind);
MLN_SETTER(max);
MLN_SETTER(widen);
MLN_SETTER(cost);
MLN_SETTER(family);
MLN_SETTER(github_meta);
MLN_SETTER(witnesses);
MLN_SETTER(coverage);
MLN_SETTER(threshold);
MLN_SETTER(from);
MLN_SETTER(to);
MLN_SETTER(proto);
MLN_SETTER(trace);
MLN_SETTER(expect);
MLN_SETTER(old_tags);
MLN_SETTER(new_tags);
MLN_SETTER(old_param);
MLN_SETTER(new_param);
MLN_SETTER(live);
MLN_SETTER(ignore);
MLN_SETTER(exact);
MLN_SETTER(deps_only);
MLN_SETTER(deps);
MLN_SETTER(deps_phony);
MLN_SETTER(deps_file);
MLN_SETTER(deps_target);
MLN_SETTER(warn);
MLN_SETTER(warn_off);
MLN_SETTER(warn_error);
MLN_SETTER(max_errors);
MLN_SETTER(fail_on);
MLN_SETTER(message_format);
MLN_SETTER(report);
MLN_SETTER(color);
MLN_SETTER(quiet);
MLN_SETTER(verbose);
MLN_SETTER(help);
MLN_SETTER(version);

#endif
