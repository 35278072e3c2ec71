#!/bin/sh
# Sets the firewall of 'kv' (key-vault) to exactly this list; what it holds besides is taken away.
# - 6 entries, of 1000 at most
# - from office
# - from the subnet of agents
# - a part of the resource, not a template: paste it into the resource of your own template, or run the script
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both; SUBSCRIPTION and NETWORK_GROUP of the subnets
set -eu

[ "${NAME:-}" ] || NAME='kv'
[ "${ID:-}" ] || ID='/subscriptions/0/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv'
body=$(mktemp)
trap 'rm -f "$body"' EXIT
[ "${SUBSCRIPTION:-}" ] || SUBSCRIPTION=$(az account show --query id --output tsv)
[ "${NETWORK_GROUP:-}" ] || NETWORK_GROUP=${RESOURCE_GROUP:?is not set}
sed -e "s|/subscriptions/SUBSCRIPTION/|/subscriptions/$SUBSCRIPTION/|" \
    -e "s|/resourceGroups/RESOURCE-GROUP/|/resourceGroups/$NETWORK_GROUP/|" >"$body" <<'JSON'
{
  "properties": {
    "publicNetworkAccess": "Enabled",
    "networkAcls": {
      "bypass": "AzureServices",
      "defaultAction": "Deny",
      "ipRules": [
        {
          "value": "198.51.100.7/32"
        },
        {
          "value": "198.51.100.8/31"
        },
        {
          "value": "203.0.113.0/30"
        },
        {
          "value": "203.0.113.4/32"
        },
        {
          "value": "203.0.113.6/31"
        },
        {
          "value": "203.0.113.8/29"
        }
      ],
      "virtualNetworkRules": [
        {
          "id": "/subscriptions/SUBSCRIPTION/resourceGroups/rg-build/providers/Microsoft.Network/virtualNetworks/build/subnets/agents"
        }
      ]
    }
  }
}
JSON
az rest --method patch --url "${ID}?api-version=2026-02-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
