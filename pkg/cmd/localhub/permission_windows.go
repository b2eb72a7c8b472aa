package main

// exposed returns nothing: on Windows, a user's folders are the user's own
// unless somebody has seen to it that they are not.
func exposed(string) string { return "" }
