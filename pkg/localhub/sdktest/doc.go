// Package sdktest tests the local hub with clients that this repository did not
// write.
//
// Microsoft's SDKs for Python, Node.js and Java, unmodified, use the hub over
// TLS: their service clients for identities and twins, their device clients as
// devices and modules, over MQTT and WebSocket. What they have to be able to do
// is written once, as scenarios, and played with each language. A driver in
// testdata makes the calls that the scenarios name; it reads them line by line
// from stdin, as JSON, and answers in the same way. What an SDK does not do, or
// does wrong with Azure as well, is listed in a table of expected misses, each
// with its reason. An expected miss that does not occur also fails the tests.
//
// The page for other languages, which also uses curl and mosquitto, is pasted
// into a shell.
//
// The SDKs for .NET and C are not run here. What they do differently on the
// wire is replayed byte by byte from recordings.
//
// The scripts in setup install the SDKs into the user's cache folder, in the
// versions that the files next to them name. Tests whose SDKs are missing are
// skipped, or fail if the environment variable IOTHUB_SDKS_REQUIRED is set.
// IOTHUB_SDKS_TABLE names a file for a table of scenarios and languages.
//
//	pkg/localhub/sdktest/setup/python
//	pkg/localhub/sdktest/setup/node
//	pkg/localhub/sdktest/setup/java
//	IOTHUB_SDKS_REQUIRED=1 IOTHUB_SDKS_TABLE=table.txt go test ./pkg/localhub/sdktest
//
// The SDKs insist on the ports 8883 and 443, which the tests open on their own
// loopback addresses. If the user may not open port 443, only the Python tests
// over MQTT run; on Linux, this allows it:
//
//	sudo sysctl net.ipv4.ip_unprivileged_port_start=443
package sdktest
