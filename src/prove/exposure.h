/* What an NSG lets anybody reach from the Internet: computed on the packets it permits, priorities,
 * denies and shadowing respected.
 *
 * ANYBODY is a public source address that no rule singles out: it lies in no narrow prefix of any
 * rule (a run of less than 2^24 IPv4 or 2^112 IPv6 addresses, so a /8 or a /16 is as good as the
 * Internet) and in no service tag. So two rules for 0.0.0.0/1 and 128.0.0.0/1 expose as `*` does, a
 * rule for one office does not, and a deny of one attacker hides nothing. */
#ifndef MLN_PROVE_EXPOSURE_H
#define MLN_PROVE_EXPOSURE_H

#include "prove/rules_space.h"

/* The worst first. */
enum mln_exposure_class {
    MLN_EXPOSES_MANAGEMENT, /* ways to log in or to run commands */
    MLN_EXPOSES_DATA,       /* databases, caches, file shares */
    MLN_EXPOSES_AMPLIFIER,  /* UDP services that are abused to flood others */
    MLN_EXPOSES_EVERYTHING, /* a rule without a restriction of ports */
    MLN_EXPOSES_PORTS,      /* a rule for other ports */
    MLN_EXPOSURE_CLASSES
};

struct mln_risky_service {
    enum mln_exposure_class class;
    const char *name;
    unsigned protos;
    struct mln_port_range ports;
};
extern const struct mln_risky_service mln_risky_services[];
extern const size_t mln_risky_service_count;

/* One rule and one class; a rule may have several. */
struct mln_exposure {
    enum mln_exposure_class class;
    const struct mln_rule *rule;
    MLN_VEC(const struct mln_risky_service *)
    services;                 /* that the rule lets through; none for the
                                 last two classes */
    struct mln_packet packet; /* one that the rule decides */
};
MLN_VEC_TYPE(mln_exposure_vec, struct mln_exposure);

/* Adds what inbound rules expose at the zone of `view`, sorted by their order, then by class; with
 * `beside` the rules of another NSG that packets have to pass as well, NULL: none. Results live in
 * ctx->arena. */
void mln_exposures_find(struct mln_ctx *ctx, const struct mln_rules_view *view,
                        const struct mln_rule_vec *rules, const struct mln_rule_vec *beside,
                        struct mln_exposure_vec *out);

#endif
