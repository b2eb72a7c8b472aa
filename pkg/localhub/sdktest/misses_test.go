package sdktest

// misses are the scenarios that the SDKs of a language are known to miss.
var misses = []miss{
	{
		language: "Python", failure: "it has not subscribed again",
		scenarios: []string{"subscribe again when the hub has forgotten"},
		reason:    "it trusts the hub to have kept its session (azure-iot-sdk-python#713)",
	},
	{
		language: "Python", failure: "it has given up",
		scenarios: []string{"come back with a new token when it has expired"},
		reason:    "it comes back with the old token, and one refusal ends that for good (azure-iot-sdk-python#1181)",
	},

	{
		language: "Node.js", failure: "Unsupported",
		scenarios: []string{"update a device with its etag, then with the old one: 412", "delete a device with an old etag: 412", "delete a device with its etag"},
		reason:    `azure-iothub sends If-Match: "*" for devices, whatever their etag (registry.js, update and delete)`,
	},
	{
		language: "Node.js", failure: "Unsupported",
		scenarios: []string{"* twin: replace", "* twin: replace with the etag, then with the old one: 412", "* twin: replace it by itself"},
		reason:    "azure-iothub has no call that replaces a twin",
	},
	{
		language: "Node.js", failure: "getTwin: ",
		scenarios: []string{"throttled, and told how long to wait", "unavailable: a read is made again", "cut: a read is made again"},
		reason:    "azure-iothub makes no request again (rest_api_client.js)",
	},
	{
		language: "Node.js", failure: "report: Error with status 0",
		scenarios: []string{"learn the status of a refusal"},
		reason:    "azure-iot-device-mqtt keeps the message of a refusal only (mqtt_twin_client.js)",
	},
	{
		language: "Node.js", over: mqtt, failure: "it has given up",
		scenarios: []string{"come back after a reset"},
		reason:    "it takes the system's ECONNRESET for an error that stays (mqtt_base.js hands it on as it is)",
	},
	{
		language: "Node.js", failure: "what it hears first is version 4",
		scenarios: []string{"catch up with what changed meanwhile"},
		reason:    "it does not read the twin again (azure-iot-sdk-node#885)",
	},
	{
		language: "Node.js", failure: "it has not subscribed again",
		scenarios: []string{"subscribe again when the hub has forgotten"},
		reason:    "it trusts the hub to have kept its session (azure-iot-sdk-node#1255)",
	},

	{
		language: "Java", failure: "the keys have 24 and 24 characters",
		scenarios: []string{"create a device with keys of the hub's making"},
		reason:    "the SDK makes the keys itself (SymmetricKey.java)",
	},
	{
		language: "Java", failure: "Unsupported",
		scenarios: []string{"create a device with a reason for its status", "create a module that somebody manages"},
		reason:    "both can be read only (Device.java, Module.java)",
	},
	{
		language: "Java", failure: "IotHubBadFormatException with status 400",
		scenarios: []string{"ids with characters that need an escape"},
		reason:    "ids stand in paths as they are (IotHubConnectionString.java of the service client, getUrlDevice)",
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
		language: "Java", failure: "it is carried out, want status 412",
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
		reason:    "the service client takes no empty name (its TwinCollection.java; azure-iot-sdk-java#1754 was mended in the device client)",
	},
	{
		language: "Java", failure: "properties.desired.$version is 2, want 1",
		scenarios: []string{"* twin: tags alone leave the desired version"},
		reason:    "an empty desired section is sent with tags (TwinClient.java, patch)",
	},
	{
		language: "Java", failure: "getTwin: ",
		scenarios: []string{"throttled, and told how long to wait", "unavailable: a read is made again"},
		reason:    "the service client makes no request again (HttpRequest.java)",
	},
	{
		language: "Java", failure: `"" with status 0, want an error`,
		scenarios: []string{"answer lost: a write is carried out, and fails"},
		reason:    "Java's HTTP client sends a POST again by itself (sun.net.http.retryPost)",
	},
	{
		language: "Java", failure: "connect: \"IllegalArgumentException\"",
		scenarios: []string{"sign in with # in the ids"},
		reason:    "a # stands in what it subscribes to, devices/{device}/modules/…, where its MQTT client allows none (MqttIotHubConnection.java)",
	},
	{
		language: "Java", failure: "open: IllegalArgumentException",
		scenarios: []string{"sign in with % and + in the ids"},
		reason:    "the device id of a connection string is taken for escaped (IotHubConnectionString.java of the device client)",
	},
	{
		language: "Java", failure: "what it hears first is version 4",
		scenarios: []string{"catch up with what changed meanwhile"},
		reason:    "it does not read the twin again (MqttIotHubConnection.java)",
	},
	{
		language: "Java", failure: "it has not subscribed again",
		scenarios: []string{"subscribe again when the hub has forgotten"},
		reason:    "of the twin, it subscribes to answers only, and that with the next request (MqttTwin.java)",
	},
	{
		language: "Java", failure: "Unsupported",
		scenarios: []string{"renew the token before it expires"},
		reason:    "over MQTT, it waits to be cut (IotHubSasTokenSoftwareAuthenticationProvider.java has no timer)",
	},
}
