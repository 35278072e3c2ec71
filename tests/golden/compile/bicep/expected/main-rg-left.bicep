// Written by mlnsgc. What is changed here is lost with the next compile;
// change the policy instead.

@description('The resource id of \'models\' (Microsoft.Storage/storageAccounts).')
param modelsId string

resource asgFront 'Microsoft.Network/applicationSecurityGroups@2024-05-01' = {
  name: 'front'
  location: 'westeurope'
  properties: {}
}

resource nsgEnds 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-ends'
  location: 'westeurope'
  properties: {
    securityRules: [
      {
        name: 'allow-https-desks-to-models_logs'
        properties: {
          description: 'it\'s \\ and \${more}, \'quoted\' and more (policy.mlp:36)'
          protocol: 'Tcp'
          sourcePortRange: '*'
          destinationPortRange: '443'
          sourceAddressPrefix: '10.2.0.0/24'
          destinationAddressPrefix: '10.1.1.4/31'
          access: 'Allow'
          priority: 2000
          direction: 'Inbound'
        }
      }
      {
        name: 'default-deny-in'
        properties: {
          protocol: '*'
          sourcePortRange: '*'
          destinationPortRange: '*'
          sourceAddressPrefix: '*'
          destinationAddressPrefix: '*'
          access: 'Deny'
          priority: 4096
          direction: 'Inbound'
        }
      }
      {
        name: 'default-deny-out'
        properties: {
          protocol: '*'
          sourcePortRange: '*'
          destinationPortRange: '*'
          sourceAddressPrefix: '*'
          destinationAddressPrefix: '*'
          access: 'Deny'
          priority: 4096
          direction: 'Outbound'
        }
      }
    ]
  }
}

resource nsgWork 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-work'
  location: 'westeurope'
  properties: {
    securityRules: [
      {
        name: 'allow-https-visitors-to-front'
        properties: {
          description: 'policy.mlp:37'
          protocol: 'Tcp'
          sourcePortRange: '*'
          destinationPortRange: '443'
          sourceAddressPrefix: '10.3.0.0/24'
          destinationApplicationSecurityGroups: [
            {
              id: asgFront.id
            }
          ]
          access: 'Allow'
          priority: 2000
          direction: 'Inbound'
        }
      }
      {
        name: 'default-deny-in'
        properties: {
          protocol: '*'
          sourcePortRange: '*'
          destinationPortRange: '*'
          sourceAddressPrefix: '*'
          destinationAddressPrefix: '*'
          access: 'Deny'
          priority: 4096
          direction: 'Inbound'
        }
      }
      {
        name: 'default-deny-out'
        properties: {
          protocol: '*'
          sourcePortRange: '*'
          destinationPortRange: '*'
          sourceAddressPrefix: '*'
          destinationAddressPrefix: '*'
          access: 'Deny'
          priority: 4096
          direction: 'Outbound'
        }
      }
    ]
  }
}

resource vnetLeft 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'left'
  location: 'westeurope'
  properties: {
    addressSpace: {
      addressPrefixes: ['10.1.0.0/16']
    }
    subnets: [
      {
        name: 'work'
        properties: {
          addressPrefix: '10.1.0.0/24'
          networkSecurityGroup: {
            id: nsgWork.id
          }
          privateEndpointNetworkPolicies: 'Disabled'
          defaultOutboundAccess: false
        }
      }
      {
        name: 'ends'
        properties: {
          addressPrefix: '10.1.1.0/26'
          networkSecurityGroup: {
            id: nsgEnds.id
          }
          privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled'
          defaultOutboundAccess: false
        }
      }
    ]
  }
}

resource dnsPrivatelinkBlobCoreWindowsNet 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: 'privatelink.blob.core.windows.net'
  location: 'global'
  properties: {}
}

resource peModelsBlob 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: 'pe-models-blob'
  location: 'westeurope'
  properties: {
    subnet: {
      id: '${vnetLeft.id}/subnets/ends'
    }
    ipConfigurations: [
      {
        name: 'ip-1'
        properties: {
          groupId: 'blob'
          memberName: 'blob'
          privateIPAddress: '10.1.1.4'
        }
      }
    ]
    privateLinkServiceConnections: [
      {
        name: 'pe-models-blob'
        properties: {
          privateLinkServiceId: modelsId
          groupIds: ['blob']
        }
      }
    ]
  }
}

resource peModelsBlobDns 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = {
  parent: peModelsBlob
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: 'privatelink-blob-core-windows-net'
        properties: {
          privateDnsZoneId: dnsPrivatelinkBlobCoreWindowsNet.id
        }
      }
    ]
  }
}

resource peLogsBlob 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: 'pe-logs-blob'
  location: 'westeurope'
  properties: {
    subnet: {
      id: '${vnetLeft.id}/subnets/ends'
    }
    ipConfigurations: [
      {
        name: 'ip-1'
        properties: {
          groupId: 'blob'
          memberName: 'blob'
          privateIPAddress: '10.1.1.5'
        }
      }
    ]
    privateLinkServiceConnections: [
      {
        name: 'pe-logs-blob'
        properties: {
          privateLinkServiceId: resourceId('rg-logs', 'Microsoft.Storage/storageAccounts', 'logs')
          groupIds: ['blob']
        }
      }
    ]
  }
}

resource peLogsBlobDns 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = {
  parent: peLogsBlob
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: 'privatelink-blob-core-windows-net'
        properties: {
          privateDnsZoneId: dnsPrivatelinkBlobCoreWindowsNet.id
        }
      }
    ]
  }
}
