package main

// allowBackground does nothing: Windows does not stop programs that read in the
// background.
func allowBackground() {}
