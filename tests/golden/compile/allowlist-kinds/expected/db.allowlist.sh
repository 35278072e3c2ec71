#!/bin/sh
# Sets the firewall of 'db' (sql-server) to exactly this list; what it holds besides is taken away.
# - 3 entries, of 128 at most
# - from office
# - from the subnet of agents
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both; SUBSCRIPTION and NETWORK_GROUP of the subnets
set -eu

[ "${NAME:-}" ] || NAME='db'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.Sql/servers' --query id --output tsv)
rules=$(mktemp)
trap 'rm -f "$rules"' EXIT
[ "${SUBSCRIPTION:-}" ] || SUBSCRIPTION=$(az account show --query id --output tsv)
[ "${NETWORK_GROUP:-}" ] || NETWORK_GROUP=${RESOURCE_GROUP:?is not set}
sed -e "s|/subscriptions/SUBSCRIPTION/|/subscriptions/$SUBSCRIPTION/|" \
    -e "s|/resourceGroups/RESOURCE-GROUP/|/resourceGroups/$NETWORK_GROUP/|" >"$rules" <<'RULES'
allow-198-51-100-7-to-198-51-100-9 198.51.100.7 198.51.100.9
allow-203-0-113-0-to-203-0-113-4 203.0.113.0 203.0.113.4
allow-203-0-113-6-to-203-0-113-15 203.0.113.6 203.0.113.15
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
[ "${SUBSCRIPTION:-}" ] || SUBSCRIPTION=$(az account show --query id --output tsv)
[ "${NETWORK_GROUP:-}" ] || NETWORK_GROUP=${RESOURCE_GROUP:?is not set}
sed -e "s|/subscriptions/SUBSCRIPTION/|/subscriptions/$SUBSCRIPTION/|" \
    -e "s|/resourceGroups/RESOURCE-GROUP/|/resourceGroups/$NETWORK_GROUP/|" >"$rules" <<'RULES'
allow-build-agents /subscriptions/SUBSCRIPTION/resourceGroups/rg-build/providers/Microsoft.Network/virtualNetworks/build/subnets/agents
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
