// Written by mlnsgc. What is changed here is lost with the next compile;
// change the policy instead.

@description('The region to deploy to.')
param location string = resourceGroup().location

resource vnetLeft 'Microsoft.Network/virtualNetworks@2024-05-01' existing = {
  scope: resourceGroup('rg-left')
  name: 'left'
}

resource nsgKeptNsg 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'kept-nsg'
  location: location
  properties: {
    securityRules: [
      {
        name: 'allow-https-desks-to-kept'
        properties: {
          description: 'policy.mlp:38'
          protocol: 'Tcp'
          sourcePortRange: '*'
          destinationPortRange: '443'
          sourceAddressPrefix: '10.2.0.0/24'
          destinationAddressPrefix: '10.2.1.0/24'
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

resource nsgDesks 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-desks'
  location: location
  properties: {
    securityRules: [
      {
        name: 'allow-https-desks-to-cluster-in'
        properties: {
          description: 'policy.mlp:39'
          protocol: 'Tcp'
          sourcePortRange: '*'
          destinationPortRange: '443'
          sourceAddressPrefix: '10.2.0.0/24'
          destinationAddressPrefix: '10.2.0.0/24'
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
        name: 'allow-https-desks-to-models_logs'
        properties: {
          description: 'it\'s \\ and \${more}, \'quoted\' and more (policy.mlp:36)'
          protocol: 'Tcp'
          sourcePortRange: '*'
          destinationPortRange: '443'
          sourceAddressPrefix: '10.2.0.0/24'
          destinationAddressPrefixes: ['10.1.1.4/31', '10.2.0.0/23']
          access: 'Allow'
          priority: 2000
          direction: 'Outbound'
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

resource vnetRight 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'right'
  location: location
  properties: {
    addressSpace: {
      addressPrefixes: ['10.2.0.0/16']
    }
  }
}

resource snetDesks 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = {
  parent: vnetRight
  name: 'desks'
  properties: {
    addressPrefix: '10.2.0.0/24'
    networkSecurityGroup: {
      id: nsgDesks.id
    }
    privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled'
    defaultOutboundAccess: false
  }
}

resource peerRightToLeft 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings@2024-05-01' = {
  parent: vnetRight
  name: 'right-to-left'
  properties: {
    remoteVirtualNetwork: {
      id: vnetLeft.id
    }
    allowVirtualNetworkAccess: true
    allowForwardedTraffic: false
    allowGatewayTransit: false
    useRemoteGateways: false
  }
  dependsOn: [
    snetDesks
  ]
}

resource dnsPrivatelinkRegionAzurecontainerappsIo 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: 'privatelink.${location}.azurecontainerapps.io'
  location: 'global'
  properties: {}
}

resource dnsPrivatelinkRegionAzurecontainerappsIoRight 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = {
  parent: dnsPrivatelinkRegionAzurecontainerappsIo
  name: 'right'
  location: 'global'
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: vnetRight.id
    }
  }
}

resource peClusterManagedEnvironments 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: 'pe-cluster-managedEnvironments'
  location: location
  properties: {
    subnet: {
      id: snetDesks.id
    }
    privateLinkServiceConnections: [
      {
        name: 'pe-cluster-managedEnvironments'
        properties: {
          privateLinkServiceId: '/x/it\'s \\ and \${more}'
          groupIds: ['managedEnvironments']
        }
      }
    ]
  }
}

resource peClusterManagedEnvironmentsDns 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = {
  parent: peClusterManagedEnvironments
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: 'privatelink--region--azurecontainerapps-io'
        properties: {
          privateDnsZoneId: dnsPrivatelinkRegionAzurecontainerappsIo.id
        }
      }
    ]
  }
}

output subnetBindings array = [
  {
    subnet: '${vnetRight.id}/subnets/kept'
    networkSecurityGroup: nsgKeptNsg.id
  }
]
