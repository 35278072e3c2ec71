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

data "azurerm_client_config" "current" {}

resource "azurerm_network_security_group" "nsg_away" {
  name                = "nsg-away"
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

resource "azurerm_network_security_group" "nsg_work" {
  name                = "nsg-work"
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
    name                       = "allow-https-office_work-to-data"
    description                = "policy.mlp:26"
    priority                   = 2000
    direction                  = "Outbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "443"
    source_address_prefix      = "10.0.1.0/24"
    destination_address_prefix = "Storage.NorthEurope"
  }

  security_rule {
    name                       = "allow-tcp-1433-office_work-to-base"
    description                = "policy.mlp:27"
    priority                   = 2010
    direction                  = "Outbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "1433"
    source_address_prefix      = "10.0.1.0/24"
    destination_address_prefix = "Sql.NorthEurope"
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

resource "azurerm_virtual_network" "net" {
  name                = "net"
  resource_group_name = var.resource_group_name
  location            = "westeurope"
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_subnet" "net_work" {
  name                              = "work"
  resource_group_name               = var.resource_group_name
  virtual_network_name              = azurerm_virtual_network.net.name
  address_prefixes                  = ["10.0.1.0/24"]
  service_endpoints                 = ["Microsoft.Storage", "Microsoft.Sql"]
  private_endpoint_network_policies = "Disabled"
}

resource "azurerm_subnet_network_security_group_association" "net_work" {
  subnet_id                 = azurerm_subnet.net_work.id
  network_security_group_id = azurerm_network_security_group.nsg_work.id
}

resource "azurerm_subnet" "net_away" {
  name                              = "away"
  resource_group_name               = var.resource_group_name
  virtual_network_name              = azurerm_virtual_network.net.name
  address_prefixes                  = ["10.0.2.0/24"]
  private_endpoint_network_policies = "Disabled"
  default_outbound_access_enabled   = false
}

resource "azurerm_subnet_network_security_group_association" "net_away" {
  subnet_id                 = azurerm_subnet.net_away.id
  network_security_group_id = azurerm_network_security_group.nsg_away.id
}

resource "azurerm_storage_account_network_rules" "data" {
  storage_account_id         = var.data_id
  default_action             = "Deny"
  bypass                     = ["AzureServices"]
  ip_rules                   = ["203.0.113.0/28", "203.0.113.77"]
  virtual_network_subnet_ids = [azurerm_subnet.net_work.id]
}

resource "azurerm_mssql_firewall_rule" "base" {
  for_each = {
    allow-203-0-113-0-to-203-0-113-15  = ["203.0.113.0", "203.0.113.15"]
    allow-203-0-113-77-to-203-0-113-77 = ["203.0.113.77", "203.0.113.77"]
  }
  name             = each.key
  server_id        = "/subscriptions/${data.azurerm_client_config.current.subscription_id}/resourceGroups/${var.resource_group_name}/providers/Microsoft.Sql/servers/sql-base"
  start_ip_address = each.value[0]
  end_ip_address   = each.value[1]
}

resource "azurerm_mssql_virtual_network_rule" "base" {
  for_each = {
    allow-net-work = azurerm_subnet.net_work.id
  }
  name      = each.key
  server_id = "/subscriptions/${data.azurerm_client_config.current.subscription_id}/resourceGroups/${var.resource_group_name}/providers/Microsoft.Sql/servers/sql-base"
  subnet_id = each.value
}

resource "azurerm_mysql_flexible_server_firewall_rule" "rows" {
  for_each = {
    allow-203-0-113-0-to-203-0-113-15  = ["203.0.113.0", "203.0.113.15"]
    allow-203-0-113-77-to-203-0-113-77 = ["203.0.113.77", "203.0.113.77"]
  }
  name                = each.key
  resource_group_name = element(split("/", "/subscriptions/s/resourceGroups/rg-rows/providers/Microsoft.DBforMySQL/flexibleServers/rows"), 4)
  server_name         = element(split("/", "/subscriptions/s/resourceGroups/rg-rows/providers/Microsoft.DBforMySQL/flexibleServers/rows"), 8)
  start_ip_address    = each.value[0]
  end_ip_address      = each.value[1]
}

resource "azurerm_postgresql_flexible_server_firewall_rule" "graphs" {
  for_each = {
    allow-20-50-1-0-to-20-50-1-3 = ["20.50.1.0", "20.50.1.3"]
  }
  name             = each.key
  server_id        = var.graphs_id
  start_ip_address = each.value[0]
  end_ip_address   = each.value[1]
}

resource "azurerm_synapse_firewall_rule" "lake" {
  for_each = {
    allow-203-0-113-0-to-203-0-113-15  = ["203.0.113.0", "203.0.113.15"]
    allow-203-0-113-77-to-203-0-113-77 = ["203.0.113.77", "203.0.113.77"]
  }
  name                 = each.key
  synapse_workspace_id = var.lake_id
  start_ip_address     = each.value[0]
  end_ip_address       = each.value[1]
}

# The firewall of secrets (key-vault) is no resource of its own: see --emit=allowlist for what it is to let in.
