package approve

import (
	"testing"

	"countersign/internal/store/rows"
)

// A verdict that was made before the transaction counts for the very same request and
// keys alone.
func TestAnEarlyVerdictIsOnTheVerySame(t *testing.T) {
	row := rows.Request{ID: "req_1", UserID: "usr_1", State: string(Pending), Mode: "type", Number: "47", Display: "{}", ExpiresAt: 1}
	d := rows.Device{ID: "dev_1", DeviceKey: []byte{1}, VerifyID: []byte{2}, VerifyKey: []byte{3}, VerifyUser: []byte{4}, Counter: 5}
	if (judged{}).holds(row, d) {
		t.Error("no verdict holds")
	}
	early := judged{question: rows.GetQuestionRow{Request: row, Device: d}}
	seen := d
	seen.SeenAt, seen.Name = 1, "Another name"
	if !early.holds(row, d) || !early.holds(row, seen) {
		t.Error("a verdict on the same does not hold")
	}
	for what, change := range map[string]func(*rows.Request, *rows.Device){
		"state":      func(r *rows.Request, _ *rows.Device) { r.State = string(Denied) },
		"number":     func(r *rows.Request, _ *rows.Device) { r.Number = "48" },
		"display":    func(r *rows.Request, _ *rows.Device) { r.Display = `{"app":"x"}` },
		"life":       func(r *rows.Request, _ *rows.Device) { r.ExpiresAt = 2 },
		"device":     func(_ *rows.Request, d *rows.Device) { d.ID = "dev_2" },
		"device key": func(_ *rows.Request, d *rows.Device) { d.DeviceKey = []byte{9} },
		"credential": func(_ *rows.Request, d *rows.Device) { d.VerifyID = []byte{9} },
		"key":        func(_ *rows.Request, d *rows.Device) { d.VerifyKey = []byte{9} },
		"handle":     func(_ *rows.Request, d *rows.Device) { d.VerifyUser = []byte{9} },
		"backup":     func(_ *rows.Request, d *rows.Device) { d.BackedUp = 1 },
		"counter":    func(_ *rows.Request, d *rows.Device) { d.Counter = 6 },
	} {
		r, other := row, d
		change(&r, &other)
		if early.holds(r, other) {
			t.Errorf("the verdict holds although the %s is another", what)
		}
	}
}
