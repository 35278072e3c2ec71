variable "subscription_id" {
  type        = string
  description = "Subscription to deploy to; by default that of ARM_SUBSCRIPTION_ID."
  default     = null
}

variable "resource_group_rg_hub" {
  type        = string
  description = "Name of the resource group rg-hub of the policy."
  default     = "rg-hub"
}

variable "resource_group_rg_left" {
  type        = string
  description = "Name of the resource group rg-left of the policy."
  default     = "rg-left"
}

variable "resource_group_rg_right" {
  type        = string
  description = "Name of the resource group rg-right of the policy."
  default     = "rg-right"
}

variable "a_id" {
  type        = string
  description = "Resource id of a (storage-account, Microsoft.Storage/storageAccounts)."
}

variable "b_id" {
  type        = string
  description = "Resource id of b (storage-account, Microsoft.Storage/storageAccounts)."
}

variable "c_id" {
  type        = string
  description = "Resource id of c (key-vault, Microsoft.KeyVault/vaults)."
}
