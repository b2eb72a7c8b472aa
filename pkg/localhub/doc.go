// Package localhub is a stand-in for Azure IoT Hub. It has device and module
// identities, their twins and shared access signatures, and speaks HTTPS and
// MQTT. It is to IoT Hub what [net/http/httptest] is to a web server. Programs
// talk to it as they do to Azure, over real TLS; only the connection string
// differs.
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
// request. Tests never have to sleep: [Hub.WaitConnection] waits for clients to
// connect or disconnect, [Hub.WaitFaults] waits for faults to happen, and
// [Hub.Events] reports what happens, including refusals with their reasons;
// only the log tells of clients that do not get beyond TLS. Faults are injected
// by [Hub.Disconnect], [Hub.FailNext], [Hub.SetNetwork], [Hub.Restart] and so
// on; package fault has the kinds of faults. Package portal shows a hub in a
// browser. The program moduletwin/pkg/cmd/localhub runs a hub on its own.
//
// One TLS port serves HTTPS, MQTT 3.1.1 and, at /$iothub/websocket, MQTT over
// WebSocket. The certificate is created at the first start; the key of the
// authority that signed it is thrown away.
//
// # What is modelled
//
// Over HTTPS: create, get, update, delete and list of device and module
// identities; get, update and replace of device and module twins; If-Match,
// both kinds of ETags, statuses, error bodies and iothub-errorcode; the method
// override and other habits of Microsoft's SDKs. Shared access policies have
// exactly the permissions that they have in Azure. The signature, expiry and
// audience of every token are checked; it may be signed with either key.
//
// Of twins: tags, desired and reported properties, merge and replace, $version,
// $metadata, version, and the limits on names, values, depth and size: objects
// and arrays may be nested ten levels deep, and arrays must not contain null. A
// device may have 50 modules.
//
// Over MQTT: sign-in by user name and token, one connection per identity,
// stored subscriptions, twin requests with $rid and the $version precondition,
// notifications of desired properties, telemetry and wills (counted, not
// stored), keep-alive, tokens that expire, identities that are disabled or
// deleted. Anything that IoT Hub does not support ends the connection: other
// topics and filters, QoS 2, a sixth subscription, messages over 256 KB.
//
// # What is not modelled
//
// AMQP, MQTT 5, X.509 and Microsoft Entra sign-in, bulk operations, queries,
// jobs, configurations, direct methods (subscribing to them is accepted),
// cloud-to-device messages, file upload, device provisioning, IoT Edge (an edge
// device gets no system modules), the Event Hubs endpoint, quotas and
// throttling (other than as faults), differences between api-versions and
// between tiers, the tiers themselves.
//
// # Where the sources are silent
//
// Where neither Microsoft's documentation nor its SDKs nor recordings of the
// service show what IoT Hub does, the local hub decides as follows:
//
//   - Identities. An update with If-Match of an identity that does not exist
//     is refused as not found. A delete without If-Match is refused with 412.
//     In an update, a status, an authentication or keys that are left out stay
//     as they are; every other field that is left out is cleared. A module on
//     a device that does not exist is refused with DeviceNotFound, the 51st
//     module with 413 TooManyModulesOnDevice. Any api-version that looks like
//     a date is accepted.
//   - If-Match may be a list of ETags, one of which has to be the current one.
//     A weak ETag never matches. A malformed list, with an unclosed quote or a
//     bare word in it, is refused with 412. This also holds for twins, for
//     which a single ETag without quotes is ignored, with a warning in the
//     log, as Azure is known to ignore it.
//   - Responses contain the keys whatever the permissions of the policy.
//   - Replacing a twin removes the part that the body leaves out. In an
//     update, "desired": null is treated as if it were absent. In $metadata,
//     an array is a single leaf. A body that is not UTF-8, contains half a
//     surrogate pair or begins with a byte order mark is refused, so that no
//     value is altered silently.
//   - In the size of a section, an array counts as the sum of its elements,
//     each of them at least 1, and a number of more than 24 characters counts
//     as its length. Moreover, the JSON of a section, without metadata, has to
//     be shorter than eight times the limit. Whatever passes the documented
//     counting meets this, too, unless control characters and empty names,
//     which that counting ignores, make it longer.
//   - Every update with a desired section raises $version by one and is
//     announced on its own, even if nothing changes. A replacement is
//     announced as a merge patch, for which nested objects are compared level
//     by level.
//   - Over MQTT, a report that is too large is refused with status 403
//     (errorCode 403100), a failed precondition with 412 (412001). A twin
//     request without $rid ends the connection; the response to a client that
//     has not subscribed to responses is dropped. Responses to direct methods
//     are ignored.
//   - Subscriptions are stored until the client signs in with a clean session
//     or the identity is deleted. Notifications that were not acknowledged are
//     not sent again.
//   - The times of connections and activities are lost when the hub ends.
//   - Disabling a device also cuts its modules and refuses their sign-ins.
//     Changing keys does not cut an open connection.
//   - A token is accepted for 5 minutes after its expiry, over HTTPS and MQTT,
//     and a connection that signed in with it lives just as long.
//   - Other versions of MQTT are refused with return code 1, and a will to
//     anything but the client's own telemetry topic with code 5. A keep-alive
//     of 0 counts as the longest one: the client may be silent for 1767
//     seconds.
package localhub
