// Package sdktest judges the local hub by clients that this repository did
// not write.
//
// Microsoft's SDKs for Python, unmodified, drive it over TLS: azure-iot-hub
// the service side, azure-iot-device the side of modules and devices. Each
// behaviour is a subtest. The SDKs run in Python processes, which make the
// calls that the tests name and tell what came of them; what should come of
// them stands in the tests.
//
// The SDKs for Node.js, Java, .NET and C are not run here. What they do
// differently on the wire is replayed byte by byte, one portrait for each.
//
// setup.sh installs the SDKs for Python. The tests use the interpreter that
// the environment variable IOTHUB_SDK_PYTHON names, and then fail if it lacks
// the SDKs; without the variable, they try python3 and are skipped if that
// lacks them:
//
//	IOTHUB_SDK_PYTHON=$(pkg/localhub/sdktest/setup.sh) go test ./pkg/localhub/sdktest
package sdktest
