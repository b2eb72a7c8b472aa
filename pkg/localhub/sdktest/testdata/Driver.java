import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.ToNumberPolicy;
import com.google.gson.reflect.TypeToken;
import com.microsoft.azure.sdk.iot.device.ClientOptions;
import com.microsoft.azure.sdk.iot.device.DeviceClient;
import com.microsoft.azure.sdk.iot.device.InternalClient;
import com.microsoft.azure.sdk.iot.device.IotHubClientProtocol;
import com.microsoft.azure.sdk.iot.device.IotHubStatusCode;
import com.microsoft.azure.sdk.iot.device.Message;
import com.microsoft.azure.sdk.iot.device.ModuleClient;
import com.microsoft.azure.sdk.iot.device.exceptions.IotHubClientException;
import com.microsoft.azure.sdk.iot.device.transport.IotHubTransportMessage;
import com.microsoft.azure.sdk.iot.device.twin.DirectMethodResponse;
import com.microsoft.azure.sdk.iot.device.twin.GetTwinCorrelatingMessageCallback;
import com.microsoft.azure.sdk.iot.device.twin.ReportedPropertiesUpdateCorrelatingMessageCallback;
import com.microsoft.azure.sdk.iot.device.twin.ReportedPropertiesUpdateResponse;
import com.microsoft.azure.sdk.iot.service.auth.AuthenticationType;
import com.microsoft.azure.sdk.iot.service.exceptions.IotHubException;
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
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Makes calls of Microsoft's SDKs for Java.
 *
 * Each line of stdin is a call, each line of stdout an answer or an event, all
 * of them JSON. Identities and twins have the form that they have over HTTPS.
 */
public class Driver {
    interface Call {
        Object make(List<Object> arguments) throws Exception;
    }

    /** What the SDK has no call for. */
    static class Unsupported extends Exception {}

    static final Type MAP = new TypeToken<Map<String, Object>>() {}.getType();
    static final Gson gson = new GsonBuilder().serializeNulls().setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE).create();
    static final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    static final Map<String, Call> calls = new LinkedHashMap<>();

    static SSLContext trust;

    public static void main(String[] arguments) throws Exception {
        trust = trust(arguments[0]);
        HttpsURLConnection.setDefaultSSLSocketFactory(trust.getSocketFactory());
        addServiceCalls();
        addClientCalls();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Map<String, Object> call = gson.fromJson(line, MAP);
            try {
                say("result", calls.get(call.get("call")).make(list(call.get("arguments"))));
            } catch (Exception error) { // of which the text is not told: it may hold a key
                say("error", error.getClass().getSimpleName(), "status", status(error));
            }
        }
        close();
        System.exit(0);
    }

    /** Trusts the certificate in a file, and no other. */
    static SSLContext trust(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (FileInputStream pem = new FileInputStream(file)) {
            store.setCertificateEntry("hub", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    static synchronized void say(Object... pairs) {
        out.println(gson.toJson(object(pairs)));
    }

    static int status(Exception error) {
        if (error instanceof IotHubException) {
            int code = ((IotHubException) error).getErrorCode();
            return code < 1000 ? code : code / 1000;
        }
        if (error instanceof IotHubClientException) {
            switch (((IotHubClientException) error).getStatusCode()) {
                case BAD_FORMAT: return 400;
                case UNAUTHORIZED: return 401;
                case QUOTA_EXCEEDED: return 403;
                case PRECONDITION_FAILED: return 412;
                case THROTTLED: return 429;
                default:
            }
        }
        return 0;
    }

    // The service side.

    static RegistryClient registry;
    static TwinClient twins;
    static Device device; // the last one that was read: an etag can be sent in no other way than with what it was read with
    static Module module;

    static void addServiceCalls() {
        calls.put("openService", a -> {
            registry = new RegistryClient(text(a, 0));
            twins = new TwinClient(text(a, 0));
            return null;
        });
        calls.put("createDevice", a -> plain(registry.addDevice(device(map(a, 0)))));
        calls.put("getDevice", a -> plain(device = registry.getDevice(text(a, 0))));
        calls.put("listDevices", a -> unsupported());
        calls.put("updateDevice", a -> map(a, 0).containsKey("etag") ? unsupported() : plain(registry.updateDevice(device(map(a, 0)))));
        calls.put("deleteDevice", a -> {
            if (a.size() > 1) {
                registry.removeDevice(device);
            } else {
                registry.removeDevice(text(a, 0));
            }
            return null;
        });
        calls.put("createModule", a -> plain(registry.addModule(module(map(a, 0)))));
        calls.put("getModule", a -> plain(module = registry.getModule(text(a, 0), text(a, 1))));
        calls.put("listModules", a -> registry.getModulesOnDevice(text(a, 0)).stream().map(Driver::plain).collect(Collectors.toList()));
        calls.put("updateModule", a -> map(a, 0).containsKey("etag") ? unsupported() : plain(registry.updateModule(module(map(a, 0)))));
        calls.put("deleteModule", a -> {
            if (a.size() > 2) {
                registry.removeModule(module);
            } else {
                registry.removeModule(text(a, 0), text(a, 1));
            }
            return null;
        });
        calls.put("getTwin", a -> plain(read(a)));
        calls.put("updateTwin", a -> plain(twins.patch(twin(a), a.size() > 3 ? text(a, 3) : null)));
        calls.put("replaceTwin", a -> plain(twins.replace(twin(a), a.size() > 3 ? text(a, 3) : null)));
        calls.put("sendTwinBack", a -> {
            Twin twin = read(a);
            return plain(twins.replace(twin, twin.getETag()));
        });
    }

    static Object unsupported() throws Unsupported {
        throw new Unsupported();
    }

    static Device device(Map<String, Object> form) throws Unsupported {
        Device device = new Device((String) form.get("deviceId"), authenticationType(form));
        if (form.containsKey("statusReason")) {
            unsupported();
        }
        if (form.containsKey("status")) {
            device.setStatus(DeviceStatus.fromString((String) form.get("status")));
        }
        if (form.containsKey("capabilities")) {
            device.setCapabilities(new DeviceCapabilities());
            device.getCapabilities().setIotEdge((Boolean) map(form.get("capabilities")).get("iotEdge"));
        }
        authenticate(device, form);
        return device;
    }

    static Module module(Map<String, Object> form) throws Unsupported {
        if (form.containsKey("managedBy")) {
            unsupported();
        }
        Module module = new Module((String) form.get("deviceId"), (String) form.get("moduleId"), authenticationType(form));
        authenticate(module, form);
        return module;
    }

    static AuthenticationType authenticationType(Map<String, Object> form) {
        String type = (String) map(form.get("authentication")).getOrDefault("type", "sas");
        return type.equals("selfSigned") ? AuthenticationType.SELF_SIGNED
            : type.equals("certificateAuthority") ? AuthenticationType.CERTIFICATE_AUTHORITY : AuthenticationType.SAS;
    }

    static void authenticate(RegistryIdentity identity, Map<String, Object> form) {
        Map<String, Object> authentication = map(form.get("authentication"));
        Map<String, Object> keys = map(authentication.get("symmetricKey")), prints = map(authentication.get("x509Thumbprint"));
        if (!keys.isEmpty()) {
            identity.getSymmetricKey().setPrimaryKey((String) keys.get("primaryKey"));
            identity.getSymmetricKey().setSecondaryKey((String) keys.get("secondaryKey"));
        }
        if (!prints.isEmpty()) {
            identity.setThumbprint((String) prints.get("primaryThumbprint"), (String) prints.get("secondaryThumbprint"));
        }
    }

    static Map<String, Object> plain(RegistryIdentity identity) {
        Map<String, Object> form = object("deviceId", identity.getDeviceId(), "etag", identity.getETag(), "generationId", identity.getGenerationId(),
            "connectionState", identity.getConnectionState().getValue(), "cloudToDeviceMessageCount", identity.getCloudToDeviceMessageCount(),
            "authentication", object("type", gson.toJsonTree(identity.getAuthenticationType()),
                "symmetricKey", object("primaryKey", identity.getPrimaryKey(), "secondaryKey", identity.getSecondaryKey()),
                "x509Thumbprint", object("primaryThumbprint", identity.getPrimaryThumbprint())));
        if (identity instanceof Module) {
            form.putAll(object("moduleId", ((Module) identity).getId(), "managedBy", ((Module) identity).getManagedBy()));
        } else {
            Device device = (Device) identity;
            form.putAll(object("status", device.getStatus().getValue(), "statusUpdatedTime", device.getStatusUpdatedTime(),
                "deviceScope", device.getScope(), "capabilities", object("iotEdge", device.getCapabilities().isIotEdge())));
        }
        return form;
    }

    static Twin read(List<Object> arguments) throws Exception {
        String device = text(arguments, 0), module = text(arguments, 1);
        return module.isEmpty() ? twins.get(device) : twins.get(device, module);
    }

    /** Reads the arguments device, module and patch. */
    static Twin twin(List<Object> arguments) {
        String module = text(arguments, 1);
        Twin twin = module.isEmpty() ? new Twin(text(arguments, 0)) : new Twin(text(arguments, 0), module);
        map(map(arguments, 2).get("tags")).forEach(twin.getTags()::put);
        map(map(arguments, 2).get("desired")).forEach(twin.getDesiredProperties()::put);
        return twin;
    }

    static Map<String, Object> plain(Twin twin) {
        Map<String, Object> form = object("deviceId", twin.getDeviceId(), "etag", twin.getETag(), "version", twin.getVersion(),
            "status", gson.toJsonTree(twin.getStatus()), "connectionState", gson.toJsonTree(TwinConnectionState.valueOf(twin.getConnectionState())),
            "properties", object("desired", section(twin.getDesiredProperties()), "reported", section(twin.getReportedProperties())));
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

    // The side of devices and modules: one client at a time.

    static InternalClient client;
    static boolean listening;
    static boolean subscribed;

    static void addClientCalls() {
        calls.put("open", a -> {
            open(text(a, 0), map(a, 1));
            return null;
        });
        calls.put("openWithToken", a -> {
            open("HostName=" + text(a, 0) + ";DeviceId=" + text(a, 1) + ";ModuleId=" + text(a, 2) + ";SharedAccessSignature=" + text(a, 3), map(a, 4));
            return null;
        });
        calls.put("connect", a -> {
            client.open(false);
            return null;
        });
        calls.put("disconnect", a -> {
            client.close();
            subscribed = false;
            return null;
        });
        calls.put("close", a -> {
            close();
            return null;
        });
        calls.put("twin", a -> {
            subscribe();
            Response response = new Response();
            client.getTwinAsync(response, null);
            var twin = com.microsoft.azure.sdk.iot.device.twin.Twin.createFromPropertiesJson(response.body());
            return object("desired", section(twin.getDesiredProperties()), "reported", section(twin.getReportedProperties()));
        });
        calls.put("report", a -> {
            subscribe();
            Response response = new Response();
            client.updateReportedPropertiesAsync(new com.microsoft.azure.sdk.iot.device.twin.TwinCollection(map(a, 0)), response, null);
            response.body();
            return null;
        });
        calls.put("listen", a -> {
            subscribe();
            listening = true;
            return null;
        });
        calls.put("subscribeToEverything", a -> {
            client.subscribeToMethods((name, request, context) -> new DirectMethodResponse(200, null), null);
            return null;
        });
        calls.put("send", a -> {
            client.sendEvent(new Message(text(a, 0)));
            return null;
        });
        calls.put("sendToOutput", a -> {
            ((ModuleClient) client).sendEvent(new Message(text(a, 0)), text(a, 1));
            return null;
        });
    }

    static void open(String connectionString, Map<String, Object> options) throws Unsupported {
        close();
        if (options.containsKey("renewAfter")) {
            unsupported(); // over MQTT, it waits to be cut
        }
        ClientOptions.ClientOptionsBuilder settings = ClientOptions.builder().sslContext(trust);
        IotHubClientProtocol protocol = (Boolean) options.get("webSocket") ? IotHubClientProtocol.MQTT_WS : IotHubClientProtocol.MQTT;
        client = connectionString.contains("ModuleId=") ? new ModuleClient(connectionString, protocol, settings.build())
            : new DeviceClient(connectionString, protocol, settings.build());
        listening = false;
        subscribed = false;
    }

    static void close() {
        if (client != null) {
            client.close();
        }
        client = null;
    }

    /**
     * Takes the response to a twin request when it is acknowledged. onResponseReceived, and with it getTwin and
     * updateReportedProperties, never learn of some: IotHubTransport.onMessageReceived hands a response to another
     * thread, which may forget the callback before it is called.
     */
    static class Response implements GetTwinCorrelatingMessageCallback, ReportedPropertiesUpdateCorrelatingMessageCallback {
        final CompletableFuture<IotHubTransportMessage> message = new CompletableFuture<>();

        String body() throws Exception {
            IotHubStatusCode status = IotHubStatusCode.getIotHubStatusCode(Integer.parseInt(message.get().getStatus()));
            if (status != IotHubStatusCode.OK) {
                throw new IotHubClientException(status);
            }
            return new String(message.get().getBytes(), StandardCharsets.UTF_8);
        }

        @Override
        public void onResponseAcknowledged(Message message, Object context) {
            this.message.complete((IotHubTransportMessage) message);
        }

        @Override
        public void onRequestQueued(Message message, Object context) {}

        @Override
        public void onRequestSent(Message message, Object context) {}

        @Override
        public void onRequestAcknowledged(Message message, Object context, IotHubClientException error) {}

        @Override
        public void onResponseReceived(com.microsoft.azure.sdk.iot.device.twin.Twin twin, Message message, Object context,
            IotHubStatusCode status, IotHubClientException error) {}

        @Override
        public void onResponseReceived(Message message, Object context, IotHubStatusCode status, ReportedPropertiesUpdateResponse response,
            IotHubClientException error) {}
    }

    /** Subscribes once, which this SDK asks for before all else that has to do with the twin. */
    static void subscribe() throws Exception {
        if (!subscribed) {
            client.subscribeToDesiredProperties((twin, context) -> {
                if (listening) {
                    say("event", "patch", "value", section(twin.getDesiredProperties()));
                }
            }, null);
            subscribed = true;
        }
    }

    static Map<String, Object> section(com.microsoft.azure.sdk.iot.device.twin.TwinCollection properties) {
        Map<String, Object> section = new LinkedHashMap<>(properties);
        if (properties.getVersion() != null) {
            section.put("$version", properties.getVersion());
        }
        return section;
    }

    // What JSON is made of.

    @SuppressWarnings("unchecked")
    static Map<String, Object> map(Object value) {
        return value == null ? Map.of() : (Map<String, Object>) value;
    }

    static Map<String, Object> map(List<Object> arguments, int index) {
        return map(arguments.get(index));
    }

    static Map<String, Object> object(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }

    static String text(List<Object> arguments, int index) {
        return index < arguments.size() ? Objects.toString(arguments.get(index), "") : "";
    }

    @SuppressWarnings("unchecked")
    static List<Object> list(Object value) {
        return (List<Object>) value;
    }
}
