#!/bin/sh
# Sets the firewall of 'images' (container-registry) to exactly this list; what it holds besides is taken away.
# - 200 entries, of 200 at most
# - widened: the exact list has 241; 196 addresses are let in that nobody asked for, 116 of them outside of Azure
# - from hosted-agents.united-kingdom
# - a part of the resource, not a template: paste it into the resource of your own template, or run the script
# - SKU Premium: lower ones have neither private endpoints nor a firewall
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both
set -eu

[ "${NAME:-}" ] || NAME='images'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.ContainerRegistry/registries' --query id --output tsv)
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat >"$body" <<'JSON'
{
  "properties": {
    "publicNetworkAccess": "Enabled",
    "networkRuleSet": {
      "defaultAction": "Deny",
      "ipRules": [
        {
          "value": "198.18.2.0/25",
          "action": "Allow"
        },
        {
          "value": "198.18.2.200/30",
          "action": "Allow"
        },
        {
          "value": "198.18.2.216/29",
          "action": "Allow"
        },
        {
          "value": "198.18.2.224/30",
          "action": "Allow"
        },
        {
          "value": "198.18.3.144/28",
          "action": "Allow"
        },
        {
          "value": "198.18.3.160/28",
          "action": "Allow"
        },
        {
          "value": "198.18.18.0/25",
          "action": "Allow"
        },
        {
          "value": "198.18.19.0/26",
          "action": "Allow"
        },
        {
          "value": "198.18.19.120/29",
          "action": "Allow"
        },
        {
          "value": "198.18.19.132/30",
          "action": "Allow"
        },
        {
          "value": "198.18.19.144/29",
          "action": "Allow"
        },
        {
          "value": "198.18.19.176/28",
          "action": "Allow"
        },
        {
          "value": "198.18.19.224/27",
          "action": "Allow"
        },
        {
          "value": "198.18.20.48/30",
          "action": "Allow"
        },
        {
          "value": "198.18.20.64/26",
          "action": "Allow"
        },
        {
          "value": "198.18.20.128/26",
          "action": "Allow"
        },
        {
          "value": "198.18.20.192/28",
          "action": "Allow"
        },
        {
          "value": "198.18.21.144/28",
          "action": "Allow"
        },
        {
          "value": "198.18.21.200/30",
          "action": "Allow"
        },
        {
          "value": "198.18.21.224/27",
          "action": "Allow"
        },
        {
          "value": "198.18.22.164/30",
          "action": "Allow"
        },
        {
          "value": "198.18.22.220/30",
          "action": "Allow"
        },
        {
          "value": "198.18.23.0/25",
          "action": "Allow"
        },
        {
          "value": "198.18.23.140/30",
          "action": "Allow"
        },
        {
          "value": "198.18.23.144/30",
          "action": "Allow"
        },
        {
          "value": "198.18.23.208/28",
          "action": "Allow"
        },
        {
          "value": "198.18.23.224/28",
          "action": "Allow"
        },
        {
          "value": "198.18.26.128/28",
          "action": "Allow"
        },
        {
          "value": "198.18.26.160/27",
          "action": "Allow"
        },
        {
          "value": "198.18.27.128/25",
          "action": "Allow"
        },
        {
          "value": "198.18.29.0/25",
          "action": "Allow"
        },
        {
          "value": "198.18.29.192/28",
          "action": "Allow"
        },
        {
          "value": "198.18.29.216/29",
          "action": "Allow"
        },
        {
          "value": "198.18.29.240/28",
          "action": "Allow"
        },
        {
          "value": "198.18.32.128/27",
          "action": "Allow"
        },
        {
          "value": "198.18.32.192/28",
          "action": "Allow"
        },
        {
          "value": "198.18.32.216/29",
          "action": "Allow"
        },
        {
          "value": "198.18.32.248/30",
          "action": "Allow"
        },
        {
          "value": "198.18.33.0/25",
          "action": "Allow"
        },
        {
          "value": "198.18.33.128/27",
          "action": "Allow"
        },
        {
          "value": "198.18.33.160/28",
          "action": "Allow"
        },
        {
          "value": "198.18.33.192/26",
          "action": "Allow"
        },
        {
          "value": "198.18.78.128/28",
          "action": "Allow"
        },
        {
          "value": "198.18.78.160/27",
          "action": "Allow"
        },
        {
          "value": "198.18.78.196/30",
          "action": "Allow"
        },
        {
          "value": "198.18.78.208/28",
          "action": "Allow"
        },
        {
          "value": "198.18.78.224/27",
          "action": "Allow"
        },
        {
          "value": "198.18.79.160/30",
          "action": "Allow"
        },
        {
          "value": "198.18.79.184/29",
          "action": "Allow"
        },
        {
          "value": "198.18.79.224/27",
          "action": "Allow"
        },
        {
          "value": "198.18.90.128/25",
          "action": "Allow"
        },
        {
          "value": "198.18.91.0/25",
          "action": "Allow"
        },
        {
          "value": "198.18.91.168/29",
          "action": "Allow"
        },
        {
          "value": "198.18.91.176/28",
          "action": "Allow"
        },
        {
          "value": "198.18.108.0/26",
          "action": "Allow"
        },
        {
          "value": "198.18.108.96/27",
          "action": "Allow"
        },
        {
          "value": "198.18.108.128/26",
          "action": "Allow"
        },
        {
          "value": "198.18.109.8/30",
          "action": "Allow"
        },
        {
          "value": "198.18.109.32/28",
          "action": "Allow"
        },
        {
          "value": "198.18.109.64/27",
          "action": "Allow"
        },
        {
          "value": "198.18.110.128/26",
          "action": "Allow"
        },
        {
          "value": "198.18.112.192/28",
          "action": "Allow"
        },
        {
          "value": "198.18.112.224/27",
          "action": "Allow"
        },
        {
          "value": "198.18.113.128/26",
          "action": "Allow"
        },
        {
          "value": "198.18.113.208/28",
          "action": "Allow"
        },
        {
          "value": "198.18.113.248/29",
          "action": "Allow"
        },
        {
          "value": "198.18.126.0/29",
          "action": "Allow"
        },
        {
          "value": "198.18.126.16/29",
          "action": "Allow"
        },
        {
          "value": "198.18.126.44/30",
          "action": "Allow"
        },
        {
          "value": "198.18.126.56/30",
          "action": "Allow"
        },
        {
          "value": "198.18.126.128/26",
          "action": "Allow"
        },
        {
          "value": "198.18.126.248/29",
          "action": "Allow"
        },
        {
          "value": "198.18.127.32/27",
          "action": "Allow"
        },
        {
          "value": "198.18.127.64/26",
          "action": "Allow"
        },
        {
          "value": "198.18.127.128/25",
          "action": "Allow"
        },
        {
          "value": "198.18.137.0/26",
          "action": "Allow"
        },
        {
          "value": "198.18.137.128/25",
          "action": "Allow"
        },
        {
          "value": "198.18.172.32/29",
          "action": "Allow"
        },
        {
          "value": "198.18.172.192/30",
          "action": "Allow"
        },
        {
          "value": "198.18.172.204/30",
          "action": "Allow"
        },
        {
          "value": "198.18.173.0/25",
          "action": "Allow"
        },
        {
          "value": "198.18.173.128/26",
          "action": "Allow"
        },
        {
          "value": "198.18.173.244/30",
          "action": "Allow"
        },
        {
          "value": "198.18.176.204/30",
          "action": "Allow"
        },
        {
          "value": "198.18.176.208/28",
          "action": "Allow"
        },
        {
          "value": "198.18.176.248/30",
          "action": "Allow"
        },
        {
          "value": "198.18.177.224/28",
          "action": "Allow"
        },
        {
          "value": "198.18.184.0/27",
          "action": "Allow"
        },
        {
          "value": "198.18.198.0/27",
          "action": "Allow"
        },
        {
          "value": "198.18.198.64/26",
          "action": "Allow"
        },
        {
          "value": "198.18.198.160/30",
          "action": "Allow"
        },
        {
          "value": "198.18.198.192/30",
          "action": "Allow"
        },
        {
          "value": "198.18.198.248/29",
          "action": "Allow"
        },
        {
          "value": "198.18.199.152/30",
          "action": "Allow"
        },
        {
          "value": "198.18.199.192/28",
          "action": "Allow"
        },
        {
          "value": "198.18.199.232/30",
          "action": "Allow"
        },
        {
          "value": "198.18.199.248/30",
          "action": "Allow"
        },
        {
          "value": "198.18.212.0/28",
          "action": "Allow"
        },
        {
          "value": "198.18.212.128/25",
          "action": "Allow"
        },
        {
          "value": "198.18.213.0/25",
          "action": "Allow"
        },
        {
          "value": "198.18.228.0/25",
          "action": "Allow"
        },
        {
          "value": "198.18.228.128/26",
          "action": "Allow"
        },
        {
          "value": "198.18.229.4/30",
          "action": "Allow"
        },
        {
          "value": "198.18.229.8/30",
          "action": "Allow"
        },
        {
          "value": "198.18.229.64/28",
          "action": "Allow"
        },
        {
          "value": "198.18.229.112/28",
          "action": "Allow"
        },
        {
          "value": "198.18.229.160/27",
          "action": "Allow"
        },
        {
          "value": "198.18.248.0/25",
          "action": "Allow"
        },
        {
          "value": "198.18.249.128/26",
          "action": "Allow"
        },
        {
          "value": "198.18.249.192/27",
          "action": "Allow"
        },
        {
          "value": "198.18.249.228/30",
          "action": "Allow"
        },
        {
          "value": "198.19.4.0/26",
          "action": "Allow"
        },
        {
          "value": "198.19.5.88/29",
          "action": "Allow"
        },
        {
          "value": "198.19.5.196/30",
          "action": "Allow"
        },
        {
          "value": "198.19.5.244/30",
          "action": "Allow"
        },
        {
          "value": "198.19.56.136/30",
          "action": "Allow"
        },
        {
          "value": "198.19.56.176/28",
          "action": "Allow"
        },
        {
          "value": "198.19.56.192/26",
          "action": "Allow"
        },
        {
          "value": "198.19.64.0/27",
          "action": "Allow"
        },
        {
          "value": "198.19.64.48/28",
          "action": "Allow"
        },
        {
          "value": "198.19.64.96/27",
          "action": "Allow"
        },
        {
          "value": "198.19.64.192/26",
          "action": "Allow"
        },
        {
          "value": "198.19.65.40/30",
          "action": "Allow"
        },
        {
          "value": "198.19.65.64/28",
          "action": "Allow"
        },
        {
          "value": "198.19.65.92/30",
          "action": "Allow"
        },
        {
          "value": "198.19.65.104/29",
          "action": "Allow"
        },
        {
          "value": "198.19.66.0/26",
          "action": "Allow"
        },
        {
          "value": "198.19.67.16/28",
          "action": "Allow"
        },
        {
          "value": "198.19.67.48/29",
          "action": "Allow"
        },
        {
          "value": "198.19.68.64/28",
          "action": "Allow"
        },
        {
          "value": "198.19.68.96/29",
          "action": "Allow"
        },
        {
          "value": "198.19.68.128/26",
          "action": "Allow"
        },
        {
          "value": "198.19.68.192/27",
          "action": "Allow"
        },
        {
          "value": "198.19.69.80/28",
          "action": "Allow"
        },
        {
          "value": "198.19.69.96/27",
          "action": "Allow"
        },
        {
          "value": "198.19.69.128/26",
          "action": "Allow"
        },
        {
          "value": "198.19.69.208/28",
          "action": "Allow"
        },
        {
          "value": "198.19.80.128/26",
          "action": "Allow"
        },
        {
          "value": "198.19.81.0/25",
          "action": "Allow"
        },
        {
          "value": "198.19.84.0/26",
          "action": "Allow"
        },
        {
          "value": "198.19.84.116/30",
          "action": "Allow"
        },
        {
          "value": "198.19.85.80/28",
          "action": "Allow"
        },
        {
          "value": "198.19.85.108/30",
          "action": "Allow"
        },
        {
          "value": "198.19.85.112/30",
          "action": "Allow"
        },
        {
          "value": "198.19.85.120/30",
          "action": "Allow"
        },
        {
          "value": "198.19.85.152/29",
          "action": "Allow"
        },
        {
          "value": "198.19.85.168/30",
          "action": "Allow"
        },
        {
          "value": "198.19.85.184/29",
          "action": "Allow"
        },
        {
          "value": "198.19.86.24/30",
          "action": "Allow"
        },
        {
          "value": "198.19.86.48/29",
          "action": "Allow"
        },
        {
          "value": "198.19.86.88/29",
          "action": "Allow"
        },
        {
          "value": "198.19.86.112/29",
          "action": "Allow"
        },
        {
          "value": "198.19.86.128/30",
          "action": "Allow"
        },
        {
          "value": "198.19.86.136/30",
          "action": "Allow"
        },
        {
          "value": "198.19.86.176/28",
          "action": "Allow"
        },
        {
          "value": "198.19.86.192/27",
          "action": "Allow"
        },
        {
          "value": "198.19.87.0/25",
          "action": "Allow"
        },
        {
          "value": "198.19.87.128/28",
          "action": "Allow"
        },
        {
          "value": "198.19.87.236/30",
          "action": "Allow"
        },
        {
          "value": "198.19.87.248/30",
          "action": "Allow"
        },
        {
          "value": "198.19.96.0/24",
          "action": "Allow"
        },
        {
          "value": "198.19.97.0/30",
          "action": "Allow"
        },
        {
          "value": "198.19.97.16/29",
          "action": "Allow"
        },
        {
          "value": "198.19.97.48/29",
          "action": "Allow"
        },
        {
          "value": "198.19.97.60/30",
          "action": "Allow"
        },
        {
          "value": "198.19.97.64/27",
          "action": "Allow"
        },
        {
          "value": "198.19.97.128/26",
          "action": "Allow"
        },
        {
          "value": "198.19.102.104/29",
          "action": "Allow"
        },
        {
          "value": "198.19.102.128/26",
          "action": "Allow"
        },
        {
          "value": "198.19.102.216/29",
          "action": "Allow"
        },
        {
          "value": "198.19.102.224/30",
          "action": "Allow"
        },
        {
          "value": "198.19.102.236/30",
          "action": "Allow"
        },
        {
          "value": "198.19.102.252/30",
          "action": "Allow"
        },
        {
          "value": "198.19.120.84/30",
          "action": "Allow"
        },
        {
          "value": "198.19.120.92/30",
          "action": "Allow"
        },
        {
          "value": "198.19.120.112/29",
          "action": "Allow"
        },
        {
          "value": "198.19.120.192/27",
          "action": "Allow"
        },
        {
          "value": "198.19.120.248/30",
          "action": "Allow"
        },
        {
          "value": "198.19.121.0/26",
          "action": "Allow"
        },
        {
          "value": "198.19.121.96/28",
          "action": "Allow"
        },
        {
          "value": "198.19.121.112/30",
          "action": "Allow"
        },
        {
          "value": "198.19.121.128/29",
          "action": "Allow"
        },
        {
          "value": "198.19.121.176/28",
          "action": "Allow"
        },
        {
          "value": "198.19.121.192/26",
          "action": "Allow"
        },
        {
          "value": "198.19.176.64/26",
          "action": "Allow"
        },
        {
          "value": "198.19.192.128/25",
          "action": "Allow"
        },
        {
          "value": "198.19.194.64/28",
          "action": "Allow"
        },
        {
          "value": "198.19.194.88/30",
          "action": "Allow"
        },
        {
          "value": "198.19.194.128/25",
          "action": "Allow"
        },
        {
          "value": "198.19.195.0/25",
          "action": "Allow"
        },
        {
          "value": "198.19.195.160/27",
          "action": "Allow"
        },
        {
          "value": "198.19.210.0/26",
          "action": "Allow"
        },
        {
          "value": "198.19.210.96/27",
          "action": "Allow"
        },
        {
          "value": "198.19.210.152/29",
          "action": "Allow"
        },
        {
          "value": "198.19.210.192/27",
          "action": "Allow"
        },
        {
          "value": "198.19.252.28/30",
          "action": "Allow"
        },
        {
          "value": "198.19.252.64/27",
          "action": "Allow"
        },
        {
          "value": "198.19.252.128/26",
          "action": "Allow"
        },
        {
          "value": "198.19.253.64/26",
          "action": "Allow"
        },
        {
          "value": "198.19.253.224/28",
          "action": "Allow"
        }
      ]
    }
  }
}
JSON
az rest --method patch --url "${ID}?api-version=2025-11-01" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
