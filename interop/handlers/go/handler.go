// A custom handler in Go's standard library.
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
)

func hello(response http.ResponseWriter, request *http.Request) {
	name := request.URL.Query().Get("name")
	if name == "" {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			http.Error(response, err.Error(), http.StatusBadRequest)
			return
		}
		name = string(body)
	}
	response.Header().Set("Content-Type", "application/json")
	json.NewEncoder(response).Encode(map[string]string{
		"language": "go",
		"method":   request.Method,
		"name":     name,
		"caller":   request.Header.Get("X-MS-CLIENT-PRINCIPAL-NAME"),
	})
}

func main() {
	http.HandleFunc("/api/Hello", hello)
	address := "127.0.0.1:" + os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT")
	log.Fatal(http.ListenAndServe(address, nil))
}
