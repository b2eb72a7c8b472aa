// Makes calls of Microsoft's SDKs for Node.js.
//
// Each line of stdin is a call, each line of stdout an answer or an event, all
// of them as JSON. Identities and twins have the same form as over HTTPS.

'use strict';

const readline = require('node:readline');
const { Registry } = require('azure-iothub');
const { Client, Message, ModuleClient, SharedAccessKeyAuthenticationProvider } = require('azure-iot-device');
const { Mqtt, MqttWs } = require('azure-iot-device-mqtt');

let registry;
let client; // the client of a device or module, one at a time
let twin; // the client's twin
let listening = false;

// The service side.

const body = async (response) => (await response).responseBody;

const twinBody = (patch) => ({ tags: patch.tags, properties: patch.desired && { desired: patch.desired } });

// removeModule uses a callback: for a module with an etag, the promise of this
// call is rejected before anything is sent.
const removeModule = (module) => new Promise((resolve, reject) => {
  registry.removeModule(module, (error) => (error ? reject(error) : resolve()));
});

const service = {
  openService: (connectionString) => { registry = Registry.fromConnectionString(connectionString); },
  createDevice: (device) => body(registry.create(device)),
  getDevice: (device) => body(registry.get(device)),
  listDevices: () => body(registry.list()),
  updateDevice: (device) => ('etag' in device ? unsupported() : body(registry.update(device))),
  deleteDevice: (device, etag) => (etag ? unsupported() : body(registry.delete(device))),
  createModule: (module) => body(registry.addModule(module)),
  getModule: (device, module) => body(registry.getModule(device, module)),
  listModules: (device) => body(registry.getModulesOnDevice(device)),
  updateModule: (module) => body(registry.updateModule(module, !('etag' in module))),
  deleteModule: (device, module, etag) => (etag
    ? removeModule({ deviceId: device, moduleId: module, etag })
    : body(registry.removeModule(device, module))),
  getTwin: (device, module) => body(module ? registry.getModuleTwin(device, module) : registry.getTwin(device)),
  updateTwin: (device, module, patch, etag = '*') => body(module
    ? registry.updateModuleTwin(device, module, twinBody(patch), etag)
    : registry.updateTwin(device, twinBody(patch), etag)),
  replaceTwin: () => unsupported(),
  sendTwinBack: () => unsupported(),
};

function unsupported() {
  throw Object.assign(new Error(), { name: 'Unsupported' });
}

// The side of devices and modules.

async function open(connectionString, options) {
  const provider = SharedAccessKeyAuthenticationProvider.fromConnectionString(connectionString);
  if (options.renewAfter) {
    provider.setTokenRenewalValues(60 + options.renewAfter, 60);
  }
  const kind = connectionString.includes('ModuleId=') ? ModuleClient : Client;
  await use(kind, 'fromAuthenticationProvider', provider, options);
}

async function use(kind, create, credentials, options) {
  await clients.close();
  client = kind[create](credentials, options.webSocket ? MqttWs : Mqtt);
  client.on('disconnect', () => say({ event: 'gaveUp' }));
  twin = undefined;
  listening = false;
}

async function getTwin() {
  const heard = listening;
  listening = false; // reading a twin also calls the handlers
  twin = await client.getTwin();
  listening = heard;
  const { update, ...reported } = twin.properties.reported;
  return { desired: twin.properties.desired, reported };
}

// listen skips what the SDK passes to a new handler at the next tick: the
// desired properties that were read before.
async function listen() {
  twin ??= await client.getTwin();
  if (twin.listenerCount('properties.desired') === 0) {
    twin.on('properties.desired', (patch) => listening && say({ event: 'patch', value: patch }));
  }
  await new Promise(setImmediate);
  listening = true;
}

async function report(patch) {
  twin ??= await client.getTwin();
  await new Promise((resolve, reject) => {
    twin.properties.reported.update(patch, (error) => (error ? reject(error) : resolve()));
  });
}

async function subscribeToEverything() {
  const onMethod = client.onMethod ? 'onMethod' : 'onDeviceMethod';
  client[onMethod]('method', () => {});
  client.on(client.onMethod ? 'inputMessage' : 'message', () => {});
}

const clients = {
  open,
  openWithToken: (_host, _device, _module, token, options) => use(ModuleClient, 'fromSharedAccessSignature', token, options),
  connect: async () => { await client.open(); },
  disconnect: async () => { await client.close(); },
  close: async () => { await client?.close(); client = undefined; },
  twin: getTwin,
  report,
  listen,
  subscribeToEverything,
  send: async (text) => { await client.sendEvent(new Message(text)); },
  sendToOutput: async (text, output) => { await client.sendOutputEvent(output, new Message(text)); },
};

// Lines.

const calls = { ...service, ...clients };

const say = (message) => process.stdout.write(JSON.stringify(message) + '\n');

// statuses maps errors to the hub's status where the SDK reveals only the name.
const statuses = { UnauthorizedError: 401 };

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { call, arguments: given } = JSON.parse(line);
    try {
      say({ result: await calls[call](...given) });
    } catch (error) { // its text is not written, as it may contain a key
      say({ error: error.name, status: error.response?.statusCode ?? statuses[error.name] ?? 0 });
    }
  }
  await clients.close();
}

main().then(() => process.exit());
