package errorbody

// names maps the error codes of identities, twins and connections to their
// names, as listed at
// https://learn.microsoft.com/azure/iot-hub/troubleshoot-error-codes.
// Responses over HTTPS usually contain the name, those over MQTT the number.
var names = map[int]string{
	400000: "GenericBadRequest",
	400001: "InvalidProtocolVersion",
	400003: "InvalidOperation",
	400004: "ArgumentInvalid",
	400005: "ArgumentNull",
	400006: "IotHubFormatError",
	400010: "InvalidSchemaVersion",
	400011: "DeviceDefinedMultipleTimes",
	400012: "DeserializationError",
	400013: "BulkRegistryOperationFailure",
	400021: "RequestCanceled",
	400023: "EtagDoesNotMatch",
	400024: "RequestTimedOut",
	400025: "UnsupportedOperationOnReplica",
	400026: "NullMessage",
	400027: "ConnectionForcefullyClosedOnNewConnection",
	400028: "InvalidDeviceScope",
	400029: "ConnectionForcefullyClosedOnFaultInjection",
	400030: "ConnectionRejectedOnFaultInjection",

	401000: "GenericUnauthorized",
	401001: "IotHubNotFound",
	401002: "IotHubUnauthorizedAccess",
	401003: "IotHubUnauthorized",
	401100: "SystemModuleModifyUnauthorizedAccess",

	403000: "GenericForbidden",
	403001: "IotHubSuspended",
	403002: "IotHubQuotaExceeded",
	403010: "OperationNotAvailableInCurrentTier",
	403011: "KeyEncryptionKeyRevoked",
	403012: "DeviceDisabled",
	403100: "DeviceModelMaxPropertiesExceeded",
	403101: "DeviceModelMaxIndexablePropertiesExceeded",

	404000: "GenericNotFound",
	404001: "DeviceNotFound",
	404010: "ModuleNotFound",
	404012: "IotHubFailingOver",
	404013: "FeatureNotSupported",
	404103: "DeviceNotOnline",
	404104: "DeviceConnectionClosedRemotely",

	405000: "GenericMethodNotAllowed",
	405102: "OperationNotAllowedInCurrentState",

	409000: "GenericConflict",
	409001: "DeviceAlreadyExists",
	409002: "LinkCreationConflict",
	409102: "DeviceLocked",
	409301: "ModuleAlreadyExistsOnDevice",

	412000: "GenericPreconditionFailed",
	412001: "PreconditionFailed",

	413000: "GenericRequestEntityTooLarge",
	413001: "MessageTooLarge",
	413002: "TooManyDevices",
	413003: "TooManyModulesOnDevice",

	415000: "GenericUnsupportedMediaType",

	429000: "GenericTooManyRequests",
	429001: "ThrottlingException",
	429002: "ThrottleBacklogLimitExceeded",
	429003: "ThrottlingBacklogTimeout",
	429005: "DeviceThrottlingLimitExceeded",

	499000: "ClientClosedRequest",

	500001: "ServerError",
	500008: "GenericTimeout",

	502000: "GenericBadGateway",

	503000: "GenericServiceUnavailable",
	503001: "ServiceUnavailable",
	503004: "IotHubActivationFailed",
	503005: "ServerBusy",
	503006: "IotHubRestoring",
	503101: "ConnectionUnavailable",
	503102: "DeviceUnavailable",

	504000: "GenericGatewayTimeout",
	504101: "GatewayTimeout",
}
