#!/bin/sh
# Sets the firewall of 'portal' (app-service) to exactly this list; what it holds besides is taken away.
# - 1 entries, of 512 at most
# - from hosted-agents.united-kingdom
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both
set -eu

[ "${NAME:-}" ] || NAME='portal'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.Web/sites' --query id --output tsv)
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat >"$body" <<'JSON'
{
  "properties": {
    "publicNetworkAccess": "Enabled",
    "ipSecurityRestrictionsDefaultAction": "Deny",
    "ipSecurityRestrictions": [
      {
        "name": "allow-001",
        "ipAddress": "AzureCloud.uksouth,AzureCloud.ukwest",
        "action": "Allow",
        "priority": 100,
        "tag": "ServiceTag"
      }
    ],
    "scmIpSecurityRestrictionsUseMain": false,
    "scmIpSecurityRestrictionsDefaultAction": "Deny",
    "scmIpSecurityRestrictions": [
      {
        "name": "allow-001",
        "ipAddress": "AzureCloud.uksouth,AzureCloud.ukwest",
        "action": "Allow",
        "priority": 100,
        "tag": "ServiceTag"
      }
    ]
  }
}
JSON
az rest --method patch --url "${ID}/config/web?api-version=2025-03-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
