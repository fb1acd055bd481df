package console

import (
	"bytes"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"countersign/internal/web"
	"countersign/internal/words"
)

// What a page keeps is what was typed and chosen, and never a secret.
func TestWhatIsKept(t *testing.T) {
	for _, row := range []struct {
		sentence string
		sent     url.Values
		want     []web.Part
	}{
		{"a button alone", url.Values{}, nil},
		{"a button beside fields that nobody filled", url.Values{"reason": {""}, "q": {"  "}}, nil},
		{"a button of the page that keeps, alone", url.Values{"kept": {"yes"}}, nil},
		{"a reason", url.Values{"reason": {" lost her phone\r\n"}, "role": {"user"}}, []web.Part{{Name: "reason", Value: " lost her phone\r\n"}, {Name: "role", Value: "user"}}},
		{"a name sent more than once, in its order", url.Values{"accept": {"b", "a"}}, []web.Part{{Name: "accept", Value: "b"}, {Name: "accept", Value: "a"}}},
		{"sent again", url.Values{"reason": {"lost"}, "kept": {"yes"}}, []web.Part{{Name: "reason", Value: "lost"}}},
		{"a password", url.Values{"reason": {"lost"}, "password": {"fourteen pears"}, "code": {"123456"}, "recovery": {"abcde"}, "passkey": {"{}"}}, []web.Part{{Name: "reason", Value: "lost"}}},
		{"a password alone", url.Values{"password": {"fourteen pears"}}, nil},
	} {
		r := httptest.NewRequest(http.MethodPost, "/console/invite", strings.NewReader(row.sent.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		got, err := typed(r)
		if err != nil || got.Upload || !slices.Equal(got.Parts, row.want) {
			t.Errorf("%s: %+v, %v", row.sentence, got, err)
		}
	}
}

// Whoever has proven what a page asked for, and is asked for something else, is not told that
// they have proven nothing.
func TestWhoIsToldThatNothingIsProven(t *testing.T) {
	for _, row := range []struct {
		sentence string
		sent     url.Values
		asked    string
		want     bool
	}{
		{"a form that comes for the first time", url.Values{"reason": {"lost"}}, "lock:usr_1", false},
		{"one that comes again without the proof", url.Values{"reason": {"lost"}, "kept": {"lock:usr_1"}}, "lock:usr_1", true},
		{"one whose sender has opened the console", url.Values{"reason": {"lost"}, "kept": {"console"}}, "lock:usr_1", false},
		{"one whose sender has signed in", url.Values{"reason": {"lost"}, "kept": {"signin"}}, "lock:usr_1", false},
		{"one whose sender is signed out again", url.Values{"reason": {"lost"}, "kept": {"lock:usr_1"}}, "signin", false},
		{"one whose sender is still signed out", url.Values{"reason": {"lost"}, "kept": {"signin"}}, "signin", true},
	} {
		r := httptest.NewRequest(http.MethodPost, "/console/invite", strings.NewReader(row.sent.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := again(r, row.asked); got != row.want {
			t.Errorf("%s: %v", row.sentence, got)
		}
	}
}

// A file that was chosen arrives whole the second time, though no page can choose a file.
func TestAFileIsKept(t *testing.T) {
	octets := []byte("a\x00\xff\r\n\n,b")
	form := func(fill func(*multipart.Writer)) *http.Request {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		fill(w)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/console/invite/list", &body)
		r.Header.Set("Content-Type", w.FormDataContentType())
		return r
	}
	kept, err := typed(form(func(w *multipart.Writer) {
		part, err := w.CreateFormFile("file", "people.csv")
		if err == nil {
			_, err = part.Write(octets)
		}
		if err == nil {
			err = w.WriteField("list", "x")
		}
		if err != nil {
			t.Fatal(err)
		}
	}))
	if err != nil || !kept.Upload || len(kept.Parts) != 2 {
		t.Fatalf("kept is %+v, %v", kept, err)
	}
	again, file, err := web.ReadUpload(form(func(w *multipart.Writer) {
		for _, f := range kept.Parts {
			if f.File || !utf8.ValidString(f.Value) || strings.Contains(f.Value, "\x00") {
				t.Errorf("%q cannot stand in a page", f.Value)
			}
			err := w.WriteField(f.Name, f.Value)
			if err != nil {
				t.Fatal(err)
			}
		}
	}), "file")
	if err != nil || !bytes.Equal(file, octets) || again.Value("list") != "x" || len(again.Values) != 1 {
		t.Errorf("the second time there are %+v and %q, %v", again, file, err)
	}
	_, _, err = web.ReadUpload(form(func(w *multipart.Writer) {
		if err := w.WriteField("kept.file", "!"); err != nil {
			t.Fatal(err)
		}
	}), "file")
	if err == nil {
		t.Error("what is no file was taken for one")
	}
}

// No form of the console has a secret in it that a page could keep, and whatever is written
// into one is shown under its name.
func TestEveryFieldThatIsTypedIsShown(t *testing.T) {
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, line := range typedNames() {
		shown[line.Label] = true
		if !slices.Contains(catalogue.IDs(words.Default), line.Value) {
			t.Errorf("%s is called %s, which is no text", line.Label, line.Value)
		}
	}
	fields := regexp.MustCompile(`field (?:\$?\.)?Form "([a-z]+)"|<textarea[^>]* name="([a-z]+)"|name="([a-z]+)" type="file"`)
	posts := regexp.MustCompile(`(?s)<form[^>]*method="post".*?</form>`)
	err = fs.WalkDir(pages, "pages", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(pages, name)
		for _, secret := range []string{`type="password"`, `template "password"`, `template "code"`, "one-time-code"} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s has a field for a secret: %s", name, secret)
			}
		}
		for _, form := range posts.FindAllString(string(text), -1) {
			for _, found := range fields.FindAllStringSubmatch(form, -1) {
				field := found[1] + found[2]
				if found[3] != "" {
					field = "kept." + found[3]
				}
				choices := []string{"pool", "accept", "require", "device"}
				if !shown[field] && !shown["kept."+field] && !slices.Contains(choices, field) {
					t.Errorf("%s: what is typed into %q is not shown when it is kept", name, field)
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Whoever is refused comes back to where they were, and nowhere else.
func TestTheWayBack(t *testing.T) {
	for _, row := range []struct{ sentence, method, at, referer, want string }{
		{"from a list", http.MethodGet, "/console/people/usr_1", "https://acme.example/console/people?state=off", "/console/people?state=off"},
		{"from a form that was sent to its own address", http.MethodPost, "/console/people/usr_1/lock", "https://acme.example/console/people/usr_1/lock", "/console/people/usr_1/lock"},
		{"a form in an answer, whose address shows nothing", http.MethodPost, "/console/log/verify", "https://acme.example/console/log/verify", "/console/log"},
		{"a form of which nothing is known", http.MethodPost, "/console/resets/rst_1/confirm", "", "/console/resets"},
		{"an address that was typed", http.MethodGet, "/console/peple", "", "/console"},
		{"from another page of ours", http.MethodGet, "/console/peple", "https://acme.example/account/security", "/console"},
		{"a page that reads itself anew", http.MethodGet, "/console/peple", "https://acme.example/console/peple", "/console"},
		{"a referrer that is none", http.MethodGet, "/console/peple", "https://evil.example//evil.example/console", "/console"},
		{"a referrer that cannot be read", http.MethodGet, "/console/peple", "://", "/console"},
		{"somebody else's site", http.MethodGet, "/console/peple", "https://evil.example/console/people", "/console/people"},
		{"a name that only begins alike", http.MethodGet, "/console/peple", "https://acme.example/consoles", "/console"},
	} {
		r := httptest.NewRequest(row.method, row.at, http.NoBody)
		r.Header.Set("Referer", row.referer)
		if got := wayBack(r); got != row.want {
			t.Errorf("%s: %s, not %s", row.sentence, got, row.want)
		}
	}
}

func TestTheSectionOfAnAddress(t *testing.T) {
	for at, want := range map[string]string{
		"/console/people/usr_1/lock": "people", "/console/pools/pool_1": "pools", "/console/log/export": "log", "/console/company": "company",
		"/console/peple": "none", "/console/peoples": "none", "/console/invite/list": "people", "/console/campaigns/cmp_1/remind": "company", "/console/resets/rst_1/confirm": "people", presetsPath + "/standard": "authentication", settingsPath: "authentication",
	} {
		if got := sectionOf(at); got != want {
			t.Errorf("%s belongs to %s, not %s", at, got, want)
		}
	}
}
