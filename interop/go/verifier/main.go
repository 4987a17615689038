// A resource server's view by go-oidc: reads a token a line, and says of each what becomes of it.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
)

func main() {
	issuer, audience := os.Args[1], os.Args[2]
	provider, err := oidc.NewProvider(context.Background(), issuer)
	if err != nil {
		log.Fatal(err)
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: audience})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		token, err := verifier.Verify(context.Background(), lines.Text())
		var claims struct {
			Scope string `json:"scp"`
		}
		if err == nil {
			err = token.Claims(&claims)
		}
		if err != nil {
			fmt.Println("refused:", err)
		} else {
			fmt.Println("ok:", claims.Scope)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}
