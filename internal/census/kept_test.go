package census

import (
	"testing"
	"time"

	"countersign"
)

// What was counted is taken again for a while, but not under other settings: they say whom
// a second factor is required of.
func TestACountIsKeptForItsSettings(t *testing.T) {
	const workspace = countersign.DefaultWorkspace
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		what         string
		workspace    countersign.WorkspaceID
		under, asked int64
		after        time.Duration
		found        bool
	}{
		{"the same settings", workspace, 7, 7, time.Second, true},
		{"other settings", workspace, 7, 8, time.Second, false},
		{"whatever settings", workspace, 7, anySettings, time.Second, true},
		{"counted under whatever settings", workspace, anySettings, 7, time.Second, false},
		{"much later", workspace, 7, 7, time.Hour, false},
		{"another workspace", "wsp_other", 7, 7, time.Second, false},
	} {
		var k kept
		k.keep(workspace, Count{At: at, settings: row.under}, 100*time.Millisecond)
		if _, found := k.get(row.workspace, row.asked, at.Add(row.after)); found != row.found {
			t.Errorf("%s: found %t", row.what, found)
		}
	}
}
