variable "subscription_id" {
  type        = string
  description = "Subscription to deploy to; by default that of ARM_SUBSCRIPTION_ID."
  default     = null
}

variable "resource_group_name" {
  type        = string
  description = "Name of the resource group, which exists."
}

variable "data_id" {
  type        = string
  description = "Resource id of data (storage-account, Microsoft.Storage/storageAccounts)."
}

variable "graphs_id" {
  type        = string
  description = "Resource id of graphs (postgresql-server, Microsoft.DBforPostgreSQL/flexibleServers)."
}

variable "lake_id" {
  type        = string
  description = "Resource id of lake (synapse-workspace, Microsoft.Synapse/workspaces)."
}
