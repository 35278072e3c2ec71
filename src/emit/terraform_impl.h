/* What the files of the Terraform back end share. */
#ifndef MLN_EMIT_TERRAFORM_IMPL_H
#define MLN_EMIT_TERRAFORM_IMPL_H

#include "emit/hcl.h"
#include "emit/plan.h"
#include "emit/terraform.h"

struct mln_map;

/* Something that is written only when it is referred to. */
struct mln_terraform_name {
    const char *label;
    bool used;
};

struct mln_terraform {
    struct mln_arena *arena;
    const struct mln_model *model;
    const struct mln_plan *plan;
    const struct mln_table_vec *tables;
    struct mln_hcl hcl;    /* resources */
    struct mln_map *taken; /* "TYPE/label", in lower case */
    /* Labels, by index of what they stand for. A route table and a service endpoint policy have
     * that of their zone. */
    struct mln_terraform_name *networks, *zones, *nsgs, *asgs, *endpoints, *dns;
    /* Variables: */
    struct mln_terraform_name *groups, *resources; /* by plan->groups; by resource */
    bool location, gateways;
    bool client; /* data.azurerm_client_config is referred to */
    /* Aliases of the provider, one for each subscription that is named, in the order met. */
    MLN_VEC(const char *) subscriptions;
    struct mln_map *aliases;
};

/* ---- terraform_name.c ---- */
void mln_terraform_names(struct mln_terraform *t);
/* An identifier made from `text` that no other of the same type has, whatever the case. */
const char *mln_terraform_label(struct mln_terraform *t, const char *type, const char *text);
/* Expressions: */
const char *mln_terraform_network_id(struct mln_terraform *t, const struct mln_network *network);
const char *mln_terraform_subnet_id(struct mln_terraform *t, const struct mln_zone *zone);
const char *mln_terraform_resource_id(struct mln_terraform *t, const struct mln_resource *resource,
                                      struct mln_plan_group group);
const char *mln_terraform_asg_id(struct mln_terraform *t, const struct mln_asg *asg);
const char *mln_terraform_reference(struct mln_terraform *t, const char *type, const char *label,
                                    const char *attribute);
/* Text with "{region}" in it as a quoted template: var.location stands for the region. */
const char *mln_terraform_in_region(struct mln_terraform *t, const char *text);

/* The attributes that begin most resources; region NULL: var.location. */
void mln_terraform_provider(struct mln_terraform *t, struct mln_plan_group group);
void mln_terraform_group(struct mln_terraform *t, struct mln_plan_group group);
void mln_terraform_begin(struct mln_terraform *t, const char *type, const char *label,
                         const char *name, struct mln_plan_group group);
void mln_terraform_location(struct mln_terraform *t, const char *region);

/* ---- the resources ---- */
void mln_terraform_write_asgs(struct mln_terraform *t);     /* terraform_nsg.c */
void mln_terraform_write_nsgs(struct mln_terraform *t);     /* terraform_nsg.c */
void mln_terraform_write_networks(struct mln_terraform *t); /* terraform_network.c */
void mln_terraform_write_dns(struct mln_terraform *t);      /* terraform_endpoint.c */
void mln_terraform_write_endpoints(struct mln_terraform *t);
void mln_terraform_write_firewalls(struct mln_terraform *t); /* terraform_firewall.c */
void mln_terraform_write_outputs(struct mln_terraform *t);   /* terraform_frame.c */
/* terraform_frame.c: what stands before the resources, and the other file; last, for both hold only
 * what the resources refer to. */
void mln_terraform_write_head(struct mln_terraform *t, struct mln_buf *out);
void mln_terraform_write_variables(struct mln_terraform *t, struct mln_buf *out);

#endif
