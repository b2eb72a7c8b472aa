package portal_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/portal"
)

// A test that people may watch serves the portal of its hub and prints the
// portal's address.
func Example() {
	hub, err := localhub.Start(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer hub.Close()
	view := portal.New(hub, nil)
	defer view.Close()
	server := httptest.NewServer(view)
	defer server.Close()

	response, err := http.Get(view.URL(server.Listener.Addr().String()))
	if err != nil {
		fmt.Println(err)
		return
	}
	response.Body.Close()
	fmt.Println("A client without cookies is asked for the token:", response.StatusCode)
	// Output: A client without cookies is asked for the token: 401
}
