package console

import "strings"

// textOf is the text that says an event of somebody else: "event." and its kind, for
// proofs with the method. A log may hold kinds of later versions; the page
// shows those by their names.
func textOf(kind string, detail map[string]string) string {
	id := strings.ReplaceAll(kind, ".", "_")
	if kind == "proof.accepted" || kind == "proof.refused" {
		id += "_" + detail["method"]
	}
	return "event." + id
}
