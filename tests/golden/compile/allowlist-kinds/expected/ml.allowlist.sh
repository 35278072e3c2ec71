#!/bin/sh
# Sets the firewall of 'ml' (ml-workspace) to exactly this list; what it holds besides is taken away.
# - 6 entries, of 200 at most
# - from office
# - no stable API version has this property: 2026-05-15-preview is a preview
# - two steps: make the resource first, then set its list
# - a part of the resource, not a template: paste it into the resource of your own template, or run the script
# - Storage account, key vault and registry with private endpoints of their own in the same network or a peered one
# - A compute cluster named as image_build_compute where the registry is closed to the public
# - The role Contributor on the registry for the workspace's managed identity
#
# Environment: NAME, RESOURCE_GROUP, or ID instead of both
set -eu

[ "${NAME:-}" ] || NAME='ml'
[ "${ID:-}" ] || ID=$(az resource show --resource-group "${RESOURCE_GROUP:?is not set: the resource group of the resource}" \
    --name "$NAME" --resource-type 'Microsoft.MachineLearningServices/workspaces' --query id --output tsv)
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat >"$body" <<'JSON'
{
  "properties": {
    "publicNetworkAccess": "Enabled",
    "networkAcls": {
      "defaultAction": "Deny",
      "ipRules": [
        {
          "value": "198.51.100.7/32"
        },
        {
          "value": "198.51.100.8/31"
        },
        {
          "value": "203.0.113.0/30"
        },
        {
          "value": "203.0.113.4/32"
        },
        {
          "value": "203.0.113.6/31"
        },
        {
          "value": "203.0.113.8/29"
        }
      ]
    }
  }
}
JSON
az rest --method patch --url "${ID}?api-version=2026-05-15-preview" \
    --headers 'Content-Type=application/json' --body "@$body" --output none
