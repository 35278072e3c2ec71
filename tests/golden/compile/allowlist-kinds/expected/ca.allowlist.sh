#!/bin/sh
# Sets the firewall of 'ca' (container-app) to exactly this list; what it holds besides is taken away.
# - 6 entries; no limit is published
# - from office
# - a part of the resource, not a template: paste it into the resource of your own template, or run the script
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both
set -eu

[ "${NAME:-}" ] || NAME='ca'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.App/containerApps' --query id --output tsv)
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat >"$body" <<'JSON'
{
  "properties": {
    "configuration": {
      "ingress": {
        "ipSecurityRestrictions": [
          {
            "name": "allow-001",
            "ipAddressRange": "198.51.100.7/32",
            "action": "Allow"
          },
          {
            "name": "allow-002",
            "ipAddressRange": "198.51.100.8/31",
            "action": "Allow"
          },
          {
            "name": "allow-003",
            "ipAddressRange": "203.0.113.0/30",
            "action": "Allow"
          },
          {
            "name": "allow-004",
            "ipAddressRange": "203.0.113.4/32",
            "action": "Allow"
          },
          {
            "name": "allow-005",
            "ipAddressRange": "203.0.113.6/31",
            "action": "Allow"
          },
          {
            "name": "allow-006",
            "ipAddressRange": "203.0.113.8/29",
            "action": "Allow"
          }
        ]
      }
    }
  }
}
JSON
az rest --method patch --url "${ID}?api-version=2026-01-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
