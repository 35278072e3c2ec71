#!/bin/sh
# Sets the firewall of 'pg' (postgresql-server) to exactly this list; what it holds besides is taken away.
# - 3 entries; no limit is published
# - from office
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both
set -eu

[ "${NAME:-}" ] || NAME='pg'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.DBforPostgreSQL/flexibleServers' --query id --output tsv)
rules=$(mktemp)
trap 'rm -f "$rules"' EXIT
cat >"$rules" <<'RULES'
allow-198-51-100-7-to-198-51-100-9 198.51.100.7 198.51.100.9
allow-203-0-113-0-to-203-0-113-4 203.0.113.0 203.0.113.4
allow-203-0-113-6-to-203-0-113-15 203.0.113.6 203.0.113.15
RULES
az rest --method get --url "${ID}/firewallRules?api-version=2025-08-01" --query 'value[].name' --output tsv |
    while IFS= read -r rule; do
        [ "$rule" ] || continue
        cut -d ' ' -f 1 "$rules" | grep -qxF -e "$rule" ||
            az resource delete --ids "${ID}/firewallRules/$rule" --api-version 2025-08-01 --output none </dev/null
    done
while read -r rule first last; do
    az resource create --id "${ID}/firewallRules/$rule" --api-version 2025-08-01 --is-full-object \
        --properties "{\"properties\": {\"startIpAddress\": \"$first\", \"endIpAddress\": \"$last\"}}" --output none </dev/null
done <"$rules"
