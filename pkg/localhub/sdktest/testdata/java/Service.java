import com.microsoft.azure.sdk.iot.service.auth.AuthenticationType;
import com.microsoft.azure.sdk.iot.service.registry.Device;
import com.microsoft.azure.sdk.iot.service.registry.DeviceStatus;
import com.microsoft.azure.sdk.iot.service.registry.Module;
import com.microsoft.azure.sdk.iot.service.registry.RegistryClient;
import com.microsoft.azure.sdk.iot.service.registry.RegistryIdentity;
import com.microsoft.azure.sdk.iot.service.twin.DeviceCapabilities;
import com.microsoft.azure.sdk.iot.service.twin.Twin;
import com.microsoft.azure.sdk.iot.service.twin.TwinClient;
import com.microsoft.azure.sdk.iot.service.twin.TwinCollection;
import com.microsoft.azure.sdk.iot.service.twin.TwinConnectionState;
import com.microsoft.azure.sdk.iot.service.twin.TwinMetadata;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The service side: identities and twins, in the same form as over HTTPS. */
class Service {
    static RegistryClient registry;
    static TwinClient twins;
    static Device device; // the last one that was read: an etag can only be sent with the object that it was read with
    static Module module;

    static void addCalls() {
        Driver.calls.put("openService", a -> {
            registry = new RegistryClient(Json.text(a, 0));
            twins = new TwinClient(Json.text(a, 0));
            return null;
        });
        Driver.calls.put("createDevice", a -> plain(registry.addDevice(device(Json.map(a, 0)))));
        Driver.calls.put("getDevice", a -> plain(device = registry.getDevice(Json.text(a, 0))));
        Driver.calls.put("listDevices", a -> Driver.unsupported());
        Driver.calls.put("updateDevice", a -> Json.map(a, 0).containsKey("etag") ? Driver.unsupported() : plain(registry.updateDevice(device(Json.map(a, 0)))));
        Driver.calls.put("deleteDevice", a -> {
            if (a.size() > 1) {
                registry.removeDevice(device);
            } else {
                registry.removeDevice(Json.text(a, 0));
            }
            return null;
        });
        Driver.calls.put("createModule", a -> plain(registry.addModule(module(Json.map(a, 0)))));
        Driver.calls.put("getModule", a -> plain(module = registry.getModule(Json.text(a, 0), Json.text(a, 1))));
        Driver.calls.put("listModules", a -> registry.getModulesOnDevice(Json.text(a, 0)).stream().map(Service::plain).collect(Collectors.toList()));
        Driver.calls.put("updateModule", a -> Json.map(a, 0).containsKey("etag") ? Driver.unsupported() : plain(registry.updateModule(module(Json.map(a, 0)))));
        Driver.calls.put("deleteModule", a -> {
            if (a.size() > 2) {
                registry.removeModule(module);
            } else {
                registry.removeModule(Json.text(a, 0), Json.text(a, 1));
            }
            return null;
        });
        Driver.calls.put("getTwin", a -> plain(read(a)));
        Driver.calls.put("updateTwin", a -> plain(twins.patch(twin(a), a.size() > 3 ? Json.text(a, 3) : null)));
        Driver.calls.put("replaceTwin", a -> plain(twins.replace(twin(a), a.size() > 3 ? Json.text(a, 3) : null)));
        Driver.calls.put("sendTwinBack", a -> {
            Twin twin = read(a);
            return plain(twins.replace(twin, twin.getETag()));
        });
    }

    static Device device(Map<String, Object> form) throws Driver.Unsupported {
        Device device = new Device((String) form.get("deviceId"), authenticationType(form));
        if (form.containsKey("statusReason")) {
            Driver.unsupported();
        }
        if (form.containsKey("status")) {
            device.setStatus(DeviceStatus.fromString((String) form.get("status")));
        }
        if (form.containsKey("capabilities")) {
            device.setCapabilities(new DeviceCapabilities());
            device.getCapabilities().setIotEdge((Boolean) Json.map(form.get("capabilities")).get("iotEdge"));
        }
        authenticate(device, form);
        return device;
    }

    static Module module(Map<String, Object> form) throws Driver.Unsupported {
        if (form.containsKey("managedBy")) {
            Driver.unsupported();
        }
        Module module = new Module((String) form.get("deviceId"), (String) form.get("moduleId"), authenticationType(form));
        authenticate(module, form);
        return module;
    }

    static AuthenticationType authenticationType(Map<String, Object> form) {
        String type = (String) Json.map(form.get("authentication")).getOrDefault("type", "sas");
        return type.equals("selfSigned") ? AuthenticationType.SELF_SIGNED
            : type.equals("certificateAuthority") ? AuthenticationType.CERTIFICATE_AUTHORITY : AuthenticationType.SAS;
    }

    static void authenticate(RegistryIdentity identity, Map<String, Object> form) {
        Map<String, Object> authentication = Json.map(form.get("authentication"));
        Map<String, Object> keys = Json.map(authentication.get("symmetricKey")), prints = Json.map(authentication.get("x509Thumbprint"));
        if (!keys.isEmpty()) {
            identity.getSymmetricKey().setPrimaryKey((String) keys.get("primaryKey"));
            identity.getSymmetricKey().setSecondaryKey((String) keys.get("secondaryKey"));
        }
        if (!prints.isEmpty()) {
            identity.setThumbprint((String) prints.get("primaryThumbprint"), (String) prints.get("secondaryThumbprint"));
        }
    }

    static Map<String, Object> plain(RegistryIdentity identity) {
        Map<String, Object> form = Json.object("deviceId", identity.getDeviceId(), "etag", identity.getETag(), "generationId", identity.getGenerationId(),
            "connectionState", identity.getConnectionState().getValue(), "cloudToDeviceMessageCount", identity.getCloudToDeviceMessageCount(),
            "authentication", Json.object("type", Json.name(identity.getAuthenticationType()),
                "symmetricKey", Json.object("primaryKey", identity.getPrimaryKey(), "secondaryKey", identity.getSecondaryKey()),
                "x509Thumbprint", Json.object("primaryThumbprint", identity.getPrimaryThumbprint())));
        if (identity instanceof Module) {
            form.putAll(Json.object("moduleId", ((Module) identity).getId(), "managedBy", ((Module) identity).getManagedBy()));
        } else {
            Device device = (Device) identity;
            form.putAll(Json.object("status", device.getStatus().getValue(), "statusUpdatedTime", device.getStatusUpdatedTime(),
                "deviceScope", device.getScope(), "capabilities", Json.object("iotEdge", device.getCapabilities().isIotEdge())));
        }
        return form;
    }

    static Twin read(List<Object> arguments) throws Exception {
        String device = Json.text(arguments, 0), module = Json.text(arguments, 1);
        return module.isEmpty() ? twins.get(device) : twins.get(device, module);
    }

    /** Reads the arguments device, module and patch. */
    static Twin twin(List<Object> arguments) {
        String module = Json.text(arguments, 1);
        Twin twin = module.isEmpty() ? new Twin(Json.text(arguments, 0)) : new Twin(Json.text(arguments, 0), module);
        Json.map(Json.map(arguments, 2).get("tags")).forEach(twin.getTags()::put);
        Json.map(Json.map(arguments, 2).get("desired")).forEach(twin.getDesiredProperties()::put);
        return twin;
    }

    static Map<String, Object> plain(Twin twin) {
        Map<String, Object> form = Json.object("deviceId", twin.getDeviceId(), "etag", twin.getETag(), "version", twin.getVersion(),
            "status", Json.name(twin.getStatus()), "connectionState", Json.name(TwinConnectionState.valueOf(twin.getConnectionState())),
            "properties", Json.object("desired", section(twin.getDesiredProperties()), "reported", section(twin.getReportedProperties())));
        if (twin.getModuleId() != null) {
            form.put("moduleId", twin.getModuleId());
        }
        if (!twin.getTags().isEmpty()) {
            form.put("tags", twin.getTags());
        }
        return form;
    }

    static Map<String, Object> section(TwinCollection properties) {
        Map<String, Object> section = new LinkedHashMap<>(properties);
        section.put("$version", properties.getVersion());
        section.put("$metadata", metadata(properties));
        return section;
    }

    static Map<String, Object> metadata(TwinCollection properties) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        properties.forEach((name, value) -> {
            TwinMetadata of = properties.getTwinMetadata(name);
            Map<String, Object> entry = value instanceof TwinCollection ? metadata((TwinCollection) value) : new LinkedHashMap<>();
            if (of != null) {
                entry.put("$lastUpdatedVersion", of.getLastUpdatedVersion());
            }
            metadata.put(name, entry);
        });
        return metadata;
    }
}
