// Gets tokens by azidentity with its defaults for the public cloud, and prints them: {"name": "token"}.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

func main() {
	tokens := map[string]string{}
	get := func(name string, credential azcore.TokenCredential, err error, scope string) {
		check(name, err)
		token, err := credential.GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{scope}})
		check(name, err)
		tokens[name] = token.Token
	}
	secret, err := azidentity.NewClientSecretCredential(
		os.Getenv("TENANT"), os.Getenv("DAEMON"), os.Getenv("DAEMON_SECRET"), nil)
	get("secret", secret, err, os.Getenv("GREETING_API")+"/.default")
	device, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientID:   os.Getenv("CLIENT"),
		UserPrompt: func(context.Context, azidentity.DeviceCodeMessage) error { return nil },
	})
	get("person", device, err, os.Getenv("GREETING_SCOPE"))
	check("output", json.NewEncoder(os.Stdout).Encode(tokens))
}

func check(name string, err error) {
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
}
