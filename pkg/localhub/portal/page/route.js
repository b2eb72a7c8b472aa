// Addresses and the views that they name. An id can be "." or "..", which
// browsers would resolve like folders. A "~" before it, which no id contains,
// prevents that.

const escape = id => (/^\.+$/.test(id) ? '~' : '') + encodeURIComponent(id);
const unescape = text => decodeURIComponent(text).replace(/^~/, '');

export function link(name, device, module) {
	if (module) {
		return `/devices/${escape(device)}/modules/${escape(module)}`;
	}
	return device ? `/devices/${escape(device)}` : name === 'overview' ? '/' : '/' + name;
}

export function parse({ pathname, search }) {
	const query = Object.fromEntries(new URLSearchParams(search));
	const [first, device, modules, module, ...rest] = pathname.slice(1).split('/');
	try {
		if (rest.length || device === '' || module === '') {
			return { name: '', query };
		}
		if (first === 'devices' && modules === 'modules' && module) {
			return { name: 'module', device: unescape(device), module: unescape(module), query };
		}
		if (first === 'devices' && device && !modules) {
			return { name: 'device', device: unescape(device), query };
		}
	} catch { // not an address of this page
		return { name: '', query };
	}
	return { name: device ? '' : first || 'overview', query };
}
