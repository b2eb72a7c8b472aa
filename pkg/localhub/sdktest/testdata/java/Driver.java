import com.microsoft.azure.sdk.iot.device.exceptions.IotHubClientException;
import com.microsoft.azure.sdk.iot.service.exceptions.IotHubException;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Makes calls of Microsoft's SDKs for Java.
 *
 * Each line of stdin is a call, each line of stdout an answer or an event, all
 * of them as JSON. Identities and twins have the same form as over HTTPS.
 */
class Driver {
    interface Call {
        Object make(List<Object> arguments) throws Exception;
    }

    /** Means that the SDK has no call for something. */
    static class Unsupported extends Exception {}

    static Object unsupported() throws Unsupported {
        throw new Unsupported();
    }

    static final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    static final Map<String, Call> calls = new LinkedHashMap<>();

    static SSLContext trust;

    public static void main(String[] arguments) throws Exception {
        trust = trust(arguments[0]);
        HttpsURLConnection.setDefaultSSLSocketFactory(trust.getSocketFactory());
        Service.addCalls();
        Client.addCalls();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Map<String, Object> call = Json.read(line);
            try {
                say("result", calls.get(call.get("call")).make(Json.list(call.get("arguments"))));
            } catch (Exception error) { // its text is not written, as it may contain a key
                say("error", error.getClass().getSimpleName(), "status", status(error));
            }
        }
        Client.close();
        System.exit(0);
    }

    /** Returns a context that trusts only the certificate in a file. */
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
        out.println(Json.write(Json.object(pairs)));
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
}
