package sdktest

// misses are the scenarios that the SDKs of a language are known to fail.
var misses = []miss{
	{
		language: "Python", failure: "it has not subscribed again",
		scenarios: []string{"subscribe again when the hub has forgotten"},
		reason:    "it trusts the hub to have kept its session (azure-iot-sdk-python#713)",
	},
	{
		language: "Python", failure: "it has given up",
		scenarios: []string{"come back with a new token when it has expired"},
		reason:    "it comes back with the old token, and gives up after one refusal (azure-iot-sdk-python#1181)",
	},

	{
		language: "Node.js", failure: "Unsupported",
		scenarios: []string{"update a device with its etag, then with the old one: 412", "delete a device with an old etag: 412", "delete a device with its etag"},
		reason:    `azure-iothub sends If-Match: "*" for devices, whatever their etag (registry.js, update and delete)`,
	},
	{
		language: "Node.js", failure: "Unsupported",
		scenarios: []string{"* twin: replace", "* twin: replace with the etag, then with the old one: 412", "* twin: replace it with itself"},
		reason:    "azure-iothub has no call that replaces a twin",
	},
	{
		language: "Node.js", failure: "getTwin: ",
		scenarios: []string{"throttled, and told how long to wait", "unavailable: a read is retried", "cut: a read is retried"},
		reason:    "azure-iothub does not retry requests (rest_api_client.js)",
	},
	{
		language: "Node.js", failure: "report: Error with status 0",
		scenarios: []string{"learn the status of a refusal"},
		reason:    "azure-iot-device-mqtt keeps only the message of a refusal (mqtt_twin_client.js)",
	},
	{
		language: "Node.js", over: mqtt, failure: "it has given up",
		scenarios: []string{"come back after a reset"},
		reason:    "it takes the system's ECONNRESET for a permanent error (mqtt_base.js passes it on unchanged)",
	},
	{
		language: "Node.js", failure: "the first patch that it hears is version 4",
		scenarios: []string{"catch up with what changed in the meantime"},
		reason:    "it does not read the twin again (azure-iot-sdk-node#885)",
	},
	{
		language: "Node.js", failure: "it has not subscribed again",
		scenarios: []string{"subscribe again when the hub has forgotten"},
		reason:    "it trusts the hub to have kept its session (azure-iot-sdk-node#1255)",
	},

	{
		language: "Java", failure: "the keys have 24 and 24 characters",
		scenarios: []string{"create a device with keys made by the hub"},
		reason:    "the SDK makes the keys itself (SymmetricKey.java)",
	},
	{
		language: "Java", failure: "Unsupported",
		scenarios: []string{"create a device with a reason for its status", "create a module that somebody manages"},
		reason:    "both are read-only (Device.java, Module.java)",
	},
	{
		language: "Java", failure: "IotHubBadFormatException with status 400",
		scenarios: []string{"ids with characters that need an escape"},
		reason:    "ids are not escaped in paths (IotHubConnectionString.java of the service client, getUrlDevice)",
	},
	{
		language: "Java", failure: "Unsupported",
		scenarios: []string{"list devices"},
		reason:    "RegistryClient has no call for it",
	},
	{
		language: "Java", failure: "Unsupported",
		scenarios: []string{"update a device with its etag, then with the old one: 412", "update a module with its etag, then with the old one: 412"},
		reason:    "RegistryClient sends If-Match: *, whatever the etag (updateDevice, updateModule)",
	},
	{
		language: "Java", failure: "it succeeded, want status 412",
		scenarios: []string{"* twin: update with the etag, then with the old one: 412", "* twin: replace with the etag, then with the old one: 412"},
		reason:    "etags are sent without quotes, and then the hub ignores them (TwinClient.java; azure-iot-sdk-node#606)",
	},
	{
		language: "Java", failure: "$metadata.b.c.$lastUpdatedVersion is null",
		scenarios: []string{"* twin: when each property was changed"},
		reason:    "the metadata of nested properties is lost when a twin is read (TwinCollection.java, put)",
	},
	{
		language: "Java", failure: "updateTwin: IllegalArgumentException",
		scenarios: []string{"* twin: an empty name"},
		reason:    "the service client accepts no empty name (its TwinCollection.java; azure-iot-sdk-java#1754 was fixed only in the device client)",
	},
	{
		language: "Java", failure: "properties.desired.$version is 2, want 1",
		scenarios: []string{"* twin: tags alone leave the desired version"},
		reason:    "an empty desired section is sent with tags (TwinClient.java, patch)",
	},
	{
		language: "Java", failure: "getTwin: ",
		scenarios: []string{"throttled, and told how long to wait", "unavailable: a read is retried"},
		reason:    "the service client does not retry requests (HttpRequest.java)",
	},
	{
		language: "Java", failure: `"" with status 0, want an error`,
		scenarios: []string{"response lost: a write is carried out, but fails"},
		reason:    "Java's HTTP client sends a POST again by itself (sun.net.http.retryPost)",
	},
	{
		language: "Java", failure: "connect: \"IllegalArgumentException\"",
		scenarios: []string{"sign in with # in the ids"},
		reason:    "it subscribes to a topic with the # in it, devices/{device}/modules/…, which its MQTT client does not allow (MqttIotHubConnection.java)",
	},
	{
		language: "Java", failure: "open: IllegalArgumentException",
		scenarios: []string{"sign in with % and + in the ids"},
		reason:    "the device id of a connection string is unescaped (IotHubConnectionString.java of the device client)",
	},
	{
		language: "Java", failure: "the first patch that it hears is version 4",
		scenarios: []string{"catch up with what changed in the meantime"},
		reason:    "it does not read the twin again (MqttIotHubConnection.java)",
	},
	{
		language: "Java", failure: "it has not subscribed again",
		scenarios: []string{"subscribe again when the hub has forgotten"},
		reason:    "it subscribes again only to responses, with its next twin request (MqttTwin.java)",
	},
	{
		language: "Java", failure: "Unsupported",
		scenarios: []string{"renew the token before it expires"},
		reason:    "over MQTT, it waits until it is cut off (IotHubSasTokenSoftwareAuthenticationProvider.java has no timer)",
	},
}
