#!/bin/sh
# Sets the firewall of 'app' (app-service) to exactly this list; what it holds besides is taken away.
# - 2 entries, of 512 at most
# - from office
# - from six
# - from the subnet of agents
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both; SUBSCRIPTION and NETWORK_GROUP of the subnets
set -eu

[ "${NAME:-}" ] || NAME='app'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.Web/sites' --query id --output tsv)
body=$(mktemp)
trap 'rm -f "$body"' EXIT
[ "${SUBSCRIPTION:-}" ] || SUBSCRIPTION=$(az account show --query id --output tsv)
[ "${NETWORK_GROUP:-}" ] || NETWORK_GROUP=${RESOURCE_GROUP:?is not set}
sed -e "s|/subscriptions/SUBSCRIPTION/|/subscriptions/$SUBSCRIPTION/|" \
    -e "s|/resourceGroups/RESOURCE-GROUP/|/resourceGroups/$NETWORK_GROUP/|" >"$body" <<'JSON'
{
  "properties": {
    "publicNetworkAccess": "Enabled",
    "ipSecurityRestrictionsDefaultAction": "Deny",
    "ipSecurityRestrictions": [
      {
        "name": "allow-001",
        "ipAddress": "198.51.100.7/32,198.51.100.8/31,203.0.113.0/30,203.0.113.4/32,203.0.113.6/31,203.0.113.8/29,2001:db8:1::/48",
        "action": "Allow",
        "priority": 100,
        "tag": "Default"
      },
      {
        "name": "allow-002",
        "vnetSubnetResourceId": "/subscriptions/SUBSCRIPTION/resourceGroups/rg-build/providers/Microsoft.Network/virtualNetworks/build/subnets/agents",
        "action": "Allow",
        "priority": 101,
        "tag": "Default"
      }
    ],
    "scmIpSecurityRestrictionsUseMain": false,
    "scmIpSecurityRestrictionsDefaultAction": "Deny",
    "scmIpSecurityRestrictions": [
      {
        "name": "allow-001",
        "ipAddress": "198.51.100.7/32,198.51.100.8/31,203.0.113.0/30,203.0.113.4/32,203.0.113.6/31,203.0.113.8/29,2001:db8:1::/48",
        "action": "Allow",
        "priority": 100,
        "tag": "Default"
      },
      {
        "name": "allow-002",
        "vnetSubnetResourceId": "/subscriptions/SUBSCRIPTION/resourceGroups/rg-build/providers/Microsoft.Network/virtualNetworks/build/subnets/agents",
        "action": "Allow",
        "priority": 101,
        "tag": "Default"
      }
    ]
  }
}
JSON
az rest --method patch --url "${ID}/config/web?api-version=2025-03-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
