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

provider "azurerm" {
  alias           = "subscription_00000000_0000_0000_0000_000000000001"
  subscription_id = "00000000-0000-0000-0000-000000000001"

  features {}
}

provider "azurerm" {
  alias           = "subscription_00000000_0000_0000_0000_000000000002"
  subscription_id = "00000000-0000-0000-0000-000000000002"

  features {}
}

data "azurerm_virtual_network" "shared" {
  name                = "shared"
  resource_group_name = "rg-shared"
}

data "azurerm_virtual_network" "far" {
  provider            = azurerm.subscription_00000000_0000_0000_0000_000000000002
  name                = "far"
  resource_group_name = var.resource_group_name_26776d80
}

data "azurerm_subnet" "side_kept" {
  name                 = "kept"
  virtual_network_name = "side"
  resource_group_name  = var.resource_group_name
}

data "azurerm_subnet" "shared_desks" {
  name                 = "desks"
  virtual_network_name = "shared"
  resource_group_name  = "rg-shared"
}

resource "azurerm_application_security_group" "front" {
  provider            = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                = "front"
  resource_group_name = var.resource_group_rg_spoke_d1a8108a
  location            = "westeurope"
}

resource "azurerm_network_security_group" "desks_nsg" {
  name                = "desks-nsg"
  resource_group_name = var.resource_group_rg_shared
  location            = var.location

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
    name                       = "allow-ssh_rdp-desks-to-spoke.work"
    description                = "policy.mlp:73"
    priority                   = 2000
    direction                  = "Outbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_ranges    = ["22", "3389"]
    source_address_prefix      = "10.4.0.0/24"
    destination_address_prefix = "10.1.0.0/24"
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

resource "azurerm_network_security_group" "kept_nsg" {
  name                = "kept-nsg"
  resource_group_name = var.resource_group_name
  location            = "westeurope"

  security_rule {
    name                       = "no-shell"
    description                = "policy.mlp:77"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Deny"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "22"
    source_address_prefix      = "10.3.0.0/24"
    destination_address_prefix = "10.3.1.0/24"
  }

  security_rule {
    name                       = "allow-https-side.work-to-kept"
    description                = "policy.mlp:78"
    priority                   = 2000
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "443"
    source_address_prefix      = "10.3.0.0/24"
    destination_address_prefix = "10.3.1.0/24"
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

resource "azurerm_network_security_group" "nsg_bricks" {
  provider            = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                = "nsg-bricks"
  resource_group_name = var.resource_group_rg_spoke_d1a8108a
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
    name                                       = "to-front"
    description                                = "policy.mlp:72"
    priority                                   = 2000
    direction                                  = "Outbound"
    access                                     = "Allow"
    protocol                                   = "Tcp"
    source_port_range                          = "*"
    destination_port_range                     = "443"
    source_address_prefix                      = "10.1.2.0/24"
    destination_application_security_group_ids = [azurerm_application_security_group.front.id]
  }

  security_rule {
    name                       = "allow-https-bricks-to-Storage.westeurope"
    description                = "policy.mlp:76"
    priority                   = 2010
    direction                  = "Outbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "443"
    source_address_prefix      = "10.1.2.0/24"
    destination_address_prefix = "Storage.WestEurope"
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

resource "azurerm_network_security_group" "nsg_ends" {
  provider            = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                = "nsg-ends"
  resource_group_name = var.resource_group_rg_spoke_d1a8108a
  location            = "westeurope"

  security_rule {
    name                         = "allow-https-spoke.work-to-models_logs_images"
    description                  = "quotes \" and \\ and $\u0024{these} %%{too} stay (policy.mlp:71)"
    priority                     = 2000
    direction                    = "Inbound"
    access                       = "Allow"
    protocol                     = "Tcp"
    source_port_range            = "*"
    destination_port_range       = "443"
    source_address_prefix        = "10.1.0.0/24"
    destination_address_prefixes = ["10.1.1.4/31", "10.1.1.8/31"]
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

resource "azurerm_network_security_group" "nsg_lone" {
  name                = "nsg-lone"
  resource_group_name = var.resource_group_rg_spoke
  location            = var.location

  security_rule {
    name                       = "allow-https-lone_guests-to-own-in"
    description                = "policy.mlp:75"
    priority                   = 2000
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "443"
    source_address_prefixes    = ["10.5.0.0/24", "10.6.0.0/24"]
    destination_address_prefix = "10.5.0.4/32"
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
    name                       = "allow-https-lone_guests-to-own-out"
    description                = "policy.mlp:75"
    priority                   = 2000
    direction                  = "Outbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "443"
    source_address_prefix      = "10.5.0.0/24"
    destination_address_prefix = "10.5.0.4/32"
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

resource "azurerm_network_security_group" "nsg_side_work" {
  name                = "nsg-side-work"
  resource_group_name = var.resource_group_name
  location            = "westeurope"

  security_rule {
    name                       = "allow-tcp-8000-8010_udp-53-192.0.2.0-24_198.51.100.7-to-side.work-tcp"
    description                = "policy.mlp:74"
    priority                   = 2000
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "8000-8010"
    source_address_prefixes    = ["192.0.2.0/24", "198.51.100.7/32"]
    destination_address_prefix = "10.3.0.0/24"
  }

  security_rule {
    name                       = "allow-tcp-8000-8010_udp-53-192.0.2.0-24_198.51.100.7-to-side.work-udp"
    description                = "policy.mlp:74"
    priority                   = 2010
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Udp"
    source_port_range          = "*"
    destination_port_range     = "53"
    source_address_prefixes    = ["192.0.2.0/24", "198.51.100.7/32"]
    destination_address_prefix = "10.3.0.0/24"
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
    name                       = "no-shell"
    description                = "policy.mlp:77"
    priority                   = 100
    direction                  = "Outbound"
    access                     = "Deny"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "22"
    source_address_prefix      = "10.3.0.0/24"
    destination_address_prefix = "10.3.1.0/24"
  }

  security_rule {
    name                       = "allow-https-side.work-to-kept"
    description                = "policy.mlp:78"
    priority                   = 2000
    direction                  = "Outbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "443"
    source_address_prefix      = "10.3.0.0/24"
    destination_address_prefix = "10.3.1.0/24"
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

resource "azurerm_network_security_group" "nsg_spoke_work" {
  provider            = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                = "nsg-spoke-work"
  resource_group_name = var.resource_group_rg_spoke_d1a8108a
  location            = "westeurope"

  security_rule {
    name                                       = "to-front"
    description                                = "policy.mlp:72"
    priority                                   = 2000
    direction                                  = "Inbound"
    access                                     = "Allow"
    protocol                                   = "Tcp"
    source_port_range                          = "*"
    destination_port_range                     = "443"
    source_address_prefix                      = "10.1.2.0/24"
    destination_application_security_group_ids = [azurerm_application_security_group.front.id]
  }

  security_rule {
    name                       = "allow-ssh_rdp-desks-to-spoke.work"
    description                = "policy.mlp:73"
    priority                   = 2010
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_ranges    = ["22", "3389"]
    source_address_prefix      = "10.4.0.0/24"
    destination_address_prefix = "10.1.0.0/24"
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
    name                         = "allow-https-spoke.work-to-models_logs_images"
    description                  = "quotes \" and \\ and $\u0024{these} %%{too} stay (policy.mlp:71)"
    priority                     = 2000
    direction                    = "Outbound"
    access                       = "Allow"
    protocol                     = "Tcp"
    source_port_range            = "*"
    destination_port_range       = "443"
    source_address_prefix        = "10.1.0.0/24"
    destination_address_prefixes = ["10.1.1.4/31", "10.1.1.8/31"]
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

resource "azurerm_route_table" "spoke_work" {
  provider            = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                = "rt-spoke-work"
  resource_group_name = var.resource_group_rg_spoke_d1a8108a
  location            = "westeurope"

  route {
    name                   = "to-10.3.0.0-16"
    address_prefix         = "10.3.0.0/16"
    next_hop_type          = "VirtualAppliance"
    next_hop_in_ip_address = "10.2.1.4"
  }

  route {
    name           = "to-Storage.WestEurope"
    address_prefix = "Storage.WestEurope"
    next_hop_type  = "Internet"
  }

  route {
    name           = "to-0.0.0.0-0"
    address_prefix = "0.0.0.0/0"
    next_hop_type  = "None"
  }
}

resource "azurerm_subnet_service_endpoint_storage_policy" "spoke_work" {
  provider            = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                = "sep-spoke-work"
  resource_group_name = var.resource_group_rg_spoke_d1a8108a
  location            = "westeurope"

  definition {
    name              = "resources"
    service           = "Microsoft.Storage"
    service_resources = [var.models_id]
  }

  definition {
    name              = "services"
    service           = "Global"
    service_resources = ["/services/Azure/MachineLearning"]
  }
}

resource "azurerm_virtual_network" "spoke" {
  provider            = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                = "spoke"
  resource_group_name = var.resource_group_rg_spoke_d1a8108a
  location            = "westeurope"
  address_space       = ["10.1.0.0/16", "fd00:1::/48"]
  dns_servers         = ["10.2.0.4"]
}

resource "azurerm_subnet" "spoke_work" {
  provider                          = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                              = "work"
  resource_group_name               = var.resource_group_rg_spoke_d1a8108a
  virtual_network_name              = azurerm_virtual_network.spoke.name
  address_prefixes                  = ["10.1.0.0/24", "fd00:1:0:1::/64"]
  service_endpoints                 = ["Microsoft.Storage"]
  service_endpoint_policy_ids       = [azurerm_subnet_service_endpoint_storage_policy.spoke_work.id]
  private_endpoint_network_policies = "Disabled"
  default_outbound_access_enabled   = false
}

resource "azurerm_subnet_network_security_group_association" "spoke_work" {
  provider                  = azurerm.subscription_00000000_0000_0000_0000_000000000001
  subnet_id                 = azurerm_subnet.spoke_work.id
  network_security_group_id = azurerm_network_security_group.nsg_spoke_work.id
}

resource "azurerm_subnet_route_table_association" "spoke_work" {
  provider       = azurerm.subscription_00000000_0000_0000_0000_000000000001
  subnet_id      = azurerm_subnet.spoke_work.id
  route_table_id = azurerm_route_table.spoke_work.id
}

resource "azurerm_subnet" "spoke_ends" {
  provider                          = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                              = "ends"
  resource_group_name               = var.resource_group_rg_spoke_d1a8108a
  virtual_network_name              = azurerm_virtual_network.spoke.name
  address_prefixes                  = ["10.1.1.0/26"]
  private_endpoint_network_policies = "NetworkSecurityGroupEnabled"
  default_outbound_access_enabled   = false
}

resource "azurerm_subnet_network_security_group_association" "spoke_ends" {
  provider                  = azurerm.subscription_00000000_0000_0000_0000_000000000001
  subnet_id                 = azurerm_subnet.spoke_ends.id
  network_security_group_id = azurerm_network_security_group.nsg_ends.id
}

resource "azurerm_subnet" "spoke_bricks" {
  provider                          = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                              = "bricks"
  resource_group_name               = var.resource_group_rg_spoke_d1a8108a
  virtual_network_name              = azurerm_virtual_network.spoke.name
  address_prefixes                  = ["10.1.2.0/24"]
  private_endpoint_network_policies = "Disabled"

  delegation {
    name = "delegation"

    service_delegation {
      name = "Microsoft.Databricks/workspaces"
    }
  }

  lifecycle {
    ignore_changes = [delegation[0].service_delegation[0].actions]
  }
}

resource "azurerm_subnet_network_security_group_association" "spoke_bricks" {
  provider                  = azurerm.subscription_00000000_0000_0000_0000_000000000001
  subnet_id                 = azurerm_subnet.spoke_bricks.id
  network_security_group_id = azurerm_network_security_group.nsg_bricks.id
}

resource "azurerm_virtual_network" "side" {
  name                = "side"
  resource_group_name = var.resource_group_name
  location            = "westeurope"
  address_space       = ["10.3.0.0/16"]
}

resource "azurerm_subnet" "side_work" {
  name                              = "work"
  resource_group_name               = var.resource_group_name
  virtual_network_name              = azurerm_virtual_network.side.name
  address_prefixes                  = ["10.3.0.0/24"]
  private_endpoint_network_policies = "Disabled"
  default_outbound_access_enabled   = false
}

resource "azurerm_subnet_network_security_group_association" "side_work" {
  subnet_id                 = azurerm_subnet.side_work.id
  network_security_group_id = azurerm_network_security_group.nsg_side_work.id
}

resource "azurerm_subnet_network_security_group_association" "side_kept" {
  subnet_id                 = data.azurerm_subnet.side_kept.id
  network_security_group_id = azurerm_network_security_group.kept_nsg.id
}

resource "azurerm_subnet_network_security_group_association" "shared_desks" {
  subnet_id                 = data.azurerm_subnet.shared_desks.id
  network_security_group_id = azurerm_network_security_group.desks_nsg.id
}

resource "azurerm_virtual_network" "side_" {
  name                = "side_"
  resource_group_name = var.resource_group_rg_spoke
  location            = var.location
  address_space       = ["10.5.0.0/16"]
}

resource "azurerm_subnet" "side__lone" {
  name                              = "lone"
  resource_group_name               = var.resource_group_rg_spoke
  virtual_network_name              = azurerm_virtual_network.side_.name
  address_prefixes                  = ["10.5.0.0/24"]
  private_endpoint_network_policies = "NetworkSecurityGroupEnabled"
  default_outbound_access_enabled   = false
}

resource "azurerm_subnet_network_security_group_association" "side__lone" {
  subnet_id                 = azurerm_subnet.side__lone.id
  network_security_group_id = azurerm_network_security_group.nsg_lone.id
}

resource "azurerm_virtual_network_peering" "side__to_far" {
  name                         = "side_-to-far"
  resource_group_name          = var.resource_group_rg_spoke
  virtual_network_name         = azurerm_virtual_network.side_.name
  remote_virtual_network_id    = data.azurerm_virtual_network.far.id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = false
  allow_gateway_transit        = false
  use_remote_gateways          = false
}

resource "azurerm_virtual_network_peering" "spoke_to_hub" {
  provider                     = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                         = "spoke-to-hub"
  resource_group_name          = var.resource_group_rg_spoke_d1a8108a
  virtual_network_name         = azurerm_virtual_network.spoke.name
  remote_virtual_network_id    = "/subscriptions/s/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/hub"
  allow_virtual_network_access = true
  allow_forwarded_traffic      = true
  allow_gateway_transit        = false
  use_remote_gateways          = var.remote_gateways_exist
}

resource "azurerm_virtual_network_peering" "side_to_hub" {
  name                         = "side-to-hub"
  resource_group_name          = var.resource_group_name
  virtual_network_name         = azurerm_virtual_network.side.name
  remote_virtual_network_id    = "/subscriptions/s/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/hub"
  allow_virtual_network_access = true
  allow_forwarded_traffic      = true
  allow_gateway_transit        = false
  use_remote_gateways          = false
}

resource "azurerm_virtual_network_peering" "spoke_to_shared" {
  provider                     = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                         = "spoke-to-shared"
  resource_group_name          = var.resource_group_rg_spoke_d1a8108a
  virtual_network_name         = azurerm_virtual_network.spoke.name
  remote_virtual_network_id    = data.azurerm_virtual_network.shared.id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = false
  allow_gateway_transit        = false
  use_remote_gateways          = false
}

resource "azurerm_private_dns_zone" "privatelink_azurecr_io" {
  provider            = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                = "privatelink.azurecr.io"
  resource_group_name = var.resource_group_rg_spoke_d1a8108a
}

resource "azurerm_private_dns_zone_virtual_network_link" "privatelink_azurecr_io_spoke" {
  provider              = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                  = "spoke"
  resource_group_name   = var.resource_group_rg_spoke_d1a8108a
  private_dns_zone_name = azurerm_private_dns_zone.privatelink_azurecr_io.name
  virtual_network_id    = azurerm_virtual_network.spoke.id
  registration_enabled  = false
}

resource "azurerm_private_dns_zone_virtual_network_link" "privatelink_azurecr_io_hub" {
  provider              = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                  = "hub"
  resource_group_name   = var.resource_group_rg_spoke_d1a8108a
  private_dns_zone_name = azurerm_private_dns_zone.privatelink_azurecr_io.name
  virtual_network_id    = "/subscriptions/s/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/hub"
  registration_enabled  = false
}

resource "azurerm_private_dns_zone" "privatelink_blob_core_windows_net" {
  provider            = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                = "privatelink.blob.core.windows.net"
  resource_group_name = var.resource_group_rg_spoke_d1a8108a
}

resource "azurerm_private_dns_zone_virtual_network_link" "privatelink_blob_core_windows_net_spoke" {
  provider              = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                  = "spoke"
  resource_group_name   = var.resource_group_rg_spoke_d1a8108a
  private_dns_zone_name = azurerm_private_dns_zone.privatelink_blob_core_windows_net.name
  virtual_network_id    = azurerm_virtual_network.spoke.id
  registration_enabled  = false
}

resource "azurerm_private_dns_zone_virtual_network_link" "privatelink_blob_core_windows_net_hub" {
  provider              = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                  = "hub"
  resource_group_name   = var.resource_group_rg_spoke_d1a8108a
  private_dns_zone_name = azurerm_private_dns_zone.privatelink_blob_core_windows_net.name
  virtual_network_id    = "/subscriptions/s/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/hub"
  registration_enabled  = false
}

resource "azurerm_private_dns_zone" "privatelink__region__azmk8s_io" {
  name                = "privatelink.${var.location}.azmk8s.io"
  resource_group_name = var.resource_group_rg_spoke
}

resource "azurerm_private_dns_zone_virtual_network_link" "privatelink__region__azmk8s_io_far" {
  name                  = "far"
  resource_group_name   = var.resource_group_rg_spoke
  private_dns_zone_name = azurerm_private_dns_zone.privatelink__region__azmk8s_io.name
  virtual_network_id    = data.azurerm_virtual_network.far.id
  registration_enabled  = false
}

resource "azurerm_private_dns_zone_virtual_network_link" "privatelink__region__azmk8s_io_side_" {
  name                  = "side_"
  resource_group_name   = var.resource_group_rg_spoke
  private_dns_zone_name = azurerm_private_dns_zone.privatelink__region__azmk8s_io.name
  virtual_network_id    = azurerm_virtual_network.side_.id
  registration_enabled  = false
}

resource "azurerm_private_endpoint" "pe_models_blob" {
  provider            = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                = "pe-models-blob"
  resource_group_name = var.resource_group_rg_spoke_d1a8108a
  location            = "westeurope"
  subnet_id           = azurerm_subnet.spoke_ends.id

  private_service_connection {
    name                           = "pe-models-blob"
    private_connection_resource_id = var.models_id
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

resource "azurerm_private_endpoint" "pe_logs_blob" {
  provider            = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                = "pe-logs-blob"
  resource_group_name = var.resource_group_rg_spoke_d1a8108a
  location            = "westeurope"
  subnet_id           = azurerm_subnet.spoke_ends.id

  private_service_connection {
    name                           = "pe-logs-blob"
    private_connection_resource_id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-$${not}/providers/Microsoft.Storage/storageAccounts/logs%%{x}"
    subresource_names              = ["blob"]
    is_manual_connection           = false
  }

  ip_configuration {
    name               = "ip-1"
    private_ip_address = "10.1.1.5"
    subresource_name   = "blob"
    member_name        = "blob"
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [azurerm_private_dns_zone.privatelink_blob_core_windows_net.id]
  }
}

resource "azurerm_private_endpoint" "pe_images_registry" {
  provider            = azurerm.subscription_00000000_0000_0000_0000_000000000001
  name                = "pe-images-registry"
  resource_group_name = var.resource_group_rg_spoke_d1a8108a
  location            = "westeurope"
  subnet_id           = azurerm_subnet.spoke_ends.id

  private_service_connection {
    name                           = "pe-images-registry"
    private_connection_resource_id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/images"
    subresource_names              = ["registry"]
    is_manual_connection           = false
  }

  ip_configuration {
    name               = "ip-1"
    private_ip_address = "10.1.1.8"
    subresource_name   = "registry"
    member_name        = "registry"
  }

  ip_configuration {
    name               = "ip-2"
    private_ip_address = "10.1.1.9"
    subresource_name   = "registry"
    member_name        = "registry_data_westeurope"
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [azurerm_private_dns_zone.privatelink_azurecr_io.id]
  }
}

output "prerequisites" {
  description = "What has to be outside of the network."
  value = [
    "images (container-registry): SKU Premium: lower ones have neither private endpoints nor a firewall",
    "own (aks-cluster): A private cluster takes no list of addresses: either the endpoint or the list",
    "own (aks-cluster): The service makes its endpoint 'management' itself: create it in the subnet 'lone'",
    "own (aks-cluster): Create it with the private DNS zone privatelink.${var.location}.azmk8s.io of this configuration",
  ]
}
