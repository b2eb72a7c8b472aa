package registry

// State is the state of a device's or module's connection.
type State struct {
	Connected     bool
	Subscriptions Subscriptions // none if it is not connected
	SignIns       int           // successful ones so far
	Telemetry     int           // messages so far, wills included
}

// Watch returns the state of a connection and a channel that is closed when it
// changes.
func (r *Registry) Watch(id ID) (State, <-chan struct{}, error) {
	e, err := r.find(id)
	if err != nil {
		return State{}, nil, err
	}
	defer e.mu.Unlock()
	if e.changed == nil {
		e.changed = make(chan struct{})
	}
	state := State{Connected: e.connected() != nil, SignIns: e.signIns, Telemetry: e.telemetry}
	if state.Connected {
		state.Subscriptions = e.subscriptions
	}
	return state, e.changed, nil
}
