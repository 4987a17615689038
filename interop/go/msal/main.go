// Gets tokens by MSAL for Go, by each flow that is asked for, and prints them: {"name": "token"}.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

func main() {
	authority := os.Getenv("AZURE_AUTHORITY_HOST") + "/" + os.Getenv("AZURE_TENANT_ID")
	scope, all := []string{os.Getenv("GREETING_SCOPE")}, []string{os.Getenv("GREETING_API") + "/.default"}
	id := os.Getenv("AZURE_CLIENT_ID")
	ctx, tokens := context.Background(), map[string]string{}
	for _, wanted := range os.Args[1:] {
		switch wanted {
		case "device code":
			app := publicApp(authority, id)
			first := device(app, scope)
			tokens["scope"] = first.AccessToken
			account := public.WithSilentAccount(first.Account)
			silent, err := app.AcquireTokenSilent(ctx, scope, account)
			check("silent", err)
			tokens["silent"] = silent.AccessToken
			// Not in the cache: by the refresh token.
			refreshed, err := app.AcquireTokenSilent(ctx, all, account)
			check("refresh", err)
			tokens["refreshed"] = refreshed.AccessToken
			tokens["default"] = device(publicApp(authority, id), all).AccessToken
		case "daemon":
			secret, err := confidential.NewCredFromSecret(os.Getenv("AZURE_CLIENT_SECRET"))
			check("secret", err)
			tokens["secret"] = app(authority, id, secret, all)
			pem, err := os.ReadFile(os.Getenv("DAEMON_PEM"))
			check("certificate", err)
			certificates, key, err := confidential.CertFromPEM(pem, "")
			check("certificate", err)
			certificate, err := confidential.NewCredFromCert(certificates, key)
			check("certificate", err)
			tokens["certificate"] = app(authority, id, certificate, all)
			tokens["certificate and chain"] = app(authority, id, certificate, all, confidential.WithX5C())
		case "on behalf of":
			secret, err := confidential.NewCredFromSecret(os.Getenv("AZURE_CLIENT_SECRET"))
			check("secret", err)
			app, err := confidential.New(authority, id, secret, confidential.WithInstanceDiscovery(false))
			check("on behalf of", err)
			result, err := app.AcquireTokenOnBehalfOf(ctx, os.Getenv("ASSERTION"), scope)
			check("on behalf of", err)
			tokens["on behalf of"] = result.AccessToken
		default:
			log.Fatalf("unknown: %s", wanted)
		}
	}
	check("output", json.NewEncoder(os.Stdout).Encode(tokens))
}

func publicApp(authority, id string) public.Client {
	app, err := public.New(id, public.WithAuthority(authority), public.WithInstanceDiscovery(false))
	check("public client", err)
	return app
}

func device(app public.Client, scopes []string) public.AuthResult {
	code, err := app.AcquireTokenByDeviceCode(context.Background(), scopes)
	check("device code", err)
	fmt.Fprintln(os.Stderr, code.Result.Message)
	result, err := code.AuthenticationResult(context.Background())
	check("device code", err)
	return result
}

func app(authority, id string, proof confidential.Credential, scopes []string, more ...confidential.Option) string {
	more = append(more, confidential.WithInstanceDiscovery(false))
	app, err := confidential.New(authority, id, proof, more...)
	check("confidential client", err)
	result, err := app.AcquireTokenByCredential(context.Background(), scopes)
	check("client credentials", err)
	return result.AccessToken
}

func check(name string, err error) {
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
}
