// Keys and connection strings. They are requested only when somebody wants to
// see or copy them, and forgotten when the view is left or they may have changed.

import { h, icon } from './dom.js';
import { ask } from './hub.js';
import { t } from './text.js';
import { draw, explain, note, say, whenDrawn } from './app.js';

let known = new Map(), copied = null;
let shell = /win/i.test(navigator.platform) ? 'PowerShell' : 'bash';

export function forgetSecrets() {
	known = new Map();
}

// forgetChanged forgets the secrets of an identity if they may have changed.
export function forgetChanged({ kind, device, module }) {
	if (['Created', 'Updated', 'Deleted'].includes(kind)) {
		known.delete(name({ device, module }));
	}
}

const name = who => JSON.stringify(who);

// secretsOf returns what is known about an identity or policy: its keys, once
// they have been requested, and which of them are shown.
function secretsOf(who) {
	if (!known.has(name(who))) {
		known.set(name(who), { shown: new Set() });
	}
	return known.get(name(who));
}

async function keysOf(who) {
	const about = secretsOf(who); // a late answer is lost if they have been forgotten
	return about.keys ??= await ask('GET', 'keys', who);
}

// copyButton copies what text returns, and confirms it. If the browser does not
// permit that, reveal has to put the text into the code element beside the
// button, unless it is there already.
export function copyButton(id, what, text, reveal = () => {}) {
	const done = copied === id;
	return h('button', {
		class: done ? 'copy done' : 'copy', 'aria-label': `${what} – ${t(done ? 'copied' : 'copy')}`,
		onclick: async event => {
			const place = event.currentTarget.parentElement;
			try {
				const value = await text();
				try {
					await navigator.clipboard.writeText(value);
				} catch { // for example because the page came over HTTP from another machine
					reveal();
					note(t('copyFailed'), true);
					whenDrawn(() => getSelection().selectAllChildren(place.querySelector('code')));
					return;
				}
				copied = id;
				say(t('copiedWhat', { what }));
				setTimeout(() => { copied = null; draw(); }, 2000);
				draw();
			} catch (error) {
				explain(error);
			}
		},
	}, icon(done ? 'check' : 'copy'), h('span', {}, t(done ? 'copied' : 'copy')));
}

// secrets shows the keys and connection strings of a policy, device or module.
export function secrets(who) {
	const { keys, shown } = secretsOf(who);
	return h('dl', { class: 'secrets' }, ['primaryKey', 'secondaryKey', 'primaryString', 'secondaryString'].map(field => {
		const id = name(who) + field;
		const value = shown.has(field) && keys?.[field];
		return h('div', { key: id },
			h('dt', {}, t(field)),
			h('dd', {},
				value ? h('code', { key: 1 }, value) : h('span', { key: 2, class: 'mask' }, h('span', { 'aria-hidden': 'true' }, '•'.repeat(24)), h('span', { class: 'unseen' }, t('hidden'))),
				h('button', {
					key: 3, 'aria-label': `${t(field)} – ${t(value ? 'hide' : 'show')}`,
					onclick: async () => {
						try {
							await keysOf(who);
							value ? shown.delete(field) : shown.add(field);
							draw();
						} catch (error) {
							explain(error);
						}
					},
				}, t(value ? 'hide' : 'show')),
				copyButton(id, t(field), async () => (await keysOf(who))[field], () => secretsOf(who).shown.add(field))));
	}));
}

const shells = {
	bash: (variable, value) => `export ${variable}=${/[$`\\!]/.test(value) ? `'${value.replaceAll("'", "'\\''")}'` : `"${value}"`}`,
	PowerShell: (variable, value) => `$env:${variable} = ${/[$`]/.test(value) ? `'${value.replaceAll("'", "''")}'` : `"${value}"`}`,
	cmd: (variable, value) => `set "${variable}=${value}"`,
};

if (Object.hasOwn(shells, localStorage.shell ?? '')) {
	shell = localStorage.shell;
}

// shellLine is the line that sets a variable to a connection string, in the
// shell of the user's choice.
export function shellLine(who, variable, hostName) {
	const middle = who.policy ? `SharedAccessKeyName=${who.policy}` : `DeviceId=${who.device}` + (who.module ? `;ModuleId=${who.module}` : '');
	const masked = `HostName=${hostName};${middle};SharedAccessKey=••••••••`;
	const { keys, shown } = secretsOf(who);
	return h('div', { class: 'shell' },
		h('div', { class: 'tabs', role: 'group', 'aria-label': t('shell') }, Object.keys(shells).map(one => h('button', {
			'aria-pressed': String(one === shell), onclick: () => { shell = localStorage.shell = one; draw(); },
		}, one))),
		h('div', { class: 'command' },
			h('code', {}, shells[shell](variable, shown.has(variable) && keys?.primaryString || masked)),
			copyButton(name(who) + variable, t('shellLine', { shell }), async () => shells[shell](variable, (await keysOf(who)).primaryString), () => secretsOf(who).shown.add(variable))));
}

// command shows a line to copy.
export function command(line) {
	const text = shell === 'bash' ? line : line.replaceAll('/', '\\');
	return h('div', { class: 'command' }, h('code', {}, text), copyButton(line, text, () => text));
}
