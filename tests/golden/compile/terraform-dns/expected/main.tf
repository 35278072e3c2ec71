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

resource "azurerm_network_security_group" "nsg_desks" {
  name                = "nsg-desks"
  resource_group_name = var.resource_group_rg_right
  location            = "westeurope"

  security_rule {
    name                       = "allow-ssh-jump-to-desks"
    description                = "policy.mlp:41"
    priority                   = 2000
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "22"
    source_address_prefix      = "10.3.1.0/24"
    destination_address_prefix = "10.2.0.0/24"
  }

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
    name                       = "allow-https-desks-to-b.blob"
    description                = "policy.mlp:37"
    priority                   = 2000
    direction                  = "Outbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "443"
    source_address_prefix      = "10.2.0.0/24"
    destination_address_prefix = "10.2.1.4/32"
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

resource "azurerm_network_security_group" "nsg_jump" {
  name                = "nsg-jump"
  resource_group_name = var.resource_group_rg_hub
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
    name                         = "allow-smb-jump-to-a.file_b.file"
    description                  = "policy.mlp:38"
    priority                     = 2000
    direction                    = "Outbound"
    access                       = "Allow"
    protocol                     = "Tcp"
    source_port_range            = "*"
    destination_port_range       = "445"
    source_address_prefix        = "10.3.1.0/24"
    destination_address_prefixes = ["10.1.1.5/32", "10.2.1.5/32"]
  }

  security_rule {
    name                       = "allow-ssh-jump-to-desks"
    description                = "policy.mlp:41"
    priority                   = 2010
    direction                  = "Outbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "22"
    source_address_prefix      = "10.3.1.0/24"
    destination_address_prefix = "10.2.0.0/24"
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

resource "azurerm_network_security_group" "nsg_left_ends" {
  name                = "nsg-left-ends"
  resource_group_name = var.resource_group_rg_left
  location            = "westeurope"

  security_rule {
    name                       = "allow-https-work-to-a.blob"
    description                = "policy.mlp:36"
    priority                   = 2000
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "443"
    source_address_prefix      = "10.1.0.0/24"
    destination_address_prefix = "10.1.1.4/32"
  }

  security_rule {
    name                       = "allow-smb-jump-to-a.file_b.file"
    description                = "policy.mlp:38"
    priority                   = 2010
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "445"
    source_address_prefix      = "10.3.1.0/24"
    destination_address_prefix = "10.1.1.5/32"
  }

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

resource "azurerm_network_security_group" "nsg_right_ends" {
  name                = "nsg-right-ends"
  resource_group_name = var.resource_group_rg_right
  location            = "westeurope"

  security_rule {
    name                       = "allow-https-desks-to-b.blob"
    description                = "policy.mlp:37"
    priority                   = 2000
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "443"
    source_address_prefix      = "10.2.0.0/24"
    destination_address_prefix = "10.2.1.4/32"
  }

  security_rule {
    name                       = "allow-smb-jump-to-a.file_b.file"
    description                = "policy.mlp:38"
    priority                   = 2010
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "445"
    source_address_prefix      = "10.3.1.0/24"
    destination_address_prefix = "10.2.1.5/32"
  }

  security_rule {
    name                       = "allow-https-work-to-c"
    description                = "policy.mlp:39"
    priority                   = 2020
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "443"
    source_address_prefix      = "10.1.0.0/24"
    destination_address_prefix = "10.2.1.6/32"
  }

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

resource "azurerm_network_security_group" "nsg_work" {
  name                = "nsg-work"
  resource_group_name = var.resource_group_rg_left
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
    name                         = "allow-https-work-to-a.blob"
    description                  = "policy.mlp:36"
    priority                     = 2000
    direction                    = "Outbound"
    access                       = "Allow"
    protocol                     = "Tcp"
    source_port_range            = "*"
    destination_port_range       = "443"
    source_address_prefix        = "10.1.0.0/24"
    destination_address_prefixes = ["10.1.1.4/32", "10.2.1.6/32"]
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

resource "azurerm_route_table" "left_work" {
  name                = "rt-work"
  resource_group_name = var.resource_group_rg_left
  location            = "westeurope"

  route {
    name                   = "to-10.2.0.0-16"
    address_prefix         = "10.2.0.0/16"
    next_hop_type          = "VirtualAppliance"
    next_hop_in_ip_address = "10.3.0.4"
  }
}

resource "azurerm_route_table" "right_desks" {
  name                = "rt-desks"
  resource_group_name = var.resource_group_rg_right
  location            = "westeurope"

  route {
    name                   = "to-10.1.0.0-16"
    address_prefix         = "10.1.0.0/16"
    next_hop_type          = "VirtualAppliance"
    next_hop_in_ip_address = "10.3.0.4"
  }
}

resource "azurerm_virtual_network" "left" {
  name                = "left"
  resource_group_name = var.resource_group_rg_left
  location            = "westeurope"
  address_space       = ["10.1.0.0/16"]
}

resource "azurerm_subnet" "left_work" {
  name                              = "work"
  resource_group_name               = var.resource_group_rg_left
  virtual_network_name              = azurerm_virtual_network.left.name
  address_prefixes                  = ["10.1.0.0/24"]
  private_endpoint_network_policies = "Disabled"
  default_outbound_access_enabled   = false
}

resource "azurerm_subnet_network_security_group_association" "left_work" {
  subnet_id                 = azurerm_subnet.left_work.id
  network_security_group_id = azurerm_network_security_group.nsg_work.id
}

resource "azurerm_subnet_route_table_association" "left_work" {
  subnet_id      = azurerm_subnet.left_work.id
  route_table_id = azurerm_route_table.left_work.id
}

resource "azurerm_subnet" "left_ends" {
  name                              = "ends"
  resource_group_name               = var.resource_group_rg_left
  virtual_network_name              = azurerm_virtual_network.left.name
  address_prefixes                  = ["10.1.1.0/26"]
  private_endpoint_network_policies = "Enabled"
  default_outbound_access_enabled   = false
}

resource "azurerm_subnet_network_security_group_association" "left_ends" {
  subnet_id                 = azurerm_subnet.left_ends.id
  network_security_group_id = azurerm_network_security_group.nsg_left_ends.id
}

resource "azurerm_virtual_network" "right" {
  name                = "right"
  resource_group_name = var.resource_group_rg_right
  location            = "westeurope"
  address_space       = ["10.2.0.0/16"]
}

resource "azurerm_subnet" "right_desks" {
  name                              = "desks"
  resource_group_name               = var.resource_group_rg_right
  virtual_network_name              = azurerm_virtual_network.right.name
  address_prefixes                  = ["10.2.0.0/24"]
  private_endpoint_network_policies = "Disabled"
  default_outbound_access_enabled   = false
}

resource "azurerm_subnet_network_security_group_association" "right_desks" {
  subnet_id                 = azurerm_subnet.right_desks.id
  network_security_group_id = azurerm_network_security_group.nsg_desks.id
}

resource "azurerm_subnet_route_table_association" "right_desks" {
  subnet_id      = azurerm_subnet.right_desks.id
  route_table_id = azurerm_route_table.right_desks.id
}

resource "azurerm_subnet" "right_ends" {
  name                              = "ends"
  resource_group_name               = var.resource_group_rg_right
  virtual_network_name              = azurerm_virtual_network.right.name
  address_prefixes                  = ["10.2.1.0/26"]
  private_endpoint_network_policies = "Enabled"
  default_outbound_access_enabled   = false
}

resource "azurerm_subnet_network_security_group_association" "right_ends" {
  subnet_id                 = azurerm_subnet.right_ends.id
  network_security_group_id = azurerm_network_security_group.nsg_right_ends.id
}

resource "azurerm_virtual_network" "hub" {
  name                = "hub"
  resource_group_name = var.resource_group_rg_hub
  location            = "westeurope"
  address_space       = ["10.3.0.0/16"]
  dns_servers         = ["10.3.1.4"]
}

resource "azurerm_subnet" "hub_filter" {
  name                              = "AzureFirewallSubnet"
  resource_group_name               = var.resource_group_rg_hub
  virtual_network_name              = azurerm_virtual_network.hub.name
  address_prefixes                  = ["10.3.0.0/26"]
  private_endpoint_network_policies = "Disabled"
}

resource "azurerm_subnet" "hub_jump" {
  name                              = "jump"
  resource_group_name               = var.resource_group_rg_hub
  virtual_network_name              = azurerm_virtual_network.hub.name
  address_prefixes                  = ["10.3.1.0/24"]
  private_endpoint_network_policies = "Disabled"
  default_outbound_access_enabled   = false
}

resource "azurerm_subnet_network_security_group_association" "hub_jump" {
  subnet_id                 = azurerm_subnet.hub_jump.id
  network_security_group_id = azurerm_network_security_group.nsg_jump.id
}

resource "azurerm_virtual_network_peering" "left_to_hub" {
  name                         = "left-to-hub"
  resource_group_name          = var.resource_group_rg_left
  virtual_network_name         = azurerm_virtual_network.left.name
  remote_virtual_network_id    = azurerm_virtual_network.hub.id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = true
  allow_gateway_transit        = false
  use_remote_gateways          = false
}

resource "azurerm_virtual_network_peering" "hub_to_left" {
  name                         = "hub-to-left"
  resource_group_name          = var.resource_group_rg_hub
  virtual_network_name         = azurerm_virtual_network.hub.name
  remote_virtual_network_id    = azurerm_virtual_network.left.id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = false
  allow_gateway_transit        = false
  use_remote_gateways          = false
}

resource "azurerm_virtual_network_peering" "right_to_hub" {
  name                         = "right-to-hub"
  resource_group_name          = var.resource_group_rg_right
  virtual_network_name         = azurerm_virtual_network.right.name
  remote_virtual_network_id    = azurerm_virtual_network.hub.id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = true
  allow_gateway_transit        = false
  use_remote_gateways          = false
}

resource "azurerm_virtual_network_peering" "hub_to_right" {
  name                         = "hub-to-right"
  resource_group_name          = var.resource_group_rg_hub
  virtual_network_name         = azurerm_virtual_network.hub.name
  remote_virtual_network_id    = azurerm_virtual_network.right.id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = false
  allow_gateway_transit        = false
  use_remote_gateways          = false
}

resource "azurerm_private_dns_zone" "privatelink_blob_core_windows_net" {
  name                = "privatelink.blob.core.windows.net"
  resource_group_name = var.resource_group_rg_left
}

resource "azurerm_private_dns_zone_virtual_network_link" "privatelink_blob_core_windows_net_left" {
  name                  = "left"
  resource_group_name   = var.resource_group_rg_left
  private_dns_zone_name = azurerm_private_dns_zone.privatelink_blob_core_windows_net.name
  virtual_network_id    = azurerm_virtual_network.left.id
  registration_enabled  = false
}

resource "azurerm_private_dns_zone" "privatelink_blob_core_windows_net_a858e788" {
  name                = "privatelink.blob.core.windows.net"
  resource_group_name = var.resource_group_rg_right
}

resource "azurerm_private_dns_zone_virtual_network_link" "privatelink_blob_core_windows_net_a858e788_right" {
  name                  = "right"
  resource_group_name   = var.resource_group_rg_right
  private_dns_zone_name = azurerm_private_dns_zone.privatelink_blob_core_windows_net_a858e788.name
  virtual_network_id    = azurerm_virtual_network.right.id
  registration_enabled  = false
}

resource "azurerm_private_dns_zone" "privatelink_file_core_windows_net" {
  name                = "privatelink.file.core.windows.net"
  resource_group_name = var.resource_group_rg_left
}

resource "azurerm_private_dns_zone_virtual_network_link" "privatelink_file_core_windows_net_hub" {
  name                  = "hub"
  resource_group_name   = var.resource_group_rg_left
  private_dns_zone_name = azurerm_private_dns_zone.privatelink_file_core_windows_net.name
  virtual_network_id    = azurerm_virtual_network.hub.id
  registration_enabled  = false
}

resource "azurerm_private_dns_zone" "privatelink_vaultcore_azure_net" {
  name                = "privatelink.vaultcore.azure.net"
  resource_group_name = var.resource_group_rg_right
}

resource "azurerm_private_dns_zone_virtual_network_link" "privatelink_vaultcore_azure_net_left" {
  name                  = "left"
  resource_group_name   = var.resource_group_rg_right
  private_dns_zone_name = azurerm_private_dns_zone.privatelink_vaultcore_azure_net.name
  virtual_network_id    = azurerm_virtual_network.left.id
  registration_enabled  = false
}

resource "azurerm_private_endpoint" "pe_a_blob" {
  name                = "pe-a-blob"
  resource_group_name = var.resource_group_rg_left
  location            = "westeurope"
  subnet_id           = azurerm_subnet.left_ends.id

  private_service_connection {
    name                           = "pe-a-blob"
    private_connection_resource_id = var.a_id
    subresource_names              = ["blob"]
    is_manual_connection           = false
  }

  ip_configuration {
    name               = "ip-1"
    private_ip_address = "10.1.1.4"
    subresource_name   = "blob"
    member_name        = "blob"
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [azurerm_private_dns_zone.privatelink_blob_core_windows_net.id]
  }
}

resource "azurerm_private_endpoint" "pe_a_file" {
  name                = "pe-a-file"
  resource_group_name = var.resource_group_rg_left
  location            = "westeurope"
  subnet_id           = azurerm_subnet.left_ends.id

  private_service_connection {
    name                           = "pe-a-file"
    private_connection_resource_id = var.a_id
    subresource_names              = ["file"]
    is_manual_connection           = false
  }

  ip_configuration {
    name               = "ip-1"
    private_ip_address = "10.1.1.5"
    subresource_name   = "file"
    member_name        = "file"
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [azurerm_private_dns_zone.privatelink_file_core_windows_net.id]
  }
}

resource "azurerm_private_endpoint" "pe_b_blob" {
  name                = "pe-b-blob"
  resource_group_name = var.resource_group_rg_right
  location            = "westeurope"
  subnet_id           = azurerm_subnet.right_ends.id

  private_service_connection {
    name                           = "pe-b-blob"
    private_connection_resource_id = var.b_id
    subresource_names              = ["blob"]
    is_manual_connection           = false
  }

  ip_configuration {
    name               = "ip-1"
    private_ip_address = "10.2.1.4"
    subresource_name   = "blob"
    member_name        = "blob"
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [azurerm_private_dns_zone.privatelink_blob_core_windows_net_a858e788.id]
  }
}

resource "azurerm_private_endpoint" "pe_b_file" {
  name                = "pe-b-file"
  resource_group_name = var.resource_group_rg_right
  location            = "westeurope"
  subnet_id           = azurerm_subnet.right_ends.id

  private_service_connection {
    name                           = "pe-b-file"
    private_connection_resource_id = var.b_id
    subresource_names              = ["file"]
    is_manual_connection           = false
  }

  ip_configuration {
    name               = "ip-1"
    private_ip_address = "10.2.1.5"
    subresource_name   = "file"
    member_name        = "file"
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [azurerm_private_dns_zone.privatelink_file_core_windows_net.id]
  }
}

resource "azurerm_private_endpoint" "pe_c_vault" {
  name                = "pe-c-vault"
  resource_group_name = var.resource_group_rg_right
  location            = "westeurope"
  subnet_id           = azurerm_subnet.right_ends.id

  private_service_connection {
    name                           = "pe-c-vault"
    private_connection_resource_id = var.c_id
    subresource_names              = ["vault"]
    is_manual_connection           = false
  }

  ip_configuration {
    name               = "ip-1"
    private_ip_address = "10.2.1.6"
    subresource_name   = "vault"
    member_name        = "default"
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [azurerm_private_dns_zone.privatelink_vaultcore_azure_net.id]
  }
}
