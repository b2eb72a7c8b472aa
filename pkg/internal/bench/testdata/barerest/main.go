// This program sends requests with only the standard library and without
// checks. It is the lower bound that createmodule and updatemoduletwin are
// measured against. Its arguments come in threes: method, path and body.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

func main() {
	fields := map[string]string{}
	for pair := range strings.SplitSeq(os.Getenv("IOTHUB_CONNECTION_STRING"), ";") {
		name, value, _ := strings.Cut(pair, "=")
		fields[name] = value
	}
	host, _, _ := strings.Cut(fields["HostName"], ":")
	key, _ := base64.StdEncoding.DecodeString(fields["SharedAccessKey"])
	resource, expiry := url.QueryEscape(host), fmt.Sprint(time.Now().Add(time.Hour).Unix())
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(resource + "\n" + expiry))
	token := "SharedAccessSignature sr=" + resource + "&sig=" + url.QueryEscape(base64.StdEncoding.EncodeToString(mac.Sum(nil))) +
		"&se=" + expiry + "&skn=" + fields["SharedAccessKeyName"]

	pem, _ := os.ReadFile(os.Getenv("IOTHUB_CA_FILE"))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	for call := os.Args[1:]; len(call) > 0; call = call[3:] {
		req, _ := http.NewRequest(call[0], "https://"+fields["HostName"]+call[1]+"?api-version=2021-04-12", strings.NewReader(call[2]))
		req.Header.Set("Authorization", token)
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
		resp, err := client.Do(req)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		var answer struct {
			Authentication struct{ SymmetricKey struct{ PrimaryKey string } }
			Properties     any
		}
		err = json.NewDecoder(resp.Body).Decode(&answer)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 {
			fmt.Fprintln(os.Stderr, resp.Status, err)
			os.Exit(1)
		}
		if answer.Properties == nil {
			fmt.Println("primary key =", answer.Authentication.SymmetricKey.PrimaryKey)
			continue
		}
		text, _ := json.MarshalIndent(answer.Properties, "", "  ")
		fmt.Println(string(text))
	}
}
