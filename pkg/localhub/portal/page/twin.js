// A twin: desired and reported properties side by side, row by row.

import { h, icon } from './dom.js';
import { advance, ask, get, hub, isObject, own, same } from './hub.js';
import { t, clock } from './text.js';
import { draw, explain, load, loadSoon, say } from './app.js';
import { editorOf } from './editor.js';

const litFor = 2500; // milliseconds
const starts = new Set(['Created', 'Deleted', 'Missed', 'Restarted']);

export function twinOf(who) {
	let twin, times = localStorage.times === 'yes', whole = false;
	const closed = new Set(), lit = new Map();
	const editors = {
		desired: editorOf(who, 'desired', () => [own(twin.properties.desired), twin.etag], load),
		tags: editorOf(who, 'tags', () => [twin.tags ?? {}, twin.etag], load),
	};
	return { load: read, event: change, show, leave() { Object.values(editors).forEach(editor => editor.leave()); } };

	async function read() {
		const before = twin;
		twin = await ask('GET', 'twin', who);
		// The stream has what happened since the answer of the hub.
		history().forEach(e => apply(e, false));
		if (before) {
			compare(before.properties.desired, twin.properties.desired, 'desired');
			compare(before.properties.reported, twin.properties.reported, 'reported');
		}
		Object.values(editors).forEach(editor => editor.look());
	}

	// history returns the known events of this twin, oldest first. Events before
	// the identity was created are about an older twin, whose versions count from
	// 1, too; so may be those before a gap.
	function history() {
		const events = hub.events.filter(e => !e.device || e.device === who.device && (e.module ?? '') === (who.module ?? ''));
		const start = events.findIndex(e => starts.has(e.kind));
		return events.slice(0, start < 0 ? events.length : start).toReversed();
	}

	// compare highlights what has changed since the twin was last read.
	function compare(before, after, half) {
		const patch = {};
		for (const name of new Set([...Object.keys(own(before)), ...Object.keys(own(after))])) {
			if (!same(get(before, name), get(after, name))) {
				patch[name] = get(after, name) ?? null;
			}
		}
		light(patch, half, []);
	}

	function change(e) {
		if (!twin) {
			return;
		}
		if (e.kind === 'TagsChanged' || apply(e, true) === null) {
			loadSoon();
		}
	}

	function apply(e, live) {
		const half = { DesiredChanged: 'desired', ReportedChanged: 'reported' }[e.kind];
		if (!half) {
			return;
		}
		const before = twin.properties[half];
		const after = advance(before, e, half === 'desired');
		if (after && after !== before) {
			twin = { ...twin, properties: { ...twin.properties, [half]: after } };
			if (half === 'desired') {
				loadSoon(); // the event does not say the new ETag
			}
			if (live) {
				light(e.patch, half, []);
				announce(e.patch);
				if (half === 'desired') {
					editors.desired.look();
				}
			}
		}
		return after;
	}

	function light(patch, half, path) {
		for (const [name, value] of Object.entries(patch)) {
			const here = [...path, name];
			const key = half + JSON.stringify(here);
			clearTimeout(lit.get(key)?.timer);
			lit.set(key, { odd: !lit.get(key)?.odd, timer: setTimeout(() => { lit.delete(key); draw(); }, litFor) });
			if (isObject(value)) {
				light(value, half, here);
			}
		}
	}

	function announce(patch) {
		say(Object.entries(patch).map(([name, value]) => value === null ? t('nowGone', { name }) : t('nowIs', { name, value: JSON.stringify(value) })).join(', '));
	}

	function show() {
		const { desired, reported } = twin.properties;
		const rows = unite(own(desired), own(reported), desired.$metadata, reported.$metadata, []);
		const differing = rows.filter(row => row.differs && !row.opens).length;
		return [
			h('section', { class: 'card twin', key: 'twin', 'aria-labelledby': 'twin-title' },
				h('div', { class: 'row' },
					h('h2', { id: 'twin-title' }, t(who.module ? 'moduleTwin' : 'deviceTwin'), differing > 0 && h('span', { class: 'badge differ' }, t('differCount', { n: differing }))),
					h('div', { class: 'buttons' },
						h('button', { 'aria-pressed': String(times), onclick: () => { times = !times; localStorage.times = times ? 'yes' : 'no'; draw(); } }, t('times')),
						editors.desired.button('editDesired'))),
				editors.desired.show(),
				rows.length ? table(rows, desired, reported) : empty(desired, reported),
				h('details', { class: 'json', ontoggle: event => { whole = event.target.open; draw(); } }, h('summary', {}, t('wholeJson')), whole && h('pre', { tabindex: 0 }, JSON.stringify(twin, null, 2)))),
			h('section', { class: 'card', key: 'tags' },
				h('div', { class: 'row' }, h('h2', {}, t('tags')), editors.tags.button('editTags')),
				editors.tags.show(),
				Object.keys(twin.tags ?? {}).length ? h('pre', { class: 'tags', tabindex: 0 }, JSON.stringify(twin.tags, null, 2)) : h('p', { class: 'lead' }, t('noTags'))),
		];
	}

	// unite returns the rows for the names in both halves, including those in
	// open objects.
	function unite(desired, reported, desiredAbout, reportedAbout, path) {
		const rows = [];
		for (const name of [...new Set([...Object.keys(desired), ...Object.keys(reported)])].sort()) {
			const here = [...path, name], d = get(desired, name), r = get(reported, name);
			const opens = [d, r].some(isObject) && [d, r].every(one => one === undefined || isObject(one)) && [d, r].some(one => Object.keys(one ?? {}).length);
			const da = get(desiredAbout, name), ra = get(reportedAbout, name);
			rows.push({ path: here, key: JSON.stringify(here), name, d, r, da, ra, opens, differs: d !== undefined && r !== undefined && !same(d, r) });
			if (opens && !closed.has(JSON.stringify(here))) {
				rows.push(...unite(d ?? {}, r ?? {}, da, ra, here));
			}
		}
		return rows;
	}

	function table(rows, desired, reported) {
		return h('table', { class: 'tree', role: 'table' },
			h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' },
				h('th', { scope: 'col', role: 'columnheader' }, t('property')),
				head('desired', desired), head('reported', reported))),
			h('tbody', { role: 'rowgroup' }, rows.map(row => h('tr', { role: 'row', key: row.key, class: row.differs ? 'differs' : '' },
				h('th', { scope: 'row', role: 'rowheader', class: 'depth-' + Math.min(10, row.path.length - 1) }, row.opens ? toggle(row) : h('span', { class: 'name' }, row.name),
					row.differs && h('span', { class: 'mark', title: t('differs') }, h('span', { 'aria-hidden': 'true' }, '≠'), h('span', { class: 'unseen' }, t('differs')))),
				cell(row, 'desired', row.d, row.da), cell(row, 'reported', row.r, row.ra)))));
	}

	function head(half, section) {
		return h('th', { scope: 'col', role: 'columnheader', class: half }, h('span', { class: 'wide' }, t(half)), h('span', { class: 'narrow', 'aria-hidden': 'true' }, t(half + 'Short')), h('small', {}, t('version', { n: section.$version })));
	}

	function toggle(row) {
		const open = !closed.has(row.key);
		return h('button', {
			class: 'toggle', 'aria-expanded': String(open), 'aria-label': t(open ? 'collapse' : 'expand', { name: row.name }),
			onclick: () => { open ? closed.add(row.key) : closed.delete(row.key); draw(); },
		}, icon('open'), h('span', { class: 'name' }, row.name));
	}

	function cell(row, half, value, about) {
		const light = lit.get(half + row.key);
		return h('td', { role: 'cell', class: `${half}${light && !row.opens ? ` lit-${light.odd}` : ''}`, 'data-half': t(half + 'Short') },
			value === undefined ? h('span', { class: 'none', 'aria-hidden': 'true' }, '–') : row.opens ? h('span', { class: 'none' }, `{ ${Object.keys(value).length} }`) : literal(value),
			times && about && h('small', {}, [about.$lastUpdatedVersion && t('version', { n: about.$lastUpdatedVersion }), clock(new Date(about.$lastUpdated))].filter(Boolean).join(' · ')));
	}

	function empty(desired, reported) {
		return h('div', { class: 'empty small' }, h('h3', {}, t('noProperties')), h('p', {}, t(who.module ? 'noPropertiesLong' : 'noPropertiesDevice')),
			h('p', { class: 'versions' }, `${t('desired')}: ${t('version', { n: desired.$version })} · ${t('reported')}: ${t('version', { n: reported.$version })}`));
	}
}

function literal(value) {
	return h('code', { class: value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value }, JSON.stringify(value));
}
