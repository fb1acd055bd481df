package house

import (
	"go/ast"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"countersign/internal/words"
)

// family is a group of texts whose ids the program puts together: the middle,
// between these two, must still be a word of the program. An end that begins
// with * takes any middle.
type family struct{ start, end string }

func families() []family {
	all := []family{
		{"activity.", ""},
		{"activity.proof_accepted_", ""},
		{"activity.proof_refused_", ""},
		{"audit.fault_", ""},
		{"cli.", ""},
		{"cli.error_", ""},
		{"cli.hint_", ""},
		{"account.off_no_", ""},
		{"account.passkey_", ""},
		{"account.role_", ""},
		{"company.admin_reset_", ""},
		{"company.delivery_", ""},
		{"company.effect_", ""},
		{"company.enrol_", ""},
		{"company.push_", ""},
		{"company.require_", ""},
		{"company.turn_off_", ""},
		{"activity.request_", ""},
		{"console.act_", ""},
		{"console.act_", "_text"},
		{"console.choose_", ""},
		{"console.closed_", ""},
		{"console.closed_", "_do"},
		{"console.filter_", ""},
		{"console.kept_", ""},
		{"console.kept_", "_do"},
		{"console.kept_", "_first"},
		{"console.kept_", "_not_yet"},
		{"console.message_", ""},
		{"console.messages_", ""},
		{"console.messages_by_", ""},
		{"console.method_", ""},
		{"console.move_", ""},
		{"console.outcome_", ""},
		{"console.required_", ""},
		{"console.unlocked_by_", ""},
		{"event.", ""},
		{"event.proof_accepted_", ""},
		{"event.proof_refused_", ""},
		{"event.request_", ""},
		{"device.help_", ""},
		{"device.pairing_", ""},
		{"device.reach_", ""},
		{"device.state_", ""},
		{"errors.push_", ""},
		{"phone.lead_", ""},
		{"phone.proof_", ""},
		{"phone.title_", ""},
		{"phone.trouble_", ""},
		{"phone.way_", ""},
		{"enrol.codes_warn_", ""},
		{"enrol.method_", ""},
		{"enrol.method_", "_text"},
		{"enrol.name_suggestion_", ""},
		{"errors.", ""},
		{"errors.", "_more"},
		{"errors.", "_left"},
		{"errors.", "_empty"},
		{"errors.title_", ""},
		{"errors.text_", ""},
		{"errors.passkey_", ""},
		{"errors.passkey_", "_left"},
		{"errors.password_", ""},
		{"errors.required_by_", ""},
		{"errors.locked_", ""},
		{"errors.locked_", "_lasting"},
		{"errors.recovery_", ""},
		{"errors.recovery_", "_left"},
		{"errors.number_", ""},
		{"errors.sms_", ""},
		{"errors.sms_", "_left"},
		{"errors.totp_", ""},
		{"errors.totp_", "_left"},
		{"errors.totp_", "_more"},
		{"help.lost_all_", ""},
		{"link.dead_", ""},
		{"move.do_", ""},
		{"move.step_", ""},
		{"move.text_", ""},
		{"notice.", ""},
		{"notice.person_", ""},
		{"mail.fact_", ""},
		{"mail.method_", ""},
		{"mail.reset_by_", ""},
		{"mail.step_", ""},
		{"console.", ""},
		{"console.choice_", ""},
		{"console.log_by_", ""},
		{"console.log_field_", ""},
		{"console.log_group_", ""},
		{"console.log_outcome_", ""},
		{"console.explain_browser_", ""},
		{"console.origin_", ""},
		{"console.preset_", "*"}, // each preset has its own
		{"console.setting_hint_", ""},
		{"errors.setting_", ""},
		{"notice.console_", ""},
		{"policy.effect_", ""},
		{"policy.explain_end_", ""},
		{"policy.explain_first_", ""},
		{"policy.explain_", ""},
		{"policy.explain_required_", ""},
		{"policy.explain_starts_", ""},
		{"policy.explain_trouble_", ""},
		{"policy.explain_why_", ""},
		{"policy.method_", ""},
		{"policy.name_", ""},
		{"policy.see_", "*"}, // each has its value: see policy.TestEveryValueIsSeen
		{"proof.act_", ""},
		{"proof.kind_", ""},
		{"proof.required_by_", ""},
		{"proof.use_", ""},
		{"signin.locked_", "_title"},
		{"signin.instead_", ""},
		{"signin.recovery_none_", ""},
		{"signin.way_", ""},
		{"signin.why_", ""},
		{"terms.", "*"},
		{"time.month_", "*"},
		{"time.short_month_", "*"},
	}
	for _, part := range []string{"subject", "title", "text", "more", "button", "not_you", "keep", "old", "left", "few", "none", "details", "quiet", "all", "pool", "person", "more_pools", "days", "stays"} {
		all = append(all, family{"mail.", "_" + part})
	}
	return all
}

// said tells whether the program mentions a text, whole or by its family.
func said(id string, mentioned map[string]bool) bool {
	if mentioned[id] {
		return true
	}
	for _, f := range families() {
		middle, found := strings.CutPrefix(id, f.start)
		if found && f.end == "*" {
			return true
		}
		middle, ends := strings.CutSuffix(middle, f.end)
		if found && ends && mentioned[middle] {
			return true
		}
	}
	return false
}

var word = regexp.MustCompile(`[a-z][a-z0-9_]*(\.[a-z0-9_]+)*`)

// mention notes the words of a text. The kind of an event is said with an
// underscore, and names of systems in small letters.
func mention(mentioned map[string]bool, text string) {
	for _, found := range word.FindAllString(strings.ToLower(text), -1) {
		mentioned[found] = true
		mentioned[strings.ReplaceAll(found, ".", "_")] = true
	}
}

// shipped lists what the program is made of: its Go files and its pages.
func shipped(t *testing.T) ([]source, []string) {
	t.Helper()
	var files []source
	var pages []string
	for _, p := range packages(t) {
		if p.onlyForTests() {
			continue
		}
		for _, s := range sources(t, p) {
			if !s.test && !s.generated {
				files = append(files, s)
			}
		}
	}
	tree := os.DirFS(filepath.Join("..", "..", "internal"))
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".html" && filepath.Ext(path) != ".js" {
			return err
		}
		text, err := fs.ReadFile(tree, path)
		pages = append(pages, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, pages
}

// Every text of the catalogue is said somewhere: the others only cost those who
// translate.
func TestEveryTextIsSaid(t *testing.T) {
	files, pages := shipped(t)
	if len(files) < 100 || len(pages) < 20 {
		t.Fatalf("only %d files and %d pages were found", len(files), len(pages))
	}
	mentioned := map[string]bool{}
	for _, page := range pages {
		mention(mentioned, page)
	}
	for _, s := range files {
		ast.Inspect(s.file, func(n ast.Node) bool {
			text, found := literal(n)
			if found {
				mention(mentioned, text)
			}
			return true
		})
	}
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range catalogue.IDs(words.Default) {
		if !said(id, mentioned) {
			t.Errorf("%s is in the catalogue and nothing says it", id)
		}
	}
}

// literal is the text of a string in the source.
func literal(n ast.Node) (string, bool) {
	basic, is := n.(*ast.BasicLit)
	if !is || basic.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(basic.Value)
	return text, err == nil
}

// codeOf is the code that a refusal is made with, where it stands there whole.
func codeOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.CallExpr:
		name := ""
		switch f := n.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
		}
		if (name == "Refuse" || name == "InvalidField" || name == "Wrong") && len(n.Args) > 1 {
			return literal(n.Args[1])
		}
	case *ast.KeyValueExpr:
		key, is := n.Key.(*ast.Ident)
		if is && key.Name == "Code" {
			return literal(n.Value)
		}
	}
	return "", false
}

// Every code that a refusal is made with has a text: a person never reads a
// code, nor less than there is to say.
func TestEveryRefusalHasAText(t *testing.T) {
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	speaker := catalogue.Speaker(words.Default)
	files, _ := shipped(t)
	codes := map[string]string{}
	for _, s := range files {
		ast.Inspect(s.file, func(n ast.Node) bool {
			code, found := codeOf(n)
			if found && code != "" {
				codes[code] = s.at(n)
			}
			return true
		})
	}
	if len(codes) < 60 {
		t.Errorf("only %d codes were found", len(codes))
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		if !speaker.Has("errors."+code) && !speaker.Has("cli.error_"+code) && !speaker.Has("errors.title_"+code) {
			t.Errorf("%s: the code %s has no text", codes[code], code)
		}
	}
}
