"""Makes calls of Microsoft's SDKs for Python.

Each line of stdin is a call, each line of stdout an answer or an event, all
of them as JSON. Identities and twins have the same form as over HTTPS.
"""

import json
import logging
import re
import ssl
import sys
import threading

from azure.iot.device import IoTHubDeviceClient, IoTHubModuleClient
from azure.iot.device.exceptions import CredentialError, NoConnectionError
from azure.iot.hub import IoTHubRegistryManager
from azure.iot.hub.models import Twin, TwinProperties
from msrest.exceptions import HttpOperationError
from msrest.serialization import Model
from paho.mqtt.client import Client as PahoClient

logging.disable(logging.WARNING)  # a refusal causes one, and so does a date without a time zone
manager = client = listening = None
writing = threading.Lock()


def survive_the_end_of_connections():
    """Turns an SSLEOFError into a ConnectionError: raised during a write, it would end Paho's thread for good."""
    send = PahoClient._sock_send

    def send_or_lose(paho, data):
        try:
            return send(paho, data)
        except ssl.SSLEOFError as error:
            raise ConnectionError(str(error)) from error

    PahoClient._sock_send = send_or_lose


survive_the_end_of_connections()


# The service side.


def open_service(connection_string):
    global manager
    manager = IoTHubRegistryManager.from_connection_string(connection_string)


def create_device(device):
    authentication, options = device.get("authentication", {}), device_options(device)
    if authentication.get("type") == "selfSigned":
        return manager.create_device_with_x509(device["deviceId"], *thumbprints(authentication), **options)
    if authentication.get("type") == "certificateAuthority":
        return manager.create_device_with_certificate_authority(device["deviceId"], **options)
    return manager.create_device_with_sas(device["deviceId"], *symmetric_keys(device), **options)


def update_device(device):
    return manager.update_device_with_sas(device["deviceId"], device.get("etag"), *symmetric_keys(device), **device_options(device))


def create_module(module):
    return manager.create_module_with_sas(module["deviceId"], module["moduleId"], module.get("managedBy", ""), *symmetric_keys(module))


def update_module(module):
    return manager.update_module_with_sas(
        module["deviceId"], module["moduleId"], module.get("managedBy"), module.get("etag"), *symmetric_keys(module)
    )


def device_options(device):
    return {
        "status": device.get("status", "enabled"),
        "status_reason": device.get("statusReason"),
        "iot_edge": device.get("capabilities", {}).get("iotEdge", False),
    }


def symmetric_keys(identity):
    keys = identity.get("authentication", {}).get("symmetricKey", {})
    return keys.get("primaryKey", ""), keys.get("secondaryKey", "")


def thumbprints(authentication):
    prints = authentication["x509Thumbprint"]
    return prints["primaryThumbprint"], prints["secondaryThumbprint"]


def get_twin(device, module=None):
    return manager.get_module_twin(device, module) if module else manager.get_twin(device)


def update_twin(device, module, patch, etag=None):
    if module:
        return manager.update_module_twin(device, module, as_twin(patch), etag)
    return manager.update_twin(device, as_twin(patch), etag)


def replace_twin(device, module, patch, etag=None):
    if module:
        return manager.replace_module_twin(device, module, as_twin(patch), etag)
    return manager.replace_twin(device, as_twin(patch), etag)


def send_twin_back(device, module):
    twin = get_twin(device, module)
    if module:
        return manager.replace_module_twin(device, module, twin, twin.etag)
    return manager.replace_twin(device, twin, twin.etag)


def as_twin(patch):
    twin = Twin(tags=patch.get("tags"))
    if "desired" in patch:
        twin.properties = TwinProperties(desired=patch["desired"])
    return twin


# The side of devices and modules: one client at a time.


def open_client(connection_string, options):
    global client
    close()
    kind = IoTHubModuleClient if "ModuleId=" in connection_string else IoTHubDeviceClient
    settings = {"websockets": options["webSocket"], "connection_retry_interval": 1}
    if "renewAfter" in options:
        settings["sastoken_ttl"] = 120 + options["renewAfter"]  # it renews two minutes before the end
    client = kind.create_from_connection_string(connection_string, **settings)
    client.on_background_exception = tell_of_giving_up


def open_with_token(host, device, module, token, options):
    global client
    close()
    client = IoTHubModuleClient.create_from_sastoken(token, websockets=options["webSocket"])


def tell_of_giving_up(error):
    if type(error).__name__ in ("CredentialError", "UnauthorizedError"):
        say({"event": "gaveUp"})


def close():
    """Ends the client. Between two connections, that takes a second attempt:
    the first raises an exception."""
    global client
    if client is not None:
        try:
            client.shutdown()
        except NoConnectionError:
            client.shutdown()
    client = None


def listen():
    """Waits for patches in a thread, with the blocking call: handlers may be
    called in another order than that of the patches."""
    global listening
    if listening is client:
        return
    listening = of = client

    def wait():
        while True:
            patch = of.receive_twin_desired_properties_patch()
            if of is client:
                say({"event": "patch", "value": patch})

    threading.Thread(target=wait, daemon=True).start()


def subscribe_to_everything():
    client.receive_method_request(block=False)
    if isinstance(client, IoTHubModuleClient):
        client.receive_message_on_input("input", block=False)
    else:
        client.receive_message(block=False)


calls = {
    "openService": open_service,
    "createDevice": create_device,
    "getDevice": lambda device: manager.get_device(device),
    "listDevices": lambda: manager.get_devices(),
    "updateDevice": update_device,
    "deleteDevice": lambda device, etag=None: manager.delete_device(device, etag),
    "createModule": create_module,
    "getModule": lambda device, module: manager.get_module(device, module),
    "listModules": lambda device: manager.get_modules(device),
    "updateModule": update_module,
    "deleteModule": lambda device, module, etag=None: manager.delete_module(device, module, etag),
    "getTwin": get_twin,
    "updateTwin": update_twin,
    "replaceTwin": replace_twin,
    "sendTwinBack": send_twin_back,
    "open": open_client,
    "openWithToken": open_with_token,
    "connect": lambda: client.connect(),
    "disconnect": lambda: client.disconnect(),
    "close": close,
    "twin": lambda: client.get_twin(),
    "report": lambda patch: client.patch_twin_reported_properties(patch),
    "listen": listen,
    "subscribeToEverything": subscribe_to_everything,
    "send": lambda text: client.send_message(text),
    "sendToOutput": lambda text, output: client.send_message_to_output(text, output),
}


def say(message):
    line = json.dumps(message)
    with writing:
        print(line, flush=True)


def plain(result):
    if isinstance(result, list):
        return [plain(element) for element in result]
    return result.serialize(keep_readonly=True) if isinstance(result, Model) else result


def failure(error):
    """Returns the type of an exception and the hub's status, but not the
    text, which may contain a key."""
    status = 0
    if isinstance(error, HttpOperationError):
        status = error.response.status_code
    elif isinstance(error, CredentialError):
        status = 401
    elif told := re.search(r"twin operation returned status (\d+)", str(error.__cause__)):
        status = int(told[1])
    return {"error": type(error).__name__, "status": status}


for line in sys.stdin:
    call = json.loads(line)
    try:
        say({"result": plain(calls[call["call"]](*call["arguments"]))})
    except Exception as error:
        say(failure(error))
close()
