// Written by mlnsgc. What is changed here is lost with the next compile;
// change the policy instead.

@description('The resource id of the virtual network \'old\'.')
param oldId string = resourceId('Microsoft.Network/virtualNetworks', 'old')

@description('The gateways that peered networks use are there. Azure refuses to use one that is not: say false until they are made, then deploy again.')
param remoteGatewaysExist bool = true

resource vnetLeft 'Microsoft.Network/virtualNetworks@2024-05-01' existing = {
  name: 'left'
}

resource vnetRight 'Microsoft.Network/virtualNetworks@2024-05-01' existing = {
  scope: resourceGroup('rg-right')
  name: 'right'
}

resource dnsPrivatelinkBlobCoreWindowsNet 'Microsoft.Network/privateDnsZones@2024-06-01' existing = {
  name: 'privatelink.blob.core.windows.net'
}

resource peerLeftToRight 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings@2024-05-01' = {
  parent: vnetLeft
  name: 'left-to-right'
  properties: {
    remoteVirtualNetwork: {
      id: vnetRight.id
    }
    allowVirtualNetworkAccess: true
    allowForwardedTraffic: false
    allowGatewayTransit: false
    useRemoteGateways: false
  }
}

resource peerLeftToOld 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings@2024-05-01' = {
  parent: vnetLeft
  name: 'left-to-old'
  properties: {
    remoteVirtualNetwork: {
      id: oldId
    }
    allowVirtualNetworkAccess: true
    allowForwardedTraffic: false
    allowGatewayTransit: false
    useRemoteGateways: remoteGatewaysExist
  }
  dependsOn: [
    peerLeftToRight
  ]
}

resource dnsPrivatelinkBlobCoreWindowsNetRight 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = {
  parent: dnsPrivatelinkBlobCoreWindowsNet
  name: 'right'
  location: 'global'
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: vnetRight.id
    }
  }
}

output remotePeerings array = [
  {
    virtualNetwork: oldId
    properties: {
      remoteVirtualNetwork: {
        id: vnetLeft.id
      }
      allowVirtualNetworkAccess: true
      allowForwardedTraffic: false
      allowGatewayTransit: true
      useRemoteGateways: false
    }
  }
]
