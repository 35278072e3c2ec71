/* The network as Terraform for the provider hashicorp/azurerm 4: main.tf and variables.tf.
 *
 * Choices, with what they rest on (azurerm 4.55 argument reference):
 * - Security rules and routes stand inside their group or table. Standalone
 * azurerm_network_security_rule and azurerm_route beside them would overwrite each other, and an
 * apply replaces the whole list, as one PUT of an ARM template does. A group without rules says
 * `security_rule = []`: without it the provider keeps whatever rules it finds.
 * - Subnets are azurerm_subnet, never blocks of azurerm_virtual_network; their NSGs and route
 * tables are bound by association resources, which the provider wants for those.
 * - A delegation's actions are Azure's to choose: they are ignored, else every plan would take them
 * out again (terraform-provider-azurerm#4599).
 * - Networks that exist are data sources, or their `id`. */
#ifndef MLN_EMIT_TERRAFORM_H
#define MLN_EMIT_TERRAFORM_H

#include "emit/backend.h"

extern const struct mln_backend mln_backend_terraform;

#endif
