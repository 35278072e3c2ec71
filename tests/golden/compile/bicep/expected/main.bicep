// Written by mlnsgc. What is changed here is lost with the next compile;
// change the policy instead.

@description('The region to deploy to.')
param location string = resourceGroup().location

@description('The resource id of the virtual network \'old\'.')
param oldId string = resourceId('Microsoft.Network/virtualNetworks', 'old')

resource nsgOldNsg 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'old-nsg'
  location: location
  properties: {
    securityRules: [
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
        name: 'allow-https-visitors-to-front'
        properties: {
          description: 'policy.mlp:37'
          protocol: 'Tcp'
          sourcePortRange: '*'
          destinationPortRange: '443'
          sourceAddressPrefix: '10.3.0.0/24'
          destinationAddressPrefix: '10.1.0.0/24'
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

output subnetBindings array = [
  {
    subnet: '${oldId}/subnets/visitors'
    networkSecurityGroup: nsgOldNsg.id
  }
]
