// Posts without a token, then with one, then 20 MB to an app that refuses early. Prints what came.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	origin, token := os.Args[1], os.Args[2]
	seen := map[string]int{}
	post := func(path string, length int, token string) {
		request, err := http.NewRequest("POST", origin+path, bytes.NewReader(make([]byte, length)))
		if err != nil {
			panic(err)
		}
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			seen[err.Error()]++
			return
		}
		defer answer.Body.Close()
		io.Copy(io.Discard, answer.Body)
		seen[fmt.Sprintf("%s %d", path, answer.StatusCode)]++
	}
	for range 10 {
		for _, length := range []int{3, 1000, 100_000, 1_000_000} {
			post("/read", length, "")
			post("/read", length, token)
		}
	}
	for range 30 {
		post("/early", 20_000_000, token)
	}
	json.NewEncoder(os.Stdout).Encode(seen)
}
