#!/bin/sh
# Sets the firewall of 'acr' (container-registry) to exactly this list; what it holds besides is taken away.
# - 7 entries, of 200 at most
# - from office
# - from egress of nat
# - a part of the resource, not a template: paste it into the resource of your own template, or run the script
# - SKU Premium: lower ones have neither private endpoints nor a firewall
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both
set -eu

[ "${NAME:-}" ] || NAME='acr'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.ContainerRegistry/registries' --query id --output tsv)
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat >"$body" <<'JSON'
{
  "properties": {
    "publicNetworkAccess": "Enabled",
    "networkRuleSet": {
      "defaultAction": "Deny",
      "ipRules": [
        {
          "value": "20.1.2.3/32",
          "action": "Allow"
        },
        {
          "value": "198.51.100.7/32",
          "action": "Allow"
        },
        {
          "value": "198.51.100.8/31",
          "action": "Allow"
        },
        {
          "value": "203.0.113.0/30",
          "action": "Allow"
        },
        {
          "value": "203.0.113.4/32",
          "action": "Allow"
        },
        {
          "value": "203.0.113.6/31",
          "action": "Allow"
        },
        {
          "value": "203.0.113.8/29",
          "action": "Allow"
        }
      ]
    }
  }
}
JSON
az rest --method patch --url "${ID}?api-version=2025-11-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
