#!/bin/sh
# Sets the firewall of 'se' (search) to exactly this list; what it holds besides is taken away.
# - 6 entries; no limit is published
# - from office
# - a part of the resource, not a template: paste it into the resource of your own template, or run the script
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both
set -eu

[ "${NAME:-}" ] || NAME='se'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.Search/searchServices' --query id --output tsv)
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat >"$body" <<'JSON'
{
  "properties": {
    "publicNetworkAccess": "Enabled",
    "networkRuleSet": {
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
      ]
    }
  }
}
JSON
az rest --method patch --url "${ID}?api-version=2025-05-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
