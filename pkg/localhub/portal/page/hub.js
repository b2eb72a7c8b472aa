// What the page knows about the hub: requested once, then kept up to date by
// the stream of events.

export const hub = {
	live: 'connecting', // or 'live', 'away', 'signedOut'
	events: [], // newest first
};

const maxEvents = 1000;

export class HubError extends Error {
	constructor(answer) {
		super(answer.message);
		Object.assign(this, answer);
	}
}

// ask calls the server's API and returns the answer.
export async function ask(method, path, values = {}, body) {
	let response;
	try {
		response = await fetch('/api/' + path + '?' + new URLSearchParams(values), { method, body: body && JSON.stringify(body) });
	} catch {
		throw new HubError({ code: 'Away', message: '' });
	}
	if (response.status === 401 && response.headers.get('Content-Type')?.startsWith('text/')) {
		hub.live = 'signedOut';
		throw new HubError({ code: 'SignedOut', message: '' });
	}
	const answer = await response.json().catch(() => ({ status: response.status, code: 'Error', message: response.statusText }));
	if (!response.ok) {
		throw new HubError(answer);
	}
	return answer;
}

let stream, run, seen, waiting;

// follow keeps a stream open. It calls changed with new events, and anew when
// what is shown has to be loaded again.
export function follow(changed, anew) {
	const open = () => {
		clearTimeout(waiting);
		stream?.close();
		stream = new EventSource('/api/events' + (seen ? '?after=' + encodeURIComponent(seen) : ''));
		stream.addEventListener('hello', message => {
			const fresh = JSON.parse(message.data);
			const before = run;
			run = fresh;
			const wasAway = hub.live === 'away';
			hub.live = 'live';
			if (before && before !== fresh) {
				remember([{ kind: 'Restarted', t: Date.now() }]);
			}
			anew(wasAway ? 'back' : before ? 'again' : 'first');
		});
		stream.addEventListener('missed', message => {
			remember([{ kind: 'Missed', t: Date.now(), count: JSON.parse(message.data) }]);
			anew('missed');
		});
		stream.addEventListener('message', message => {
			seen = message.lastEventId;
			const events = JSON.parse(message.data);
			remember(events);
			changed(events);
		});
		stream.addEventListener('error', () => {
			if (hub.live !== 'signedOut') {
				hub.live = 'away';
			}
			changed([]);
			if (stream.readyState === EventSource.CLOSED) { // the browser has given up
				waiting = setTimeout(check, 1000);
			}
		});
	};
	const check = () => ask('GET', 'hub').then(open, error => {
		changed([]);
		if (error.code !== 'SignedOut') {
			waiting = setTimeout(check, 1000);
		}
	});
	// A browser opens at most six connections to a server, so a hidden page
	// closes its own.
	document.addEventListener('visibilitychange', () => {
		clearTimeout(waiting);
		if (!document.hidden) {
			if (stream.readyState === EventSource.CLOSED) {
				open();
			}
		} else {
			waiting = setTimeout(() => stream.close(), 10_000);
		}
	});
	open();
}

function remember(events) {
	hub.events.unshift(...events.toReversed());
	hub.events.length = Math.min(hub.events.length, maxEvents);
}

// get and put are safe for names that others have chosen, even "__proto__".
export const get = (object, name) => Object.hasOwn(object ?? {}, name) ? object[name] : undefined;

function put(object, name, value) {
	Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

// merge returns target with a merge patch applied.
export function merge(target, patch) {
	const merged = { ...target };
	for (const [name, value] of Object.entries(patch)) {
		if (value === null) {
			delete merged[name];
		} else {
			const before = get(merged, name);
			put(merged, name, isObject(value) ? merge(isObject(before) ? before : {}, value) : value);
		}
	}
	return merged;
}

export const isObject = value => value !== null && typeof value === 'object' && !Array.isArray(value);

// stamp returns metadata as it is after a patch.
function stamp(metadata, patch, mark) {
	const after = { ...metadata, ...mark };
	for (const [name, value] of Object.entries(patch)) {
		if (value === null) {
			delete after[name];
		} else {
			put(after, name, isObject(value) ? stamp(get(after, name), value, mark) : mark);
		}
	}
	return after;
}

// advance applies an event to a section of a twin. It returns null if an
// earlier event is missing, or the patch because it is large, so that the section
// has to be loaded again.
export function advance(section, event, showVersion) {
	if (event.version <= section.$version) {
		return section;
	}
	if (event.version !== section.$version + 1 || !event.patch) {
		return null;
	}
	const mark = { $lastUpdated: new Date(event.t).toISOString() };
	if (showVersion) {
		mark.$lastUpdatedVersion = event.version;
	}
	return {
		...merge(section, event.patch),
		$version: event.version,
		$metadata: stamp(section.$metadata, event.patch, mark),
	};
}

export function own(section) {
	return Object.fromEntries(Object.entries(section ?? {}).filter(([name]) => !name.startsWith('$')));
}

// same compares decoded JSON; the order of names does not count.
export function same(a, b) {
	if (isObject(a) && isObject(b)) {
		const names = Object.keys(a);
		return names.length === Object.keys(b).length && names.every(name => Object.hasOwn(b, name) && same(a[name], b[name]));
	}
	if (Array.isArray(a) && Array.isArray(b)) {
		return a.length === b.length && a.every((element, i) => same(element, b[i]));
	}
	return a === b;
}
