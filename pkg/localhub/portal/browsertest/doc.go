// Package browsertest looks at the portal as people do: in Chromium.
//
//	apt-get install chromium        # or any Chromium or Chrome
//	cd pkg/localhub/portal/browsertest
//	go test ./...
//
// It is a module of its own, so that what drives the browser is nobody's
// requirement but these tests'. Where there is no browser, they are skipped;
// with PORTAL_BROWSER set to one, they fail instead. The accessibility checker
// axe-core is taken from the file that PORTAL_AXE names; setup.sh fetches it.
//
// # Figures
//
// How long the page takes for what matters is printed, and held to limits
// that a busy machine keeps, by
//
//	go test -run Figures -v
//
// # The picture in the README
//
//	go test -run Picture -update
//
// makes it anew. The test fails when the page has changed since.
package browsertest
