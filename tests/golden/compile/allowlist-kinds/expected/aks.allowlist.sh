#!/bin/sh
# Sets the firewall of 'aks' (aks-cluster) to exactly this list; what it holds besides is taken away.
# - 6 entries, of 200 at most
# - from office
# - a part of the resource, not a template: paste it into the resource of your own template, or run the script
# - A private cluster takes no list of addresses: either the endpoint or the list
#
# Environment: NAME, RESOURCE_GROUP
set -eu

[ "${NAME:-}" ] || NAME='aks'
: "${RESOURCE_GROUP:?is not set: the resource group of the resource}"
az aks update --resource-group "$RESOURCE_GROUP" --name "$NAME" --api-server-authorized-ip-ranges 198.51.100.7/32,198.51.100.8/31,203.0.113.0/30,203.0.113.4/32,203.0.113.6/31,203.0.113.8/29 \
    --output none
