// Edits a section of a twin as JSON. The text is checked by the rules of the
// hub while it is typed, and saved as a patch with the ETag. A draft survives
// leaving the view and changes by somebody else.

import { h, icon } from './dom.js';
import { ask, own, same } from './hub.js';
import { t } from './text.js';
import { draw, explain, note, say, whenDrawn } from './app.js';

export function editorOf(who, section, current, saved) {
	const place = 'draft ' + JSON.stringify([who.device, who.module, section]);
	const id = 'edit-' + section;
	let edit = JSON.parse(sessionStorage.getItem(place)), timer, asked = 0, saving = false;
	return { button, show, look, leave() { clearTimeout(timer); } };

	function button(name) {
		return h('button', { key: id, id: id + '-button', 'aria-label': t(name), disabled: Boolean(edit), onclick: begin }, icon('edit'), h('span', {}, t('edit')));
	}

	function begin() {
		const [base, etag] = current();
		edit = { base, etag, text: JSON.stringify(base, null, 2), patch: {} };
		keep();
		whenDrawn(() => document.getElementById(id)?.focus());
	}

	function keep() {
		edit ? sessionStorage.setItem(place, JSON.stringify(edit)) : sessionStorage.removeItem(place);
		draw();
	}

	function end() {
		clearTimeout(timer);
		asked++;
		edit = null;
		keep();
		whenDrawn(() => document.getElementById(id + '-button')?.focus());
	}

	// look notices when somebody else has changed the section.
	function look() {
		if (edit && !saving) {
			edit.stale = !same(edit.base, current()[0]);
		}
	}

	function type(text) {
		edit.text = text;
		keep();
		clearTimeout(timer);
		timer = setTimeout(check, 120);
	}

	function form({ base, text, etag }) {
		return { ...who, section, base, text, etag };
	}

	async function check() {
		const number = ++asked;
		try {
			const answer = await ask('POST', 'check', {}, form(edit));
			if (number === asked && edit) {
				edit.patch = answer.patch;
				edit.problem = answer.problem;
				keep();
			}
		} catch (error) {
			explain(error);
		}
	}

	async function save() {
		clearTimeout(timer);
		await check();
		if (!edit || edit.problem || saving) {
			return;
		}
		if (!Object.keys(edit.patch ?? {}).length) {
			end();
			return;
		}
		const sent = edit; // the user may discard it in the meantime
		saving = true;
		draw();
		try {
			await send(sent);
		} catch (error) {
			if (!error.conflict) {
				explain(error);
			} else if (edit === sent) {
				collide(error.conflict.twin, error.conflict.merged);
			}
			return;
		} finally {
			saving = false;
			look();
			draw();
		}
		if (edit === sent) {
			end();
		}
		note(t('saved'));
		await saved();
	}

	// send saves an edit. If somebody has changed only other sections since it
	// began, it is saved with the new ETag.
	async function send(sent) {
		try {
			await ask('PATCH', 'twin', {}, form(sent));
		} catch (error) {
			if (edit !== sent || !error.conflict || !same(sectionOf(error.conflict.twin), sent.base)) {
				throw error;
			}
			sent.etag = error.conflict.twin.etag;
			await send(sent);
		}
	}

	function sectionOf(twin) {
		return section === 'tags' ? twin.tags ?? {} : own(twin.properties.desired);
	}

	function collide(twin, merged) {
		edit.conflict = { theirs: sectionOf(twin), etag: twin.etag, merged };
		say(t('conflict'));
		keep();
	}

	// resolve continues from the hub's version, with the text that the user has
	// chosen.
	function resolve(text) {
		const { theirs, etag } = edit.conflict;
		edit = { base: theirs, etag, text, patch: {} };
		const area = document.getElementById(id);
		area.value = text;
		area.focus();
		keep();
		check();
	}

	function show() {
		if (!edit) {
			return null;
		}
		const { problem, conflict } = edit;
		const changed = Object.keys(edit.patch ?? {}).length > 0;
		return h('form', {
			class: 'editor', key: id, onsubmit: event => { event.preventDefault(); save(); },
			onkeydown: event => {
				if ((event.ctrlKey || event.metaKey) && ['s', 'Enter'].includes(event.key)) {
					event.preventDefault();
					save();
				}
			},
		},
		conflict ? h('div', { class: 'banner', role: 'alert', key: 'conflict' }, icon('warn'), h('div', {}, h('b', {}, t('conflict')), h('p', {}, t('conflictLong'))))
			: edit.stale && h('div', { class: 'banner', key: 'stale' }, icon('warn'), h('span', {}, t('changedMeanwhile')), h('button', { type: 'button', onclick: save }, t('compare'))),
		h('div', { class: 'versions-pair', key: 'pair' },
			h('div', { key: 'mine' },
				h('label', { for: id }, t(conflict ? 'mine' : section)),
				textarea(),
				problem ? h('p', { class: 'wrong', id: id + '-problem' }, problem.kind ? [h('button', { type: 'button', class: 'plain', onclick: () => jump(problem) }, t('problemAt', problem)), ' ', t(problem.kind + 'Problem', problem)]
					: [t('problemRule'), ' ', h('span', { lang: 'en' }, problem.message)])
					: h('p', { class: 'hint', id: id + '-problem' }, changed ? [t('patch'), ' ', h('code', {}, JSON.stringify(edit.patch))] : t('noChange'))),
			conflict && h('div', { key: 'theirs' }, h('h3', {}, t('theirs')), lines(conflict.theirs))),
		h('div', { class: 'buttons', key: 'buttons' }, conflict ? [
			h('button', { type: 'button', class: 'primary', key: 'merge', onclick: () => resolve(JSON.stringify(conflict.merged, null, 2)) }, t('merge')),
			h('button', { type: 'button', key: 'mine', onclick: () => resolve(edit.text) }, t('keepMine')),
			h('button', { type: 'button', key: 'theirs', onclick: end }, t('takeTheirs')),
		] : [
			h('button', { class: 'primary', key: 'save', disabled: Boolean(problem) || !changed || saving }, t('save')),
			h('button', { type: 'button', key: 'discard', onclick: end }, t('discard')),
		]));
	}

	function textarea() {
		const area = h('textarea', {
			id, readonly: saving, rows: Math.min(20, edit.text.split('\n').length + 1), spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off',
			'aria-describedby': id + '-problem', 'aria-invalid': String(Boolean(edit.problem)), oninput: event => type(event.target.value),
		});
		area.value = edit.text;
		return area;
	}

	// jump selects a character. The server counts characters as people do, but a
	// text area counts some of them twice.
	function jump({ line, column }) {
		const area = document.getElementById(id);
		const lines = edit.text.split('\n');
		const characters = [...lines[line - 1] ?? '']; // the text may be shorter by now
		const before = [...lines.slice(0, line - 1), characters.slice(0, column - 1).join('')].join('\n').length;
		area.focus();
		area.setSelectionRange(before, before + (characters[column - 1] ?? ' ').length);
	}

	// lines shows the hub's version. Lines that were not there when the edit
	// began are marked.
	function lines(theirs) {
		const before = new Set(JSON.stringify(edit.base, null, 2).split('\n').map(line => line.replace(/,$/, '')));
		return h('pre', { tabindex: 0 }, JSON.stringify(theirs, null, 2).split('\n').map(line => [before.has(line.replace(/,$/, '')) ? line : h('mark', {}, line), '\n']));
	}
}
