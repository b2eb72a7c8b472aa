// The frame of the page: which view an address shows, and when it is drawn.

import { h, morph, icon } from './dom.js';
import { follow, get, hub } from './hub.js';
import { t, language, speak } from './text.js';
import { parse, link } from './route.js';
import { forgetChanged, forgetSecrets } from './secrets.js';
import { overview } from './overview.js';
import { devices } from './devices.js';
import { details } from './details.js';
import { history as past } from './history.js';
import { faults } from './faults.js';

const views = { overview, devices, device: details, module: details, history: past, faults };
const page = document.getElementById('page');
let route, view, problem, drawn = 0, drawing, loading, onceDrawn = [];

// say announces a text to screen readers.
export function say(text) {
	document.getElementById('status').textContent = text;
}

// note shows a message for a while.
let notice;
export function note(text, bad) {
	clearTimeout(notice?.timer);
	notice = { text, bad, timer: setTimeout(() => { notice = null; draw(); }, bad ? 12_000 : 4000) };
	say(text);
	draw();
}

// explain shows the message for an error.
export function explain(error) {
	if (!error.code) {
		throw error; // a bug in this page
	}
	const text = { Away: 'away', SignedOut: 'signedOut', Unreachable: 'errorUnreachable' }[error.code];
	note(text ? t(text) : `${t('errorOther')} ${error.message || error.code}`, true);
}

// draw brings the page up to date: at once, but not more than forty times a
// second.
export function draw() {
	if (drawing) {
		return;
	}
	const wait = Math.max(0, drawn + 25 - performance.now());
	drawing = wait ? setTimeout(paint, wait) : (queueMicrotask(paint), true);
}

// whenDrawn calls f as soon as the page is up to date.
export function whenDrawn(f) {
	onceDrawn.push(f);
	draw();
}

function paint() {
	drawing = false;
	drawn = performance.now();
	const title = problem?.status === 404 || !view ? t('nowhere') : view.title();
	document.title = `${title} – ${t('title')}`;
	morph(page, h('div', {}, frame()));
	onceDrawn.splice(0).forEach(f => f());
}

function frame() {
	const lost = hub.live === 'away' || hub.live === 'signedOut';
	return [
		h('a', { class: 'skip', href: '#main', onclick: event => { event.preventDefault(); document.getElementById('main').focus(); } }, t('skip')),
		h('header', { class: 'side' },
			h('a', { class: 'brand', href: '/' },
				h('img', { src: '/assets/icon.svg', alt: '', width: 32, height: 32 }),
				h('span', {}, h('b', {}, t('title')), h('small', {}, t('subtitle')))),
			h('nav', { 'aria-label': t('navigation') }, h('ul', {},
				['overview', 'devices', 'history', 'faults'].map(name => h('li', {},
					h('a', { href: link(name), 'aria-current': section() === name && 'page' }, icon(name), h('span', {}, t(name))))))),
			h('div', { class: 'foot' },
				h('span', { class: 'live ' + hub.live }, h('i', {}), t(lost ? 'away' : hub.live)),
				h('div', { class: 'switch', role: 'group', 'aria-label': t('language') },
					[['de', 'Deutsch'], ['en', 'English']].map(([code, name]) => h('button', {
						lang: code, 'aria-pressed': String(language === code), onclick: () => { speak(code); load(); },
					}, name))))),
		h('main', { id: 'main', tabindex: -1, key: 'main' },
			lost && h('div', { class: 'banner', role: 'alert' }, icon('warn'), t(hub.live === 'away' ? 'awayLong' : 'signedOut')),
			body()),
		h('div', { class: 'notices', key: 'notices' }, notice && h('p', { class: notice.bad ? 'bad' : '' }, notice.text,
			h('button', { class: 'plain', onclick: () => { notice = null; draw(); } }, t('close')))),
	];
}

const section = () => ({ device: 'devices', module: 'devices' })[route.name] ?? route.name;

function body() {
	if (!view) {
		return nothing(t('nowhere'), '');
	}
	if (problem?.status === 404) {
		return nothing(t('gone', { id: route.module ?? route.device }), t('goneLong'));
	}
	return view.ready ? h('div', { class: 'view', key: location.pathname }, view.show()) : h('p', { class: 'loading' }, hub.live === 'away' ? '' : t('loading'));
}

const nothing = (title, text) => h('div', { class: 'empty' }, h('h1', {}, title), h('p', {}, text), h('a', { class: 'button', href: '/devices' }, t('toDevices')));

// load requests the data that the view shows.
export async function load() {
	clearTimeout(loading);
	loading = null;
	const asked = view;
	try {
		await asked?.load?.();
		if (asked === view) {
			problem = null;
			if (view) {
				view.ready = true;
				whenDrawn(() => performance.mark('first-view')); // for measurements
			}
		}
	} catch (error) {
		if (asked === view) {
			problem = error;
			if (error.status !== 404 && error.code !== 'Away') {
				explain(error);
			}
		}
	}
	draw();
}

// loadSoon loads within a quarter of a second, once for all calls in that time.
export function loadSoon() {
	loading ??= setTimeout(load, 250);
}

// go shows the view of an address.
export function go(address) {
	if (address !== location.pathname + location.search) {
		window.history.pushState(null, '', address);
	}
	return arrive(true);
}

async function arrive(moved) {
	const before = route;
	route = parse(location);
	const stays = before && view && JSON.stringify({ ...before, query: 0 }) === JSON.stringify({ ...route, query: 0 });
	if (!stays) {
		forgetSecrets();
		view?.leave?.();
		problem = null;
		view = get(views, route.name)?.(route);
	} else {
		view.move?.(route);
	}
	await load();
	if (moved && !stays) {
		scrollTo(0, 0);
		document.getElementById('main').focus({ preventScroll: true });
		whenDrawn(() => say(document.title));
	}
}

document.addEventListener('click', event => {
	const a = event.target.closest('a[href^="/"]');
	if (a && !event.defaultPrevented && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey) {
		event.preventDefault();
		go(a.getAttribute('href'));
	}
});
addEventListener('popstate', () => arrive(true));

speak(language);
arrive();
follow(events => {
	for (const event of events) {
		forgetChanged(event);
		view?.event?.(event);
	}
	draw();
}, why => {
	if (why === 'back') {
		note(t('back'));
	}
	if (why !== 'first') {
		forgetSecrets();
	}
	if (why !== 'first' || problem) {
		load();
	}
	draw();
});
