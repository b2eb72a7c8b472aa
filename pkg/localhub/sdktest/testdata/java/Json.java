import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.ToNumberPolicy;
import com.google.gson.reflect.TypeToken;
import java.lang.reflect.Type;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** JSON as maps and lists. */
class Json {
    private static final Type MAP = new TypeToken<Map<String, Object>>() {}.getType();
    private static final Gson gson = new GsonBuilder().serializeNulls().setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE).create();

    static Map<String, Object> read(String text) {
        return gson.fromJson(text, MAP);
    }

    static String write(Object value) {
        return gson.toJson(value);
    }

    /** Returns the name that the SDK gives a constant in JSON. */
    static JsonElement name(Enum<?> constant) {
        return gson.toJsonTree(constant);
    }

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
