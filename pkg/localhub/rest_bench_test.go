package localhub_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"moduletwin/pkg/localhub"
)

// BenchmarkREST reads and writes twins over connections that stay open, in
// turns with a bare server that answers the same requests with the same
// document. Both get the same client, which does as little as HTTP allows.
func BenchmarkREST(b *testing.B) {
	for _, method := range []string{"GET", "PATCH"} {
		for _, connections := range []int{8, 64} {
			b.Run(fmt.Sprintf("%s/connections=%d", method, connections), func(b *testing.B) {
				benchmarkREST(b, method, connections)
			})
		}
	}
}

func benchmarkREST(b *testing.B, method string, connections int) {
	hub, err := localhub.Start(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer hub.Close()
	requests := make([][]byte, connections)
	for i := range requests {
		id := fmt.Sprint("d", i)
		hub.AddModule(id, "m")
		hub.PatchDesired(id, "m", map[string]any{
			"telemetryInterval": 122, "name": "thermostat", "on": true,
			"limits": map[string]any{"low": 17.5, "high": 24, "unit": "Celsius"},
		})
		requests[i] = twinRequest(hub, method, "/twins/"+id+"/modules/m")
	}
	ours := openRequesters(b, hub.HostName(), hub.RootCAs(), requests)
	document, err := ours[0].send()
	if err != nil {
		b.Fatal(err)
	}
	bare := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Write(document)
	}))
	defer bare.Close()
	roots := x509.NewCertPool()
	roots.AddCert(bare.Certificate())
	floor := openRequesters(b, bare.Listener.Addr().String(), roots, requests)

	var rates, floorRates []float64
	for b.Loop() {
		floorRates = append(floorRates, floor.rate(b))
		rates = append(rates, ours.rate(b))
	}
	b.ReportMetric(median(rates), "requests/s")
	b.ReportMetric(median(floorRates), "floor-requests/s")
	b.ReportMetric(median(rates)/median(floorRates), "ratio")
	b.ReportMetric(0, "ns/op") // the time of both together means nothing
}

func twinRequest(hub *localhub.Hub, method, path string) []byte {
	body := ""
	if method == "PATCH" {
		body = `{"properties":{"desired":{"telemetryInterval":123}}}`
	}
	token := hub.ConnectionString(localhub.PolicyService).NewSASToken(time.Now().Add(time.Hour)).Reveal()
	return fmt.Appendf(nil, "%s %s?api-version=2021-04-12 HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\n"+
		"Content-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s",
		method, path, hub.HostName(), token, len(body), body)
}

// requester sends the same request repeatedly over one connection.
type requester struct {
	*tls.Conn
	responses *bufio.Reader
	request   []byte
}

func (a *requester) send() ([]byte, error) {
	if _, err := a.Write(a.request); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(a.responses, nil)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return body, err
}

type requesters []*requester

func openRequesters(b *testing.B, address string, roots *x509.CertPool, requests [][]byte) (all requesters) {
	b.Helper()
	for _, request := range requests {
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		all = append(all, &requester{conn, bufio.NewReader(conn), request})
	}
	return all
}

// rate lets all requesters send for a while, and returns the responses per
// second.
func (all requesters) rate(b *testing.B) float64 {
	b.Helper()
	const requests = 1280
	var running sync.WaitGroup
	began := time.Now()
	for _, a := range all {
		running.Go(func() {
			for range requests / len(all) {
				if _, err := a.send(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	running.Wait()
	return requests / time.Since(began).Seconds()
}

func median(figures []float64) float64 {
	return slices.Sorted(slices.Values(figures))[len(figures)/2]
}
