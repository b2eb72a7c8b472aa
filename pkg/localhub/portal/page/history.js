// Verlauf: what has happened, newest first.

import { h, icon } from './dom.js';
import { ask, get, hub } from './hub.js';
import { t, clock, knows } from './text.js';
import { link } from './route.js';
import { go } from './app.js';

const shownAtMost = 300; // events
const patchAtMost = 600; // characters

const groups = {
	groupAll: () => true,
	groupTwin: e => /^(Desired|Reported|Tags)Changed$|^Notification/.test(e.kind) || e.path?.startsWith('$'),
	groupConnection: e => ['SignedIn', 'SignInRefused', 'Disconnected', 'Subscribed', 'Telemetry', 'Fault', 'ConditionsChanged', 'Restarted'].includes(e.kind),
	groupRequest: e => /^Request/.test(e.kind),
	groupRefused: e => /Refused$|^NotificationMissed$/.test(e.kind),
};

const idOf = e => e.module ? `${e.device}/${e.module}` : e.device;

export function history({ query }) {
	let { about = '', kind = 'groupAll' } = query, known = [];
	return {
		title: () => t('history'),
		async load() {
			known = (await ask('GET', 'devices')).map(one => one.device);
		},
		move(route) { ({ about = '', kind = 'groupAll' } = route.query); },
		show() {
			const fits = get(groups, kind) ?? groups.groupAll;
			const events = hub.events.filter(e => (!about || idOf(e) === about || e.device === about || ['Restarted', 'Missed'].includes(e.kind)) && fits(e));
			return [
				h('div', { class: 'head' }, h('h1', {}, t('history'))),
				filters(),
				events.length ? h('section', { class: 'card' }, table(events.slice(0, shownAtMost)))
					: h('div', { class: 'empty' }, icon('history'), h('h2', {}, t(about || kind !== 'groupAll' ? 'noEventsFiltered' : 'noEvents')), h('p', {}, t('noEventsLong'))),
			];
		},
	};

	function filters() {
		const ids = [...new Set([...known, ...hub.events.map(idOf).filter(Boolean), about].filter(Boolean))].sort();
		const to = change => {
			const query = new URLSearchParams(Object.entries({ about, kind, ...change }).filter(([name, value]) => value && value !== 'groupAll'));
			go('/history' + (query.size ? '?' + query : ''));
		};
		return h('div', { class: 'filters' },
			h('label', { for: 'about' }, t('about')),
			h('select', { id: 'about', onchange: event => to({ about: event.target.value }) },
				h('option', { value: '' }, t('all')), ids.map(id => h('option', { value: id, selected: id === about }, id))),
			h('div', { class: 'tabs', role: 'group', 'aria-label': t('kinds') }, Object.keys(groups).map(name => h('button', {
				'aria-pressed': String(name === kind), onclick: () => to({ kind: name }),
			}, t(name)))));
	}
}

// table lists events. Events of the device or module here show only its short
// name. Reasons come from the hub, in English.
export function table(events, here) {
	return h('ol', { class: 'events' }, events.map(e => h('li', { key: `${e.kind}${e.n ?? ''}${e.t}`, class: tone(e) },
		h('time', { datetime: new Date(e.t).toISOString() }, clock(e.t)),
		h('i', { class: 'dot' }),
		h('div', {}, h('p', {}, sentence(e, here), e.version && h('small', {}, t('version', { n: e.version })), e.status && h('small', {}, String(e.status))),
			e.patch && h('code', {}, patchOf(e)),
			more(e)))));
}

// patchOf returns the beginning of an event's patch. It is kept, because writing
// hundreds of large patches takes too long for every draw.
function patchOf(e) {
	const cut = text => text.length > patchAtMost ? text.slice(0, patchAtMost) + '…' : text;
	return e.patchText ??= cut(JSON.stringify(e.patch));
}

function tone(e) {
	if (/Refused$|^NotificationMissed$|^Fault$|^Missed$/.test(e.kind)) {
		return 'bad';
	}
	return { DesiredChanged: 'desired', NotificationSent: 'desired', ReportedChanged: 'reported', SignedIn: 'good', Disconnected: 'off' }[e.kind] ?? '';
}

function more(e) {
	const parts = [e.reason && h('span', { lang: 'en' }, e.reason), e.by && !e.path?.startsWith('$') && t('by', { by: e.by }), e.from].filter(Boolean);
	return parts.length > 0 && h('small', { class: 'more' }, parts.flatMap((part, i) => i ? [' · ', part] : [part]));
}

function sentence(e, here) {
	if (e.kind === 'Missed') {
		return t('missed', { n: e.count });
	}
	if (e.kind === 'Restarted') {
		return t('restarted');
	}
	let name = e.kind === 'SignInRefused' && !e.device ? 'UnknownRefused' : e.kind;
	if (/^Request/.test(e.kind)) {
		if (!e.path?.startsWith('$')) {
			return h('code', {}, `${e.method} ${e.path}`);
		}
		name = e.kind !== 'Request' ? 'TwinRefused' : e.method === 'GET' ? 'TwinRead' : 'ReportTaken';
	}
	const [before, after] = t(knows(name) ? name : 'Fault', { who: '\0' }).split('\0');
	const known = here && here.device === e.device && here.module === e.module;
	return [before, e.device && after !== undefined && (known ? h('b', {}, e.module ?? e.device) : h('a', { href: link('', e.device, e.module) }, idOf(e))), after];
}
