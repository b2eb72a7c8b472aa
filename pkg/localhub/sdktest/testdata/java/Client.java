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
import com.microsoft.azure.sdk.iot.device.twin.Twin;
import com.microsoft.azure.sdk.iot.device.twin.TwinCollection;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** The side of devices and modules: one client at a time. */
class Client {
    static InternalClient client;
    static boolean listening;
    static boolean subscribed;

    static void addCalls() {
        Driver.calls.put("open", a -> {
            open(Json.text(a, 0), Json.map(a, 1));
            return null;
        });
        Driver.calls.put("openWithToken", a -> {
            open("HostName=" + Json.text(a, 0) + ";DeviceId=" + Json.text(a, 1) + ";ModuleId=" + Json.text(a, 2) + ";SharedAccessSignature=" + Json.text(a, 3), Json.map(a, 4));
            return null;
        });
        Driver.calls.put("connect", a -> {
            client.open(false);
            return null;
        });
        Driver.calls.put("disconnect", a -> {
            client.close();
            subscribed = false;
            return null;
        });
        Driver.calls.put("close", a -> {
            close();
            return null;
        });
        Driver.calls.put("twin", a -> {
            subscribe();
            Response response = new Response();
            client.getTwinAsync(response, null);
            Twin twin = Twin.createFromPropertiesJson(response.body());
            return Json.object("desired", section(twin.getDesiredProperties()), "reported", section(twin.getReportedProperties()));
        });
        Driver.calls.put("report", a -> {
            subscribe();
            Response response = new Response();
            client.updateReportedPropertiesAsync(new TwinCollection(Json.map(a, 0)), response, null);
            response.body();
            return null;
        });
        Driver.calls.put("listen", a -> {
            subscribe();
            listening = true;
            return null;
        });
        Driver.calls.put("subscribeToEverything", a -> {
            client.subscribeToMethods((name, request, context) -> new DirectMethodResponse(200, null), null);
            return null;
        });
        Driver.calls.put("send", a -> {
            client.sendEvent(new Message(Json.text(a, 0)));
            return null;
        });
        Driver.calls.put("sendToOutput", a -> {
            ((ModuleClient) client).sendEvent(new Message(Json.text(a, 0)), Json.text(a, 1));
            return null;
        });
    }

    static void open(String connectionString, Map<String, Object> options) throws Driver.Unsupported, InterruptedException {
        close();
        if (options.containsKey("renewAfter")) {
            Driver.unsupported(); // over MQTT, it waits until it is cut off
        }
        ClientOptions.ClientOptionsBuilder settings = ClientOptions.builder().sslContext(Driver.trust);
        IotHubClientProtocol protocol = (Boolean) options.get("webSocket") ? IotHubClientProtocol.MQTT_WS : IotHubClientProtocol.MQTT;
        client = connectionString.contains("ModuleId=") ? new ModuleClient(connectionString, protocol, settings.build())
            : new DeviceClient(connectionString, protocol, settings.build());
        listening = false;
        subscribed = false;
    }

    /**
     * Closes the client, or abandons it: if its connection ends at the same moment, Paho's thread for that may die
     * (from a NullPointerException in ClientState.quiesce), and then close waits for it endlessly.
     */
    static void close() throws InterruptedException {
        if (client != null) {
            Thread closing = new Thread(client::close);
            closing.setDaemon(true);
            closing.start();
            closing.join(5000);
        }
        client = null;
    }

    /**
     * Takes the response to a twin request when it is acknowledged. onResponseReceived, and with it getTwin and
     * updateReportedProperties, misses some responses: IotHubTransport.onMessageReceived passes a response to another
     * thread, which may remove the callback before it is called.
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
        public void onResponseReceived(Twin twin, Message message, Object context,
            IotHubStatusCode status, IotHubClientException error) {}

        @Override
        public void onResponseReceived(Message message, Object context, IotHubStatusCode status, ReportedPropertiesUpdateResponse response,
            IotHubClientException error) {}
    }

    /** Subscribes once, which this SDK requires before anything else that concerns the twin. */
    static void subscribe() throws Exception {
        if (!subscribed) {
            client.subscribeToDesiredProperties((twin, context) -> {
                if (listening) {
                    Driver.say("event", "patch", "value", section(twin.getDesiredProperties()));
                }
            }, null);
            subscribed = true;
        }
    }

    static Map<String, Object> section(TwinCollection properties) {
        Map<String, Object> section = new LinkedHashMap<>(properties);
        if (properties.getVersion() != null) {
            section.put("$version", properties.getVersion());
        }
        return section;
    }
}
