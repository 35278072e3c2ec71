#!/bin/sh
# Sets the firewall of 'portal' (app-service) to exactly this list; what it holds besides is taken away.
# - 10 entries, of 512 at most
# - from hosted-agents.brittany
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
        "ipAddress": "198.18.48.128/25,198.18.49.0/27,198.18.49.64/27,198.18.74.48/28,198.18.74.104/29,198.18.74.120/29,198.18.75.168/29,198.18.75.176/29",
        "action": "Allow",
        "priority": 100,
        "tag": "Default"
      },
      {
        "name": "allow-002",
        "ipAddress": "198.18.75.188/30,198.18.75.224/29,198.18.76.0/25,198.18.77.76/30,198.18.77.84/30,198.18.77.208/29,198.18.81.224/29,198.18.81.240/28",
        "action": "Allow",
        "priority": 101,
        "tag": "Default"
      },
      {
        "name": "allow-003",
        "ipAddress": "198.18.100.0/25,198.18.100.140/30,198.18.100.160/27,198.18.100.192/27,198.18.100.232/29,198.18.100.240/29,198.18.101.0/25,198.18.141.124/30",
        "action": "Allow",
        "priority": 102,
        "tag": "Default"
      },
      {
        "name": "allow-004",
        "ipAddress": "198.18.210.0/28,198.18.210.16/29,198.18.210.32/27,198.18.210.160/30,198.18.242.4/30,198.18.242.96/28,198.18.242.128/26,198.18.242.208/28",
        "action": "Allow",
        "priority": 103,
        "tag": "Default"
      },
      {
        "name": "allow-005",
        "ipAddress": "198.18.243.0/29,198.18.243.8/30,198.18.243.16/28,198.18.243.36/30,198.18.243.40/30,198.18.243.168/30,198.19.21.12/30,198.19.21.32/30",
        "action": "Allow",
        "priority": 104,
        "tag": "Default"
      },
      {
        "name": "allow-006",
        "ipAddress": "198.19.21.64/26,198.19.21.192/26,198.19.48.64/28,198.19.48.104/30,198.19.48.120/29,198.19.49.72/30,198.19.49.112/28,198.19.134.128/25",
        "action": "Allow",
        "priority": 105,
        "tag": "Default"
      },
      {
        "name": "allow-007",
        "ipAddress": "198.19.135.0/29,198.19.135.8/30,198.19.135.64/26,198.19.135.128/26,198.19.146.128/26,198.19.147.192/30,198.19.147.200/29,198.19.147.224/28",
        "action": "Allow",
        "priority": 106,
        "tag": "Default"
      },
      {
        "name": "allow-008",
        "ipAddress": "198.19.147.248/29,198.19.150.192/27,198.19.151.140/30,198.19.151.144/29,198.19.151.164/30,198.19.151.180/30,198.19.151.184/29,198.19.151.192/29",
        "action": "Allow",
        "priority": 107,
        "tag": "Default"
      },
      {
        "name": "allow-009",
        "ipAddress": "198.19.198.128/25,198.19.199.32/29,198.19.199.44/30,198.19.199.96/28,198.19.199.112/29,198.19.199.124/30,198.19.199.128/25,198.19.221.8/29",
        "action": "Allow",
        "priority": 108,
        "tag": "Default"
      },
      {
        "name": "allow-010",
        "ipAddress": "198.19.221.64/26,198.19.229.128/25",
        "action": "Allow",
        "priority": 109,
        "tag": "Default"
      }
    ],
    "scmIpSecurityRestrictionsUseMain": false,
    "scmIpSecurityRestrictionsDefaultAction": "Deny",
    "scmIpSecurityRestrictions": [
      {
        "name": "allow-001",
        "ipAddress": "198.18.48.128/25,198.18.49.0/27,198.18.49.64/27,198.18.74.48/28,198.18.74.104/29,198.18.74.120/29,198.18.75.168/29,198.18.75.176/29",
        "action": "Allow",
        "priority": 100,
        "tag": "Default"
      },
      {
        "name": "allow-002",
        "ipAddress": "198.18.75.188/30,198.18.75.224/29,198.18.76.0/25,198.18.77.76/30,198.18.77.84/30,198.18.77.208/29,198.18.81.224/29,198.18.81.240/28",
        "action": "Allow",
        "priority": 101,
        "tag": "Default"
      },
      {
        "name": "allow-003",
        "ipAddress": "198.18.100.0/25,198.18.100.140/30,198.18.100.160/27,198.18.100.192/27,198.18.100.232/29,198.18.100.240/29,198.18.101.0/25,198.18.141.124/30",
        "action": "Allow",
        "priority": 102,
        "tag": "Default"
      },
      {
        "name": "allow-004",
        "ipAddress": "198.18.210.0/28,198.18.210.16/29,198.18.210.32/27,198.18.210.160/30,198.18.242.4/30,198.18.242.96/28,198.18.242.128/26,198.18.242.208/28",
        "action": "Allow",
        "priority": 103,
        "tag": "Default"
      },
      {
        "name": "allow-005",
        "ipAddress": "198.18.243.0/29,198.18.243.8/30,198.18.243.16/28,198.18.243.36/30,198.18.243.40/30,198.18.243.168/30,198.19.21.12/30,198.19.21.32/30",
        "action": "Allow",
        "priority": 104,
        "tag": "Default"
      },
      {
        "name": "allow-006",
        "ipAddress": "198.19.21.64/26,198.19.21.192/26,198.19.48.64/28,198.19.48.104/30,198.19.48.120/29,198.19.49.72/30,198.19.49.112/28,198.19.134.128/25",
        "action": "Allow",
        "priority": 105,
        "tag": "Default"
      },
      {
        "name": "allow-007",
        "ipAddress": "198.19.135.0/29,198.19.135.8/30,198.19.135.64/26,198.19.135.128/26,198.19.146.128/26,198.19.147.192/30,198.19.147.200/29,198.19.147.224/28",
        "action": "Allow",
        "priority": 106,
        "tag": "Default"
      },
      {
        "name": "allow-008",
        "ipAddress": "198.19.147.248/29,198.19.150.192/27,198.19.151.140/30,198.19.151.144/29,198.19.151.164/30,198.19.151.180/30,198.19.151.184/29,198.19.151.192/29",
        "action": "Allow",
        "priority": 107,
        "tag": "Default"
      },
      {
        "name": "allow-009",
        "ipAddress": "198.19.198.128/25,198.19.199.32/29,198.19.199.44/30,198.19.199.96/28,198.19.199.112/29,198.19.199.124/30,198.19.199.128/25,198.19.221.8/29",
        "action": "Allow",
        "priority": 108,
        "tag": "Default"
      },
      {
        "name": "allow-010",
        "ipAddress": "198.19.221.64/26,198.19.229.128/25",
        "action": "Allow",
        "priority": 109,
        "tag": "Default"
      }
    ]
  }
}
JSON
az rest --method patch --url "${ID}/config/web?api-version=2025-03-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
