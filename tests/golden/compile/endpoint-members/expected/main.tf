# Written by mlnsgc. What is changed here is lost with the next compile;
# change the policy instead.

terraform {
  required_version = ">= 1.3"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }
  }
}

provider "azurerm" {
  subscription_id = var.subscription_id

  features {}
}

resource "azurerm_network_security_group" "nsg_ends" {
  name                = "nsg-ends"
  resource_group_name = var.resource_group_name
  location            = "westeurope"

  security_rule {
    name                       = "default-deny-in"
    priority                   = 4096
    direction                  = "Inbound"
    access                     = "Deny"
    protocol                   = "*"
    source_port_range          = "*"
    destination_port_range     = "*"
    source_address_prefix      = "*"
    destination_address_prefix = "*"
  }

  security_rule {
    name                       = "default-deny-out"
    priority                   = 4096
    direction                  = "Outbound"
    access                     = "Deny"
    protocol                   = "*"
    source_port_range          = "*"
    destination_port_range     = "*"
    source_address_prefix      = "*"
    destination_address_prefix = "*"
  }
}

resource "azurerm_virtual_network" "lab" {
  name                = "lab"
  resource_group_name = var.resource_group_name
  location            = "westeurope"
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_subnet" "lab_ends" {
  name                              = "ends"
  resource_group_name               = var.resource_group_name
  virtual_network_name              = azurerm_virtual_network.lab.name
  address_prefixes                  = ["10.0.1.0/24"]
  private_endpoint_network_policies = "NetworkSecurityGroupEnabled"
  default_outbound_access_enabled   = false
}

resource "azurerm_subnet_network_security_group_association" "lab_ends" {
  subnet_id                 = azurerm_subnet.lab_ends.id
  network_security_group_id = azurerm_network_security_group.nsg_ends.id
}

resource "azurerm_private_dns_zone" "privatelink_agentsvc_azure_automation_net" {
  name                = "privatelink.agentsvc.azure-automation.net"
  resource_group_name = var.resource_group_name
}

resource "azurerm_private_dns_zone" "privatelink_api_azureml_ms" {
  name                = "privatelink.api.azureml.ms"
  resource_group_name = var.resource_group_name
}

resource "azurerm_private_dns_zone" "privatelink_blob_core_windows_net" {
  name                = "privatelink.blob.core.windows.net"
  resource_group_name = var.resource_group_name
}

resource "azurerm_private_dns_zone" "privatelink_monitor_azure_com" {
  name                = "privatelink.monitor.azure.com"
  resource_group_name = var.resource_group_name
}

resource "azurerm_private_dns_zone" "privatelink_notebooks_azure_net" {
  name                = "privatelink.notebooks.azure.net"
  resource_group_name = var.resource_group_name
}

resource "azurerm_private_dns_zone" "privatelink_ods_opinsights_azure_com" {
  name                = "privatelink.ods.opinsights.azure.com"
  resource_group_name = var.resource_group_name
}

resource "azurerm_private_dns_zone" "privatelink_oms_opinsights_azure_com" {
  name                = "privatelink.oms.opinsights.azure.com"
  resource_group_name = var.resource_group_name
}

resource "azurerm_private_dns_zone" "privatelink_vaultcore_azure_net" {
  name                = "privatelink.vaultcore.azure.net"
  resource_group_name = var.resource_group_name
}

resource "azurerm_private_endpoint" "pe_scope_azuremonitor" {
  name                = "pe-scope-azuremonitor"
  resource_group_name = var.resource_group_name
  location            = "westeurope"
  subnet_id           = azurerm_subnet.lab_ends.id

  private_service_connection {
    name                           = "pe-scope-azuremonitor"
    private_connection_resource_id = var.scope_id
    subresource_names              = ["azuremonitor"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name = "default"
    private_dns_zone_ids = [
      azurerm_private_dns_zone.privatelink_monitor_azure_com.id,
      azurerm_private_dns_zone.privatelink_oms_opinsights_azure_com.id,
      azurerm_private_dns_zone.privatelink_ods_opinsights_azure_com.id,
      azurerm_private_dns_zone.privatelink_agentsvc_azure_automation_net.id,
      azurerm_private_dns_zone.privatelink_blob_core_windows_net.id,
    ]
  }
}

resource "azurerm_private_endpoint" "pe_one_amlworkspace" {
  name                = "pe-one-amlworkspace"
  resource_group_name = var.resource_group_name
  location            = "westeurope"
  subnet_id           = azurerm_subnet.lab_ends.id

  private_service_connection {
    name                           = "pe-one-amlworkspace"
    private_connection_resource_id = var.one_id
    subresource_names              = ["amlworkspace"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name = "default"
    private_dns_zone_ids = [
      azurerm_private_dns_zone.privatelink_api_azureml_ms.id,
      azurerm_private_dns_zone.privatelink_notebooks_azure_net.id,
    ]
  }
}

resource "azurerm_private_endpoint" "pe_four_amlworkspace" {
  name                = "pe-four-amlworkspace"
  resource_group_name = var.resource_group_name
  location            = "westeurope"
  subnet_id           = azurerm_subnet.lab_ends.id

  private_service_connection {
    name                           = "pe-four-amlworkspace"
    private_connection_resource_id = var.four_id
    subresource_names              = ["amlworkspace"]
    is_manual_connection           = false
  }

  ip_configuration {
    name               = "ip-1"
    private_ip_address = "10.0.1.20"
    subresource_name   = "amlworkspace"
    member_name        = "default"
  }

  ip_configuration {
    name               = "ip-2"
    private_ip_address = "10.0.1.21"
    subresource_name   = "amlworkspace"
    member_name        = "notebook"
  }

  ip_configuration {
    name               = "ip-3"
    private_ip_address = "10.0.1.22"
    subresource_name   = "amlworkspace"
    member_name        = "inference"
  }

  ip_configuration {
    name               = "ip-4"
    private_ip_address = "10.0.1.23"
    subresource_name   = "amlworkspace"
    member_name        = "models"
  }

  private_dns_zone_group {
    name = "default"
    private_dns_zone_ids = [
      azurerm_private_dns_zone.privatelink_api_azureml_ms.id,
      azurerm_private_dns_zone.privatelink_notebooks_azure_net.id,
    ]
  }
}

resource "azurerm_private_endpoint" "pe_wide_vault" {
  name                = "pe-wide-vault"
  resource_group_name = var.resource_group_name
  location            = "westeurope"
  subnet_id           = azurerm_subnet.lab_ends.id

  private_service_connection {
    name                           = "pe-wide-vault"
    private_connection_resource_id = var.wide_id
    subresource_names              = ["vault"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [azurerm_private_dns_zone.privatelink_vaultcore_azure_net.id]
  }
}

output "prerequisites" {
  description = "What has to be outside of the network."
  value = [
    "one (ml-workspace): Storage account, key vault and registry with private endpoints of their own in the same network or a peered one",
    "one (ml-workspace): A compute cluster named as image_build_compute where the registry is closed to the public",
    "one (ml-workspace): The role Contributor on the registry for the workspace's managed identity",
    "four (ml-workspace): Storage account, key vault and registry with private endpoints of their own in the same network or a peered one",
    "four (ml-workspace): A compute cluster named as image_build_compute where the registry is closed to the public",
    "four (ml-workspace): The role Contributor on the registry for the workspace's managed identity",
  ]
}
