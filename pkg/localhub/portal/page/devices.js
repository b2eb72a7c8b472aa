// Geräte: the list.

import { h, icon } from './dom.js';
import { ask } from './hub.js';
import { t, clock } from './text.js';
import { link } from './route.js';
import { draw, explain, go, loadSoon, note } from './app.js';
import { command, shellLine } from './secrets.js';

const reloads = new Set(['SignedIn', 'Disconnected', 'Created', 'Updated', 'Deleted']);

export function devices({ query }) {
	let list, hostName, text = query.search ?? '';
	return {
		title: () => t('devices'),
		async load() {
			list = await ask('GET', 'devices');
			if (!list.length) {
				hostName = (await ask('GET', 'hub')).name;
			}
		},
		event(e) {
			if (reloads.has(e.kind)) {
				loadSoon();
			}
		},
		move(route) { text = route.query.search ?? ''; },
		show: () => [
			h('div', { class: 'head row' }, h('h1', {}, t('devices'), list.length > 0 && h('small', {}, list.length.toLocaleString())), addButton('addDevice')),
			list.length ? [search(), table()] : empty(),
		],
	};

	function search() {
		return h('div', { class: 'search', role: 'search' }, icon('search'), h('input', {
			type: 'search', value: text, 'aria-label': t('searchDevice'), placeholder: t('searchDevice'), autocomplete: 'off', spellcheck: 'false',
			oninput: event => {
				text = event.target.value;
				window.history.replaceState(null, '', text ? '?search=' + encodeURIComponent(text) : location.pathname);
				draw();
			},
		}));
	}

	function table() {
		const wanted = list.filter(one => one.device.toLowerCase().includes(text.toLowerCase()));
		if (!wanted.length) {
			return h('p', { class: 'empty' }, t('nothingFound', { text }));
		}
		return h('table', { class: 'list' },
			h('thead', {}, h('tr', {}, ['deviceId', 'status', 'connection', 'modulesShort'].map(name => h('th', { scope: 'col' }, t(name))))),
			h('tbody', {}, wanted.map(one => h('tr', { key: one.device },
				h('th', { scope: 'row' }, h('a', { href: link('device', one.device) }, one.device)),
				h('td', {}, h('span', { class: one.disabled ? 'state off' : 'state on' }, t(one.disabled ? 'disabled' : 'enabled'))),
				h('td', {}, connection(one)),
				h('td', { class: 'number' }, one.up > 0 && h('small', {}, t('up', { n: one.up }), ' '), String(one.count))))));
	}

	function empty() {
		return h('div', { class: 'empty' }, icon('devices'), h('h2', {}, t('noDevices')), h('p', {}, t('noDevicesLong')),
			h('div', { class: 'how' }, shellLine({ policy: 'serviceAndRegistryReadWrite' }, 'IOTHUB_CONNECTION_STRING', hostName), command('bin/createmodule')));
	}
}

// connection says in a pill whether a device or module is connected.
export function connection(one, long) {
	const words = one.connected ? t('connected') : t(one.since ? 'disconnected' : 'never');
	const more = one.connected ? t('connectedSince', { time: clock(one.since), from: one.from }) : one.since ? t('disconnectedSince', { time: clock(one.since) }) : '';
	return h('span', { class: one.connected ? 'link up' : 'link down' }, h('i', {}), h('span', {}, words), long && more && h('small', {}, more));
}

// addButton opens a dialog that creates a device or, on a device, a module.
export function addButton(name, device) {
	const module = name === 'addModule';
	const label = t(module ? 'moduleId' : 'deviceId');
	return [
		h('button', { class: 'primary', key: name, onclick: () => document.getElementById(name).showModal() }, icon('plus'), t(name)),
		h('dialog', { id: name, key: name + '-dialog', 'aria-labelledby': name + '-title' }, h('form', {
			onsubmit: async event => {
				event.preventDefault();
				const form = event.target, id = form.elements.id.value.trim();
				try {
					await ask('POST', 'identity', {}, module ? { device, module: id } : { device: id });
				} catch (error) {
					form.parentElement.close();
					explain(error);
					return;
				}
				form.reset();
				form.parentElement.close();
				await go(module ? link('module', device, id) : link('device', id));
				note(t('created', { id }));
			},
		},
		h('h2', { id: name + '-title' }, t(name)),
		h('label', { for: name + '-id' }, label),
		h('input', { id: name + '-id', name: 'id', required: true, maxlength: 128, pattern: "[A-Za-z0-9\\-:.+%_#*?!\\(\\),=@;$']+", title: t('idRule'), autocomplete: 'off', spellcheck: 'false', 'aria-describedby': name + '-rule' }),
		h('p', { class: 'hint', id: name + '-rule' }, t('idRule')),
		h('div', { class: 'buttons' },
			h('button', { class: 'primary' }, t('create')),
			h('button', { type: 'button', onclick: event => event.target.closest('dialog').close() }, t('cancel'))))),
	];
}
