#!/bin/sh
# Sets the firewall of 'wide' (storage-account) to exactly this list; what it holds besides is taken away.
# - open to everybody
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both
set -eu

[ "${NAME:-}" ] || NAME='wide'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.Storage/storageAccounts' --query id --output tsv)
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat >"$body" <<'JSON'
{
  "properties": {
    "publicNetworkAccess": "Enabled",
    "networkAcls": {
      "bypass": "AzureServices",
      "defaultAction": "Allow",
      "ipRules": [],
      "virtualNetworkRules": []
    }
  }
}
JSON
az rest --method patch --url "${ID}?api-version=2026-04-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
