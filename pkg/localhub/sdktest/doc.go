// Package sdktest judges the local hub by clients that this repository did
// not write.
//
// Microsoft's SDKs for Python, Node.js and Java, unmodified, drive it over
// TLS: their service clients the identities and twins, their device clients
// the side of devices and modules, over MQTT and WebSocket. What they have to
// be able to do is written once, as scenarios, and played with each language.
// A driver in testdata makes the calls that the scenarios name; it reads them
// line by line from its stdin, as JSON, and answers likewise. What an SDK does
// not do, or does wrong with Azure as well, stands in a table of expected
// misses, each with its reason; a miss that does not come fails the tests, too.
//
// The page for other languages, with curl and mosquitto besides, is pasted
// into a shell.
//
// The SDKs for .NET and C are not run here. What they do differently on the
// wire is replayed byte by byte, from one recording for each.
//
// The scripts in setup install the SDKs, in the versions that the files beside
// them name, into the user's cache folder. Tests whose SDKs are missing are
// skipped. If the environment variable IOTHUB_SDKS_REQUIRED is set, they fail.
// IOTHUB_SDKS_TABLE names a file for a table of scenarios and languages.
//
//	pkg/localhub/sdktest/setup/python
//	pkg/localhub/sdktest/setup/node
//	pkg/localhub/sdktest/setup/java
//	IOTHUB_SDKS_REQUIRED=1 IOTHUB_SDKS_TABLE=table.txt go test ./pkg/localhub/sdktest
//
// The SDKs insist on the ports 8883 and 443. The tests take them at loopback
// addresses of their own. Where 443 is closed to the user, only Python plays,
// over MQTT; on Linux, this opens it:
//
//	sudo sysctl net.ipv4.ip_unprivileged_port_start=443
package sdktest
