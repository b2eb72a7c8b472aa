// The way of a change as an animation: service apps, hub, modules, and what is
// sent between them, as it happens.

import { h } from './dom.js';
import { t } from './text.js';
import { draw } from './app.js';

const flight = 900; // milliseconds on the way
const atOnce = 8; // at most, on one wire

// ways says on which wire an event is shown, in which direction and colour.
const ways = {
	Request: ['https', 'there', 'other'],
	RequestRefused: ['https', 'there', 'bad'],
	DesiredChanged: ['https', 'there', 'desired'],
	NotificationSent: ['mqtt', 'there', 'desired'],
	NotificationMissed: ['mqtt', 'there', 'bad'],
	ReportedChanged: ['mqtt', 'back', 'reported'],
	Telemetry: ['mqtt', 'back', 'other'],
	SignedIn: ['mqtt', 'back', 'reported'],
	SignInRefused: ['mqtt', 'back', 'bad'],
	Disconnected: ['mqtt', 'back', 'bad'],
};

export function flow() {
	let flying = [];
	return { event, show };

	function event(e) {
		const one = flightOf(e);
		if (!one || flying.filter(other => other.way === one.way).length >= atOnce) {
			return;
		}
		flying.push(one);
		setTimeout(() => {
			flying = flying.filter(other => other !== one);
			draw();
		}, flight);
	}

	// flightOf says how an event is drawn, if at all. What a device or module
	// reports is drawn once, as ReportedChanged.
	function flightOf({ kind, path, method, n }) {
		if (path?.startsWith('$')) { // a request over MQTT
			const refused = kind !== 'Request';
			return (refused || method === 'GET') && { way: 'mqtt', direction: 'back', tone: refused ? 'bad' : 'other', n };
		}
		const [way, direction, tone] = ways[kind] ?? [];
		return way && { way, direction, tone, n };
	}

	function show(about) {
		return h('section', { class: 'card flow', 'aria-label': t('flow') },
			place(t('serviceApps'), 'createmodule, updatemoduletwin'),
			wire('https', 'HTTPS'),
			place(t('hub'), about.name, true),
			wire('mqtt', 'MQTT'),
			place(t('countModules'), t('up', { n: about.connected })));
	}

	function place(name, detail, hub) {
		return h('div', { class: hub ? 'place hub' : 'place' }, h('b', {}, name), h('small', {}, detail));
	}

	function wire(way, name) {
		return h('div', { class: 'wire' }, h('small', {}, name),
			h('span', { class: 'line', 'aria-hidden': 'true' }, flying.filter(one => one.way === way).map(one => h('i', { key: one.n, class: `${one.direction} ${one.tone}` }))));
	}
}
