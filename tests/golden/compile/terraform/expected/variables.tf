variable "subscription_id" {
  type        = string
  description = "Subscription to deploy to; by default that of ARM_SUBSCRIPTION_ID."
  default     = null
}

variable "resource_group_name" {
  type        = string
  description = "Name of the resource group, which exists."
}

variable "resource_group_rg_shared" {
  type        = string
  description = "Name of the resource group rg-shared of the policy."
  default     = "rg-shared"
}

variable "resource_group_rg_spoke" {
  type        = string
  description = "Name of the resource group rg-spoke of the policy."
  default     = "rg-spoke"
}

variable "resource_group_rg_spoke_d1a8108a" {
  type        = string
  description = "Name of the resource group rg-spoke of the policy."
  default     = "rg-spoke"
}

variable "resource_group_name_26776d80" {
  type        = string
  description = "Name of the resource group, which exists."
}

variable "location" {
  type        = string
  description = "Azure region of what the policy gives no region, as in \"westeurope\"."

  validation {
    condition     = can(regex("^[a-z0-9]+$", var.location))
    error_message = "Write the region in lower case and without blanks, as in \"westeurope\"."
  }
}

variable "remote_gateways_exist" {
  type        = bool
  description = "The gateways that peered networks use are there. Azure refuses to use one that is not: say false until they are made, then apply again."
  default     = true
}

variable "models_id" {
  type        = string
  description = "Resource id of models (storage-account, Microsoft.Storage/storageAccounts)."
}
