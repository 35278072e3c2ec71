variable "subscription_id" {
  type        = string
  description = "Subscription to deploy to; by default that of ARM_SUBSCRIPTION_ID."
  default     = null
}

variable "resource_group_name" {
  type        = string
  description = "Name of the resource group, which exists."
}

variable "scope_id" {
  type        = string
  description = "Resource id of scope (monitor-scope, Microsoft.Insights/privateLinkScopes)."
}

variable "one_id" {
  type        = string
  description = "Resource id of one (ml-workspace, Microsoft.MachineLearningServices/workspaces)."
}

variable "four_id" {
  type        = string
  description = "Resource id of four (ml-workspace, Microsoft.MachineLearningServices/workspaces)."
}

variable "wide_id" {
  type        = string
  description = "Resource id of wide (key-vault, Microsoft.KeyVault/vaults)."
}
