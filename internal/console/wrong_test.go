package console

import (
	"testing"

	"countersign/internal/policy"
	"countersign/internal/web"
	"countersign/internal/words"
)

// Whatever setting has a bent value, there is a sentence that says what it can be.
func TestEverySettingSaysWhatItCanBe(t *testing.T) {
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, id := range catalogue.IDs(words.Default) {
		said[id] = true
	}
	for _, key := range policy.Table() {
		d := draft{form: web.NewForm()}
		d.wrong(key)
		if len(d.form.Errors) != 1 || !said["errors."+d.form.Errors[0].Code] {
			t.Errorf("a bent %s says %+v", key.Name, d.form.Errors)
		}
	}
}
