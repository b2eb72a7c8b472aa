"""Makes calls of azure-iot-device: one client at a time, of a module or of a
device."""

import threading

from azure.iot.device import IoTHubDeviceClient, IoTHubModuleClient, ProxyOptions
from azure.iot.device.exceptions import NoConnectionError

from lines import say, serve

client = None


def carry_out(name, arguments):
    if name in own_calls:
        return own_calls[name](*arguments)
    getattr(client, name)(*arguments)


def open_client(connection_string, options):
    global client
    close()
    kind = IoTHubModuleClient if "ModuleId=" in connection_string else IoTHubDeviceClient
    client = kind.create_from_connection_string(connection_string, **with_proxy(options))


def open_with_token(token, options):
    global client
    close()
    client = IoTHubModuleClient.create_from_sastoken(token, **with_proxy(options))


def with_proxy(options):
    if "proxy" in options:
        options["proxy_options"] = ProxyOptions("HTTP", "127.0.0.1", options.pop("proxy"))
    return options


def close():
    """Ends the client, between two connections at the second attempt: the
    first raises an exception then."""
    global client
    if client is not None:
        try:
            client.shutdown()
        except NoConnectionError:
            client.shutdown()
    client = None


def listen():
    client.on_twin_desired_properties_patch_received = lambda patch: say({"event": "patch", "value": patch})


def receive(count):
    """Waits in a thread for patches, by the call that blocks."""

    def wait():
        for _ in range(count):
            say({"event": "patch", "value": client.receive_twin_desired_properties_patch()})

    threading.Thread(target=wait, daemon=True).start()


def watch(label):
    watched = client
    client.on_connection_state_change = lambda: say({"event": "connected", "value": [label, watched.connected]})


def subscribe_to_everything():
    client.on_message_received = lambda message: None
    client.on_method_request_received = lambda request: None


own_calls = {
    "open": open_client,
    "open_with_token": open_with_token,
    "close": close,
    "listen": listen,
    "receive": receive,
    "watch": watch,
    "subscribe_to_everything": subscribe_to_everything,
    "get_twin": lambda: client.get_twin(),
    "connected": lambda: client.connected,
}

serve(carry_out)
close()
