#!/bin/sh
# Sets the firewall of 'ai' (ai-services) to exactly this list; what it holds besides is taken away.
# - 8 entries, of 100 at most
# - from office
# - from the subnet of agents
# - a part of the resource, not a template: paste it into the resource of your own template, or run the script
# - requests from the resource's own region match no entry of the list
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both; SUBSCRIPTION and NETWORK_GROUP of the subnets
set -eu

[ "${NAME:-}" ] || NAME='ai'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.CognitiveServices/accounts' --query id --output tsv)
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
      "defaultAction": "Deny",
      "ipRules": [
        {
          "value": "198.51.100.7"
        },
        {
          "value": "198.51.100.8"
        },
        {
          "value": "198.51.100.9"
        },
        {
          "value": "203.0.113.0/30"
        },
        {
          "value": "203.0.113.4"
        },
        {
          "value": "203.0.113.6"
        },
        {
          "value": "203.0.113.7"
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
az rest --method patch --url "${ID}?api-version=2026-07-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
