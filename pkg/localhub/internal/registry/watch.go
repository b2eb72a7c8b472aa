package registry

// Watch returns a device or module and a channel that is closed when the state
// of its connection changes.
func (r *Registry) Watch(id ID) (Snapshot, <-chan struct{}, error) {
	e, err := r.find(id)
	if err != nil {
		return Snapshot{}, nil, err
	}
	defer e.mu.Unlock()
	if e.changed == nil {
		e.changed = make(chan struct{})
	}
	return e.snapshot(), e.changed, nil
}
