// Gets a token by each of azidentity's credentials that is asked for, and prints them: {"name": "token"}.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

func main() {
	scope, all := os.Getenv("GREETING_SCOPE"), os.Getenv("GREETING_API")+"/.default"
	tokens := map[string]string{}
	get := func(name string, credential azcore.TokenCredential, err error, scope string) {
		check(name, err)
		token, err := credential.GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{scope}})
		check(name, err)
		tokens[name] = token.Token
	}
	for _, wanted := range os.Args[1:] {
		switch wanted {
		case "device code":
			credential, err := device()
			get("scope", credential, err, scope)
			get("silent", credential, err, scope)
			credential, err = device()
			get("default", credential, err, all)
		case "daemon":
			tenant, id := os.Getenv("AZURE_TENANT_ID"), os.Getenv("AZURE_CLIENT_ID")
			secret, err := azidentity.NewClientSecretCredential(tenant, id, os.Getenv("AZURE_CLIENT_SECRET"),
				&azidentity.ClientSecretCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true})
			get("secret", secret, err, all)
			pem, err := os.ReadFile(os.Getenv("DAEMON_PEM"))
			check("certificate", err)
			certificates, key, err := azidentity.ParseCertificates(pem, nil)
			check("certificate", err)
			for name, chain := range map[string]bool{"certificate": false, "certificate and chain": true} {
				credential, err := azidentity.NewClientCertificateCredential(tenant, id, certificates, key,
					&azidentity.ClientCertificateCredentialOptions{
						ClientOptions: options(), DisableInstanceDiscovery: true, SendCertificateChain: chain,
					})
				get(name, credential, err, all)
			}
			environment, err := azidentity.NewEnvironmentCredential(
				&azidentity.EnvironmentCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true})
			get("environment", environment, err, all)
		case "default":
			credential, err := azidentity.NewDefaultAzureCredential(nil)
			get("default", credential, err, all)
		case "az":
			credential, err := azidentity.NewAzureCLICredential(nil)
			get("az", credential, err, all)
		case "managed identity":
			credential, err := azidentity.NewManagedIdentityCredential(nil)
			get("managed identity", credential, err, all)
		default:
			log.Fatalf("unknown: %s", wanted)
		}
	}
	check("output", json.NewEncoder(os.Stdout).Encode(tokens))
}

func device() (azcore.TokenCredential, error) {
	return azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions:            options(),
		ClientID:                 os.Getenv("AZURE_CLIENT_ID"),
		TenantID:                 os.Getenv("AZURE_TENANT_ID"),
		DisableInstanceDiscovery: true,
		UserPrompt: func(_ context.Context, message azidentity.DeviceCodeMessage) error {
			_, err := fmt.Fprintln(os.Stderr, message.Message)
			return err
		},
	})
}

func options() azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: os.Getenv("AZURE_AUTHORITY_HOST")},
		Retry: policy.RetryOptions{MaxRetries: -1},
	}
}

func check(name string, err error) {
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
}
