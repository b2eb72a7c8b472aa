// Übersicht: the hub as a whole, how far the tutorial has come, and the shared
// access policies.

import { h, icon } from './dom.js';
import { ask, hub, own } from './hub.js';
import { t, date, knows } from './text.js';
import { link } from './route.js';
import { loadSoon } from './app.js';
import { flow } from './flow.js';
import { command, copyButton, secrets, shellLine } from './secrets.js';

const tutorial = 'serviceAndRegistryReadWrite';
const reloads = new Set(['SignedIn', 'Disconnected', 'Created', 'Deleted', 'DesiredChanged', 'NotificationSent', 'Fault']);

export function overview() {
	let about, first, received = false;
	const picture = flow();
	return {
		title: () => t('overview'),
		async load() {
			about = await ask('GET', 'hub');
			first = about.modules ? await firstModule() : null;
		},
		event(e) {
			picture.event(e);
			if (reloads.has(e.kind)) {
				loadSoon();
			}
		},
		show: () => [
			h('div', { class: 'head' }, h('p', { class: 'kind' }, t('overview')), h('h1', { class: 'id' }, about.name)),
			h('ul', { class: 'counts' }, [['countDevices', about.devices], ['countModules', about.modules], ['countConnected', about.connected]].map(([name, n]) =>
				h('li', {}, h('a', { href: '/devices' }, h('b', {}, n.toLocaleString()), h('span', {}, t(name)))))),
			picture.show(about),
			steps(),
			essentials(),
			policies(),
		],
	};

	// firstModule returns the module of the tutorial or, without it, any other.
	async function firstModule() {
		const devices = (await ask('GET', 'devices')).filter(device => device.count);
		const device = devices.find(one => one.device === 'myFirstDevice') ?? devices[0];
		if (!device) {
			return null;
		}
		const { modules } = await ask('GET', 'device', { device: device.device });
		const module = modules?.find(one => one.module === 'myFirstModule') ?? modules?.[0];
		return module && { ...module, twin: await ask('GET', 'twin', { device: module.device, module: module.module }) };
	}

	function steps() {
		const who = first && { device: first.device, module: first.module };
		received ||= first && hub.events.some(e => e.kind === 'NotificationSent' && e.device === first.device && e.module === first.module);
		const changed = first && Object.keys(own(first.twin.properties.desired)).length > 0;
		const list = [
			['stepHub', true],
			['stepCreate', Boolean(first), () => [h('p', {}, t('stepCreateHow')), shellLine({ policy: tutorial }, 'IOTHUB_CONNECTION_STRING', about.name), command('bin/createmodule')]],
			['stepConnect', Boolean(first?.connected || received), () => [h('p', {}, t('stepConnectHow')), who && shellLine(who, 'IOTHUB_MODULE_CONNECTION_STRING', about.name), command('bin/receivemoduletwinpatch')]],
			['stepChange', changed, () => [h('p', {}, t('stepChangeHow')), command('bin/updatemoduletwin'), who && h('a', { class: 'button', href: link('module', who.device, who.module) }, t('openModule', { id: who.module }))]],
			['stepReceived', Boolean(received), () => h('p', {}, t('stepReceivedHow'))],
		];
		const next = list.findIndex(([, done]) => !done);
		return h('section', { class: 'card steps' }, h('h2', {}, t('steps')),
			h('ol', {}, list.map(([name, done, how], i) => h('li', { class: done ? 'done' : i === next ? 'next' : '', 'aria-current': i === next && 'step' },
				h('span', { class: 'dot' }, done ? icon('check') : String(i + 1)),
				h('div', {}, h('h3', {}, t(name), h('span', { class: 'unseen' }, ` (${t(done ? 'done' : 'open')})`)), i === next && how())))),
			next < 0 && h('p', { class: 'tip' }, t('stepsDone'), ' ', h('a', { href: '/faults' }, t('faults'))));
	}

	function essentials() {
		const rows = [
			['address', about.name],
			['rest', `https://${about.name}`],
			['mqtt', about.name],
			['websocket', `wss://${about.name}/$iothub/websocket`],
			['listens', about.addresses.join(', ')],
		];
		return h('section', { class: 'card' }, h('h2', {}, t('essentials')),
			h('dl', { class: 'facts' },
				rows.map(([name, value]) => h('div', {}, h('dt', {}, t(name)), h('dd', {}, h('code', {}, value), copyButton(name, t(name), () => value)))),
				h('div', {}, h('dt', {}, t('certificate')), h('dd', {}, h('span', {}, t('validUntil', { date: date(about.certificate.until) })))),
				h('div', {}, h('dt', {}, t('fingerprint')), h('dd', {}, h('code', { class: 'long' }, about.certificate.fingerprint)))));
	}

	function policies() {
		return h('section', { class: 'card', id: 'policies' }, h('h2', {}, t('policies')), h('p', { class: 'lead' }, t('policiesLong')),
			about.policies.map(policy => h('details', { key: policy.name, class: 'policy' },
				h('summary', {}, h('span', { class: 'name' }, policy.name), policy.name === tutorial && h('span', { class: 'badge' }, t('tutorial')),
					h('span', { class: 'chips' }, policy.permissions.map(one => h('span', { class: 'chip' }, knows(one) ? t(one) : one)))),
				secrets({ policy: policy.name }),
				shellLine({ policy: policy.name }, 'IOTHUB_CONNECTION_STRING', about.name))));
	}
}
