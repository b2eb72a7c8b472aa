// Package browsertest tests the portal in the way people use it: in Chromium.
//
//	apt-get install chromium        # or any Chromium or Chrome
//	cd pkg/localhub/portal/browsertest
//	go test ./...
//
// It is a separate module, so that only these tests depend on the library that
// drives the browser. Without a browser, they are skipped; if PORTAL_BROWSER
// names one that does not start, they fail. The accessibility checker axe-core
// is taken from the file that PORTAL_AXE names; setup.sh downloads it.
//
// # Figures
//
// This command prints how long the page takes for the most important things,
// and checks that against limits which even a busy machine meets:
//
//	go test -run Figures -v
//
// # The picture in the README
//
// This command renews it:
//
//	go test -run Picture -update
//
// The test fails when the page has changed since the picture was made.
package browsertest
