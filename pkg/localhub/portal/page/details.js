// Gerät and Modul ("Moduldetails"): identity, keys, twin and latest events.

import { h, icon } from './dom.js';
import { ask, hub } from './hub.js';
import { t } from './text.js';
import { link } from './route.js';
import { explain, go, load, loadSoon, note } from './app.js';
import { addButton, connection } from './devices.js';
import { command, secrets, shellLine } from './secrets.js';
import { table as happened } from './history.js';
import { twinOf } from './twin.js';

const reloads = new Set(['SignedIn', 'Disconnected', 'Created', 'Updated', 'Deleted']);

export function details({ device, module }) {
	let about, hostName;
	const who = module ? { device, module } : { device };
	const id = module ?? device;
	const twin = twinOf(who);
	const concerns = e => e.device === device && (e.module ?? '') === (module ?? '');
	return {
		title: () => id,
		async load() {
			const [found, answer] = await Promise.all([ask('GET', 'device', who), hostName || ask('GET', 'hub'), twin.load()]);
			about = found;
			hostName = answer.name ?? answer;
		},
		event(e) {
			if (e.device === device && (concerns(e) || !module || !e.module) && reloads.has(e.kind)) {
				loadSoon();
			}
			if (concerns(e)) {
				twin.event(e);
			}
		},
		leave: twin.leave,
		show: () => [
			breadcrumb(),
			h('div', { class: 'head row' },
				h('div', {},
					h('p', { class: 'kind' }, t(module ? 'moduleDetails' : 'device')),
					h('h1', { class: 'id' }, id),
					h('p', { class: 'states' }, connection(about, true), !module && h('span', { class: about.disabled ? 'state off' : 'state on' }, t(about.disabled ? 'disabled' : 'enabled')))),
				h('div', { class: 'buttons' }, !module && enable(), remove())),
			h('section', { class: 'card', key: 'keys' }, h('h2', {}, t('keys')), secrets(who)),
			module && (about.since ? variable() : next()),
			!module && modules(),
			twin.show(),
			recent(),
		],
	};

	function breadcrumb() {
		return h('nav', { class: 'crumbs', 'aria-label': t('devices') }, h('ol', {},
			h('li', {}, h('a', { href: '/devices' }, t('devices'))),
			module && h('li', {}, h('a', { href: link('device', device) }, device)),
			h('li', { 'aria-current': 'page' }, id)));
	}

	function next() {
		return h('section', { class: 'card hint-card', key: 'next' }, h('h2', {}, t('nextStep')), h('p', {}, t('stepConnectHow')),
			shellLine(who, 'IOTHUB_MODULE_CONNECTION_STRING', hostName), command('bin/receivemoduletwinpatch'));
	}

	// variable shows the environment variable of a module app, for a module
	// that has connected before.
	function variable() {
		return h('details', { class: 'card variable', key: 'variable' }, h('summary', {}, t('variable')), shellLine(who, 'IOTHUB_MODULE_CONNECTION_STRING', hostName));
	}

	function modules() {
		return h('section', { class: 'card' },
			h('div', { class: 'row' }, h('h2', {}, t('modules')), addButton('addModule', device)),
			about.modules?.length ? h('table', { class: 'list' },
				h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, t('moduleId')), h('th', { scope: 'col' }, t('connection')))),
				h('tbody', {}, about.modules.map(one => h('tr', { key: one.module },
					h('th', { scope: 'row' }, h('a', { href: link('module', device, one.module) }, one.module)),
					h('td', {}, connection(one, true))))))
				: [h('p', { class: 'lead' }, t('noModules')), command(device === 'myFirstDevice' ? 'bin/createmodule' : `bin/createmodule -device ${quoted(device)}`)]);
	}

	function enable() {
		return h('button', { key: 'enable', onclick: () => act('PATCH', 'device', {}, { device, disabled: !about.disabled }) }, t(about.disabled ? 'enable' : 'disable'));
	}

	function remove() {
		const list = about.modules ?? [];
		return [
			h('button', { class: 'danger', key: 'remove', onclick: () => document.getElementById('remove').showModal() }, icon('trash'), t('remove')),
			h('dialog', { id: 'remove', key: 'remove-dialog', 'aria-labelledby': 'remove-title' }, h('form', {
				method: 'dialog',
				onsubmit: async event => {
					if (event.submitter.value === 'yes' && await act('DELETE', 'identity', who)) {
						await go(module ? link('device', device) : '/devices');
						note(t('removed', { id }));
					}
				},
			},
			h('h2', { id: 'remove-title' }, t(module ? 'removeModule' : 'removeDevice', { id })),
			h('p', {}, t(module ? 'removeModuleLong' : list.length ? 'removeDeviceLong' : 'removeDeviceAlone')),
			list.length > 0 && h('ul', { class: 'doomed' }, list.map(one => h('li', {}, one.module))),
			h('div', { class: 'buttons' }, h('button', { value: 'no' }, t('cancel')), h('button', { class: 'danger', value: 'yes' }, t('remove'))))),
		];
	}

	async function act(...request) {
		try {
			await ask(...request);
		} catch (error) {
			explain(error);
			return false;
		}
		if (request[0] !== 'DELETE') {
			await load();
		}
		return true;
	}

	function recent() {
		const events = hub.events.filter(e => e.device === device && (!module || concerns(e))).slice(0, 8);
		return h('section', { class: 'card' },
			h('div', { class: 'row' }, h('h2', {}, t('recent')), h('a', { href: '/history?about=' + encodeURIComponent(module ? `${device}/${module}` : device) }, t('wholeHistory'))),
			events.length ? happened(events, who) : h('p', { class: 'lead' }, t('noEventsFiltered')));
	}
}

const quoted = id => /^[\w.:+-]+$/.test(id) ? id : `'${id.replaceAll("'", "'\\''")}'`;
