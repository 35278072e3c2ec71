#!/bin/sh
# Sets the firewall of 'sqlwide' (sql-server) to exactly this list; what it holds besides is taken away.
# - open to everybody
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both
set -eu

[ "${NAME:-}" ] || NAME='sqlwide'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.Sql/servers' --query id --output tsv)
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat >"$body" <<'JSON'
{
  "properties": {
    "publicNetworkAccess": "Enabled"
  }
}
JSON
az rest --method patch --url "${ID}?api-version=2025-01-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
rm -f "$body"
rules=$(mktemp)
trap 'rm -f "$rules"' EXIT
cat >"$rules" <<'RULES'
allow-0-0-0-0-to-255-255-255-255 0.0.0.0 255.255.255.255
RULES
az rest --method get --url "${ID}/firewallRules?api-version=2025-01-01" --query 'value[].name' --output tsv |
    while IFS= read -r rule; do
        [ "$rule" ] || continue
        cut -d ' ' -f 1 "$rules" | grep -qxF -e "$rule" ||
            az resource delete --ids "${ID}/firewallRules/$rule" --api-version 2025-01-01 --output none </dev/null
    done
while read -r rule first last; do
    az resource create --id "${ID}/firewallRules/$rule" --api-version 2025-01-01 --is-full-object \
        --properties "{\"properties\": {\"startIpAddress\": \"$first\", \"endIpAddress\": \"$last\"}}" --output none </dev/null
done <"$rules"
rm -f "$rules"
rules=$(mktemp)
trap 'rm -f "$rules"' EXIT
cat >"$rules" <<'RULES'
RULES
az rest --method get --url "${ID}/virtualNetworkRules?api-version=2025-01-01" --query 'value[].name' --output tsv |
    while IFS= read -r rule; do
        [ "$rule" ] || continue
        cut -d ' ' -f 1 "$rules" | grep -qxF -e "$rule" ||
            az resource delete --ids "${ID}/virtualNetworkRules/$rule" --api-version 2025-01-01 --output none </dev/null
    done
while read -r rule subnet; do
    az resource create --id "${ID}/virtualNetworkRules/$rule" --api-version 2025-01-01 --is-full-object \
        --properties "{\"properties\": {\"virtualNetworkSubnetId\": \"$subnet\"}}" --output none </dev/null
done <"$rules"
