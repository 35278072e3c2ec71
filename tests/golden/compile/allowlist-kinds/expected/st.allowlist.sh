#!/bin/sh
# Sets the firewall of 'st' (storage-account) to exactly this list; what it holds besides is taken away.
# - 9 entries, of 400 at most
# - from office
# - from egress of nat
# - from the subnet of agents
# - a part of the resource, not a template: paste it into the resource of your own template, or run the script
# - requests from the resource's own region match no entry of the list
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both; SUBSCRIPTION and NETWORK_GROUP of the subnets
set -eu

[ "${NAME:-}" ] || NAME='stland'\''ing'
[ "${RESOURCE_GROUP:-}" ] || RESOURCE_GROUP='rg-data'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.Storage/storageAccounts' --query id --output tsv)
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
          "value": "20.1.2.3",
          "action": "Allow"
        },
        {
          "value": "198.51.100.7",
          "action": "Allow"
        },
        {
          "value": "198.51.100.8",
          "action": "Allow"
        },
        {
          "value": "198.51.100.9",
          "action": "Allow"
        },
        {
          "value": "203.0.113.0/30",
          "action": "Allow"
        },
        {
          "value": "203.0.113.4",
          "action": "Allow"
        },
        {
          "value": "203.0.113.6",
          "action": "Allow"
        },
        {
          "value": "203.0.113.7",
          "action": "Allow"
        },
        {
          "value": "203.0.113.8/29",
          "action": "Allow"
        }
      ],
      "virtualNetworkRules": [
        {
          "id": "/subscriptions/SUBSCRIPTION/resourceGroups/rg-build/providers/Microsoft.Network/virtualNetworks/build/subnets/agents",
          "action": "Allow"
        }
      ]
    }
  }
}
JSON
az rest --method patch --url "${ID}?api-version=2026-04-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
