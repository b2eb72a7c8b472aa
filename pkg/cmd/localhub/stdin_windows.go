package main

// stayAwake does nothing: on Windows, no shell stops a program that reads.
func stayAwake() {}
