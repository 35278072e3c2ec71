#!/bin/sh
# Sets the firewall of 'hsm' (managed-hsm) to exactly this list; what it holds besides is taken away.
# - 6 entries, of 10 at most
# - from office
# - a part of the resource, not a template: paste it into the resource of your own template, or run the script
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both
set -eu

[ "${NAME:-}" ] || NAME='hsm'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.KeyVault/managedHSMs' --query id --output tsv)
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat >"$body" <<'JSON'
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
      ]
    }
  }
}
JSON
az rest --method patch --url "${ID}?api-version=2026-02-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
