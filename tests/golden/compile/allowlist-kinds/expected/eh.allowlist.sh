#!/bin/sh
# Sets the firewall of 'eh' (event-hubs) to exactly this list; what it holds besides is taken away.
# - 6 entries; no limit is published
# - from office
# - from the subnet of agents
# - Tier Standard or higher: Basic has no firewall
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both; SUBSCRIPTION and NETWORK_GROUP of the subnets
set -eu

[ "${NAME:-}" ] || NAME='eh'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.EventHub/namespaces' --query id --output tsv)
body=$(mktemp)
trap 'rm -f "$body"' EXIT
[ "${SUBSCRIPTION:-}" ] || SUBSCRIPTION=$(az account show --query id --output tsv)
[ "${NETWORK_GROUP:-}" ] || NETWORK_GROUP=${RESOURCE_GROUP:?is not set}
sed -e "s|/subscriptions/SUBSCRIPTION/|/subscriptions/$SUBSCRIPTION/|" \
    -e "s|/resourceGroups/RESOURCE-GROUP/|/resourceGroups/$NETWORK_GROUP/|" >"$body" <<'JSON'
{
  "properties": {
    "publicNetworkAccess": "Enabled",
    "defaultAction": "Deny",
    "ipRules": [
      {
        "ipMask": "198.51.100.7/32",
        "action": "Allow"
      },
      {
        "ipMask": "198.51.100.8/31",
        "action": "Allow"
      },
      {
        "ipMask": "203.0.113.0/30",
        "action": "Allow"
      },
      {
        "ipMask": "203.0.113.4/32",
        "action": "Allow"
      },
      {
        "ipMask": "203.0.113.6/31",
        "action": "Allow"
      },
      {
        "ipMask": "203.0.113.8/29",
        "action": "Allow"
      }
    ],
    "virtualNetworkRules": [
      {
        "subnet": {
          "id": "/subscriptions/SUBSCRIPTION/resourceGroups/rg-build/providers/Microsoft.Network/virtualNetworks/build/subnets/agents"
        }
      }
    ]
  }
}
JSON
az rest --method put --url "${ID}/networkRuleSets/default?api-version=2026-01-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
