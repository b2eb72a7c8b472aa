"""Makes calls of azure-iot-hub: the service side."""

from azure.iot.hub import IoTHubRegistryManager
from azure.iot.hub.models import Twin, TwinProperties
from msrest.serialization import Model

from lines import serve

manager = None


def carry_out(name, arguments):
    """Opens a connection string, sends back a twin as it was read, or makes
    the call of the registry manager that has this name."""
    global manager
    if name == "open":
        manager = IoTHubRegistryManager.from_connection_string(*arguments)
        return None
    if name == "send_twin_back":
        device, module = arguments
        twin = manager.get_module_twin(device, module)
        return plain(manager.replace_module_twin(device, module, twin, twin.etag))
    return plain(getattr(manager, name)(*map(model, arguments)))


def model(argument):
    """A patch is written {"tags": ..., "desired": ...}."""
    if not isinstance(argument, dict):
        return argument
    twin = Twin(tags=argument.get("tags"))
    if "desired" in argument:
        twin.properties = TwinProperties(desired=argument["desired"])
    return twin


def plain(result):
    if isinstance(result, list):
        return [plain(element) for element in result]
    if isinstance(result, Model):
        return result.as_dict()
    return result


serve(carry_out)
