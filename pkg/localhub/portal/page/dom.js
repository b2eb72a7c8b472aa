// Creates elements, and turns one page into another without losing the focus,
// the text that was typed or the scroll position.
//
// Whatever comes from the hub goes into text nodes and attributes. Nothing here
// turns text into markup.

const vectors = new Set(['svg', 'path', 'circle', 'rect']);

// h creates an element. Properties that begin with "on" are listeners. Lists
// among the children are flattened; null and false are left out.
export function h(tag, properties, ...children) {
	const node = vectors.has(tag) ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
	for (const [name, value] of Object.entries(properties ?? {})) {
		if (name.startsWith('on')) {
			listen(node, name.slice(2), value);
		} else if (name === 'key') {
			node.key = value;
		} else if (value !== false && value != null) {
			node.setAttribute(name, value === true ? '' : value);
		}
	}
	node.append(...children.flat(Infinity).filter(child => child != null && child !== false));
	return node;
}

function listen(node, type, listener) {
	node.listeners ??= {};
	if (!node.listeners[type]) {
		node.addEventListener(type, event => node.listeners[type]?.(event));
	}
	node.listeners[type] = listener;
}

// morph changes the children of old into those of fresh.
export function morph(old, fresh) {
	const wantedOf = keyed(fresh), keptOf = keyed(old);
	// What is not wanted goes first, so that its siblings stay where they are: a
	// moved element loses the focus.
	for (const [key, child] of keptOf) {
		const wanted = wantedOf.get(key);
		if (!wanted || !fits(child, wanted)) {
			keptOf.delete(key);
			child.remove();
		}
	}
	let at = old.firstChild;
	for (const wanted of [...fresh.childNodes]) {
		let found = wanted.key != null ? keptOf.get(wanted.key) : at;
		if (found && !fits(found, wanted)) {
			found = null;
		}
		if (!found) {
			old.insertBefore(wanted, at);
			continue;
		}
		if (found === at) {
			at = at.nextSibling;
		} else {
			old.insertBefore(found, at);
		}
		become(found, wanted);
	}
	while (at) {
		const next = at.nextSibling;
		at.remove();
		at = next;
	}
}

const keyed = parent => new Map([...parent.childNodes].filter(child => child.key != null).map(child => [child.key, child]));

const fits = (a, b) => a.nodeName === b.nodeName && a.key === b.key;

function become(old, fresh) {
	if (old.nodeType !== Node.ELEMENT_NODE) {
		if (old.data !== fresh.data) {
			old.data = fresh.data;
		}
		return;
	}
	for (const { name } of [...old.attributes]) {
		// The user decides whether it is open.
		if (!fresh.hasAttribute(name) && !(name === 'open' && /^(DETAILS|DIALOG)$/.test(old.nodeName))) {
			old.removeAttribute(name);
		}
	}
	for (const { name, value } of fresh.attributes) {
		if (old.getAttribute(name) !== value) {
			old.setAttribute(name, value);
		}
	}
	for (const [type, listener] of Object.entries(fresh.listeners ?? {})) {
		listen(old, type, listener);
	}
	if (old.nodeName !== 'TEXTAREA') { // its text is the user's
		morph(old, fresh);
	}
	if (old.nodeName === 'SELECT' || old.nodeName === 'INPUT' && fresh.hasAttribute('value') && old !== document.activeElement) {
		old.value = fresh.value;
	}
}

const paths = {
	overview: 'M3 11 12 4l9 7M5 10v10h14V10M10 20v-6h4v6',
	devices: 'M4 5h16v10H4zM9 20h6M12 15v5',
	history: 'M12 8v4l3 2M4 12a8 8 0 1 0 2.6-5.9M4 4v4h4',
	faults: 'M13 3 5 14h6l-1 7 8-11h-6z',
	copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
	check: 'm5 12 5 5 9-10',
	open: 'm9 6 6 6-6 6',
	trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
	edit: 'm4 20 1-4L16 5l3 3L8 19z',
	plus: 'M12 5v14M5 12h14',
	search: 'M11 5a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM20 20l-4.5-4.5',
	warn: 'M12 4 3 20h18zM12 10v4M12 17v.5',
};

export const icon = name => h('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true', class: 'icon' }, h('path', { d: paths[name] }));
