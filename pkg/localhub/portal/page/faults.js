// Störungen: faults to try, and how the modules react.

import { h, icon } from './dom.js';
import { ask, hub } from './hub.js';
import { t } from './text.js';
import { draw, explain, loadSoon, note } from './app.js';
import { table } from './history.js';

const words = ['cut', 'block', 'refuse', 'expire', 'forget', 'throttle'];
const choices = { refuse: ['5s', '10s', '30s', '1m0s'], throttle: ['1', '3', '10'] };
const watched = new Set(['Fault', 'ConditionsChanged', 'SignedIn', 'SignInRefused', 'Disconnected', 'Subscribed', 'NotificationSent', 'NotificationMissed', 'RequestRefused']);

export function faults() {
	let now, ticking;
	const chosen = { refuse: '10s', throttle: '3' };
	return {
		title: () => t('faults'),
		async load() {
			now = (await ask('GET', 'hub')).conditions;
			tick();
		},
		event(e) {
			if (['Fault', 'ConditionsChanged'].includes(e.kind)) {
				loadSoon();
			}
		},
		leave() { clearTimeout(ticking); },
		show: () => [
			h('div', { class: 'head' }, h('h1', {}, t('faults')), h('p', { class: 'lead' }, t('faultsLong'))),
			effects(),
			h('ul', { class: 'cards' }, words.map(card)),
			h('section', { class: 'card' }, h('h2', {}, t('watch')), events()),
		],
	};

	// tick counts the seconds until the port is open again.
	function tick() {
		clearTimeout(ticking);
		if (now.refusing) {
			ticking = setTimeout(() => { loadSoon(); draw(); }, 1000);
		}
	}

	function effects() {
		const list = [
			now.blocked && t('isBlocked'),
			now.refusing && t('isRefusing', { rest: now.until > Date.now() ? t('restTime', { n: Math.ceil((now.until - Date.now()) / 1000) }) : '' }),
			now.throttled > 0 && t('isThrottled', { n: now.throttled }),
		].filter(Boolean);
		return h('section', { class: list.length ? 'card effects bad' : 'card effects', 'aria-label': t('inEffect') },
			list.length ? [icon('warn'), h('div', {}, list.map(text => h('p', {}, text))),
				h('button', { class: 'primary', key: 'lift', title: t('unblockLong'), onclick: () => play('unblock') }, t('unblock'))]
				: [icon('check'), h('p', {}, t('allWell'))]);
	}

	function card(word) {
		return h('li', { class: 'card fault', key: word },
			h('h2', {}, t(word), h('code', {}, word + (chosen[word] ? ' ' + short(chosen[word]) : ''))),
			h('p', {}, t(word + 'Long')),
			h('p', { class: 'lead' }, t(word + 'Module')),
			h('div', { class: 'buttons' },
				choices[word] && h('select', {
					'aria-label': t(word === 'refuse' ? 'duration' : 'times3'), onchange: event => { chosen[word] = event.target.value; draw(); },
				}, choices[word].map(value => h('option', { value, selected: value === chosen[word] }, word === 'refuse' ? t('seconds', { n: value === '1m0s' ? 60 : parseInt(value) }) : value))),
				h('button', { 'aria-label': `${t(word)} – ${t('trigger')}`, onclick: () => play(word, chosen[word]) }, t('trigger'))));
	}

	async function play(word, argument = '') {
		try {
			now = await ask('POST', 'fault', {}, { word, argument });
			note(t('triggered', { word: t(word) }));
			tick();
		} catch (error) {
			explain(error);
		}
	}

	function events() {
		const list = hub.events.filter(e => watched.has(e.kind)).slice(0, 12);
		return list.length ? table(list) : h('p', { class: 'lead' }, t('noEventsFiltered'));
	}
}

const short = value => value.replace('m0s', 'm');
