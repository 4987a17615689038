// Go before 1.27 reads no SSL_CERT_FILE on macOS and Windows: hence the pool.
// No variable says DisableInstanceDiscovery, so it is in the code; MSAL Go
// has WithInstanceDiscovery(false) and WithHTTPClient(client), in public and
// in confidential. DefaultAzureCredential(nil) works after `env --for az` and
// `az login`, with AZURE_TOKEN_CREDENTIALS=AzureCLICredential.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

func main() {
	roots, err := x509.SystemCertPool()
	check(err)
	if name := os.Getenv("SSL_CERT_FILE"); name != "" {
		pem, err := os.ReadFile(name)
		check(err)
		roots.AppendCertsFromPEM(pem)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	client := &http.Client{Transport: transport}

	credential, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions: azcore.ClientOptions{
			Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: os.Getenv("AZURE_AUTHORITY_HOST")},
			Transport: client,
		},
		ClientID:                 os.Getenv("AZURE_CLIENT_ID"),
		TenantID:                 os.Getenv("AZURE_TENANT_ID"),
		DisableInstanceDiscovery: true,
	})
	check(err)
	token, err := credential.GetToken(context.Background(), policy.TokenRequestOptions{
		Scopes: []string{os.Getenv("GREETING_SCOPE")},
	})
	check(err)
	request, err := http.NewRequest("GET", os.Getenv("GREETING_URL"), nil)
	check(err)
	request.Header.Set("Authorization", "Bearer "+token.Token)
	answer, err := client.Do(request)
	check(err)
	text, err := io.ReadAll(answer.Body)
	check(err)
	fmt.Println(string(text))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
