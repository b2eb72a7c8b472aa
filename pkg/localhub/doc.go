// Package localhub is a stand-in for Azure IoT Hub: device and module
// identities, their twins, shared access signatures, over HTTPS and MQTT. It
// is to IoT Hub what [net/http/httptest] is to a web server. Programs talk to
// it as they do to Azure, over real TLS; only the connection string differs.
//
//	func TestLamp(t *testing.T) {
//		hub := localhub.New(t)
//		module := hub.AddModule("house", "lamp")
//		lamp, err := iotmodule.Dial(ctx, module, &iotmodule.Options{RootCAs: hub.RootCAs()})
//		…
//		hub.PatchDesired("house", "lamp", map[string]any{"on": true})
//		…
//		hub.ResetConnection("house", "lamp")
//
// [Hub.Twin] and [Hub.PatchDesired] read and change twins directly, without a
// request. No test has to sleep: [Hub.WaitConnection] waits for clients to come
// and go, [Hub.WaitFaults] for faults to happen, and [Hub.Events] tells all that
// happens, refusals with their reasons included. Faults have names:
// [Hub.Disconnect], [Hub.FailNext], [Hub.SetNetwork], [Hub.Restart] and so on;
// package fault has the kinds. Package portal shows a hub in a browser. As a
// program, the hub is moduletwin/pkg/cmd/localhub.
//
// One TLS port serves HTTPS, MQTT 3.1.1 and, at /$iothub/websocket, MQTT over
// WebSocket. The certificate is made at the first start; the key of the
// authority that signed it is thrown away.
//
// # What is modelled
//
// Over HTTPS: create, get, update, delete and list of device and module
// identities; get, update and replace of device and module twins; If-Match,
// both kinds of etags, statuses, error bodies and iothub-errorcode; the
// method override and other habits of Microsoft's SDKs. Shared access
// policies carry exactly their permissions; signature, expiry and audience of
// every token are checked, either key signs.
//
// Of twins: tags, desired and reported properties, merge and replace,
// $version, $metadata, version, and the limits of names, values, depth and
// size: objects and arrays may be ten levels deep, null never stands in an
// array. There may be 50 modules on a device.
//
// Over MQTT: sign-in by user name and token, one connection per identity,
// stored subscriptions, twin requests with $rid and the $version
// precondition, notifications of desired properties, telemetry and wills
// (counted, not stored), keep-alive, tokens that expire, identities that are
// disabled or deleted. Whatever a hub does not know ends the connection: other
// topics and filters, QoS 2, a sixth subscription, messages over 256 KB.
//
// # What is not modelled
//
// AMQP, MQTT 5, X.509 and Microsoft Entra sign-in, bulk operations, queries,
// jobs, configurations, direct methods (subscribing to them is accepted),
// cloud-to-device messages, file upload, device provisioning, IoT Edge (an
// edge device gets no system modules), the Event Hubs endpoint, quotas and
// throttling (other than as faults), differences between api-versions and
// between tiers, the tiers themselves.
//
// # What no source settles
//
// Where neither Microsoft's documents nor its SDKs nor recordings of the
// service say what the hub does, this is what was decided:
//
//   - Identities. An update by If-Match of an identity that does not exist is
//     refused as not found. A delete without If-Match is refused with 412. In
//     an update, a status, an authentication or keys that are left out stay as
//     they are; every other field that is left out is emptied. A module on a
//     device that does not exist: DeviceNotFound. The 51st module: 413
//     TooManyModulesOnDevice. Any api-version that looks like a date counts.
//   - If-Match may be a list of ETags, of which one has to be the present one.
//     A weak ETag never is. What cannot be read, half a pair of quotes or a
//     word in a list, is refused with 412, for twins, too, where Azure is known
//     to ignore a single ETag without quotes (the log then says so).
//   - Policies see keys in responses whatever their permissions.
//   - A replaced twin loses the part that the body leaves out. In an update,
//     "desired": null is as if it were not there. An array in $metadata is one
//     leaf. A body that is no UTF-8, holds half a surrogate pair or begins with
//     a byte order mark is refused, so that no value is altered silently.
//   - Towards the size of a section, an array counts as its elements do, each of
//     them at least as 1, and a number of more than 24 characters as its text.
//     The JSON of a section, without metadata, has to be shorter than eight
//     times the limit. What the documented counting accepts always is, unless
//     control characters and empty names, which are free there, make it longer.
//   - Every update with a desired section raises $version by one and is
//     announced, one by one, even if nothing changes. In the announcement of a
//     replacement, nested objects are compared level by level.
//   - Over MQTT, too large a report is status 403 (number 403100), a failed
//     precondition is 412 (412001). A twin request without $rid ends the
//     connection; the response to a client that has not subscribed to responses
//     is dropped. Responses to methods are ignored.
//   - Subscriptions are kept until a clean session or the end of the identity.
//     Notifications that were not acknowledged are not sent again.
//   - The times of connections and activities are not kept when the hub ends.
//   - Disabling a device cuts and refuses its modules, too. Changed keys do
//     not cut a connection that is open.
//   - A token counts for 5 minutes after its expiry, over HTTPS and MQTT, and
//     so long lives a connection that it signed in.
//   - Another version of MQTT is refused with code 1, a will to a strange topic
//     with code 5. A keep-alive of 0 is the longest one, 1767 seconds.
package localhub
