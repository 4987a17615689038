// The function app and what it stands on. Nothing here is a secret: the app reaches its storage
// and Application Insights by a managed identity, and neither accepts a key.
//
// az deployment group create --resource-group GROUP --template-file deploy/main.bicep \
//   --parameters name=NAME apiClientId=API_CLIENT_ID cliClientId=CLI_CLIENT_ID

targetScope = 'resourceGroup'

@description('The function app\'s name, and so its address: https://NAME.azurewebsites.net.')
@minLength(2)
@maxLength(60)
param name string = 'greeting-${uniqueString(resourceGroup().id)}'

@description('A region that has Flex Consumption: az functionapp list-flexconsumption-locations')
@metadata({ azd: { type: 'location' } })
param location string = resourceGroup().location

@description('The application (client) id of the API\'s registration, as deploy/register.sh prints it.')
@minLength(36)
@maxLength(36)
param apiClientId string

@description('The application (client) id of greeting-cli\'s registration, as deploy/register.sh prints it.')
@minLength(36)
@maxLength(36)
param cliClientId string

@description('The Azure Developer CLI\'s environment, if it is azd that deploys.')
param environmentName string = ''

// Everything here is found again by the first: deploy/remove.sh takes away what has it.
var tags = union({ 'greeting-deployment': name }, empty(environmentName) ? {} : { 'azd-env-name': environmentName })
var suffix = uniqueString(resourceGroup().id, name)
// Within the limits of them all: a plan's name has 60 characters at most, a workspace's 63.
var stem = '${take(name, 40)}-${suffix}'
var container = 'deployments'

// The same file as greeting-local reads. Its placeholders are filled with this place's values.
var authSettings = json(replace(replace(replace(replace(string(loadJsonContent('authsettingsV2.json')), '<authority-host>', split(environment().authentication.loginEndpoint, '/')[2]), '<tenant-id>', tenant().tenantId), '<client-id>', apiClientId), '<cli-client-id>', cliClientId))

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${stem}-identity'
  location: location
  tags: tags
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: 'st${suffix}'
  location: location
  tags: tags
  sku: { name: 'Standard_LRS' }
  kind: 'StorageV2'
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: storage
  name: 'default'
}

resource deployments 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: container
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${stem}-logs'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: '${stem}-insights'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

// A module, since a role assignment has to be named by the principal, which is known only once the
// identity is there (BCP120). Named by the identity's id, the assignment could not be changed when
// an identity is deleted and made again (RoleAssignmentUpdateNotPermitted).
module roles 'roles.bicep' = {
  name: 'roles-${suffix}'
  params: {
    storageName: storage.name
    insightsName: insights.name
    principalId: identity.properties.principalId
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: '${stem}-plan'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'greeting' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${container}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'custom'
        version: '1.0'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: 40
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      appSettings: [
        // By the blob service's address: by the account's name, the host would try tables and queues,
        // for which the identity has no role.
        { name: 'AzureWebJobsStorage__blobServiceUri', value: storage.properties.primaryEndpoints.blob }
        { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
        { name: 'AzureWebJobsStorage__clientId', value: identity.properties.clientId }
        { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: insights.properties.ConnectionString }
        { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'ClientId=${identity.properties.clientId};Authorization=AAD' }
      ]
    }
  }
  // The host starts with its storage; without the role it would fail and be slow to try again.
  dependsOn: [ roles, deployments ]
}

// Easy Auth, before any code is there.
resource auth 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: authSettings
}

// Deployment by Entra ID only: no user name and password.
resource basicScm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

resource basicFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

output functionAppName string = app.name
output greetingUrl string = 'https://${app.properties.defaultHostName}/api/greeting'
output storageAccountName string = storage.name
output insightsName string = insights.name
