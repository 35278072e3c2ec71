#!/bin/sh
# Sets the firewall of 'sqlshut' (sql-server) to exactly this list; what it holds besides is taken away.
# - closed: nobody comes in by the public side
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both
set -eu

[ "${NAME:-}" ] || NAME='sqlshut'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.Sql/servers' --query id --output tsv)
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat >"$body" <<'JSON'
{
  "properties": {
    "publicNetworkAccess": "Disabled"
  }
}
JSON
az rest --method patch --url "${ID}?api-version=2025-01-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
