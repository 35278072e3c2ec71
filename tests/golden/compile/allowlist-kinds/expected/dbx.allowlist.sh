#!/bin/sh
# Sets the firewall of 'dbx' (databricks) to exactly this list; what it holds besides is taken away.
# - 6 entries, of 1000 at most
# - from office
# - Tier Premium: lower ones have neither private endpoints nor access lists
#
# Environment: NAME
set -eu

[ "${NAME:-}" ] || NAME='dbx'
body=$(mktemp)
trap 'rm -f "$body"' EXIT
jq -R . <<'LINES' | jq -s --arg label "$NAME" \
    '{label: $label, list_type: "ALLOW", enabled: true, ip_addresses: .}' >"$body"
198.51.100.7/32
198.51.100.8/31
203.0.113.0/30
203.0.113.4/32
203.0.113.6/31
203.0.113.8/29
LINES
id=$(databricks api get /api/2.0/ip-access-lists | jq -r --arg label "$NAME" \
    'first(.ip_access_lists[]? | select(.label == $label) | .list_id)')
if [ "$id" ]; then
    databricks api put "/api/2.0/ip-access-lists/$id" --json "@$body"
else
    databricks api post /api/2.0/ip-access-lists --json "@$body"
fi
databricks api patch /api/2.0/workspace-conf --json '{"enableIpAccessLists": "true"}'
