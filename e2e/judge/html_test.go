package judge

import (
	"strings"
	"testing"
)

// whole puts a body into a page that is right.
func whole(body string) string {
	return `<!doctype html>
<html lang="en" dir="ltr">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Sign in</title>
<link rel="stylesheet" href="/base.css"><script src="/app.js" defer></script></head>
<body><main id="main"><h1>Sign in</h1>` + body + `</main></body>
</html>`
}

func TestHTMLThatIsRight(t *testing.T) {
	rows := []struct{ name, body string }{
		{"a form with a code", `<form method="post" action="/code"><label for="code">Code</label>
			<input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" spellcheck="false" autocapitalize="none" aria-describedby="hint" required>
			<p id="hint">From your app</p><label><input type="checkbox" name="saved" value="1"> Saved</label>
			<fieldset><legend><h2>How</h2></legend><select name="how" aria-label="How"><option value="a" selected>App</option></select></fieldset>
			<button type="submit" class="btn">Continue</button></form>`},
		{"an icon and an inline picture", `<svg aria-hidden="true" focusable="false" width="20" height="20" viewBox="0 0 24 24" shape-rendering="crispEdges"><defs><symbol id="i"><path d="M0 0h1"/></symbol></defs><use href="#i"/></svg>
			<svg role="img" aria-label="QR code" viewBox="0 0 1 1"><title>QR</title><rect width="1" height="1" fill="#fff"></rect></svg>`},
		{"lists, with groups", `<ul><li>One <a href="#main">up</a></li></ul><dl><div><dt>Key</dt><dd><bdi dir="ltr">ABCD</bdi></dd></div></dl>`},
		{"a menu that opens", `<details class="menu"><summary aria-label="More">…</summary><ul><li><a href="/x" aria-current="page">X</a></li></ul></details>
			<button type="button" popovertarget="pop">Help</button><div id="pop" popover>Text</div><dialog id="d" aria-labelledby="dt"><h2 id="dt">Sure?</h2></dialog>`},
		{"a link around blocks", `<a href="/x"><div><p>Text</p></div></a><search><form method="get" action="/s"><input type="search" name="q" aria-label="Find"></form></search>`},
		{"a table", `<table><caption>Sessions</caption><thead><tr><th scope="col">When</th></tr></thead><tbody><tr><td><time datetime="2026-01-01">today</time></td></tr></tbody></table>`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { HTML(t, whole(row.body)) })
	}
}

func TestHTMLThatIsWrong(t *testing.T) {
	rows := []struct{ name, body, want string }{
		{"an element is not closed", `<div><p>Text</p>`, "<div> of line 5 is not closed before </main>"},
		{"an end has no beginning", `<p>Text</p></section>`, "</section> ends nothing"},
		{"ends are crossed", `<p><strong>A<em>B</strong></em></p>`, "<em> of line 5 is not closed before </strong>"},
		{"a void element ends", `<br></br>`, "</br>: the element has no end"},
		{"a closed div that is not one", `<div/>`, "does not close itself"},
		{"an id is there twice", `<p id="a">A</p><p id="a">B</p>`, "has the same id"},
		{"a label is for nothing", `<label for="nobody">Code</label>`, `refers to "nobody"`},
		{"a label is for a paragraph", `<label for="p">Code</label><p id="p">A</p>`, "which is no field"},
		{"a description is not there", `<p aria-describedby="main nobody">A</p>`, `<p aria-describedby> refers to "nobody"`},
		{"a link leads to no place of the page", `<a href="#nobody">A</a>`, `<a href> refers to "nobody"`},
		{"a link leads nowhere", `<a href="#">A</a>`, "leads nowhere"},
		{"an icon is not in the page", `<svg><use href="#i-none"/></svg>`, `refers to "i-none"`},
		{"a button in a link", `<a href="/x"><button type="button">A</button></a>`, "stands in <a>"},
		{"a link in a button", `<button type="button">A <a href="/x">B</a></button>`, "stands in <button>"},
		{"a label with two fields", `<label>A <input type="text" name="a"> <input type="text" name="b"></label>`, "more than one field"},
		{"a form in a form", `<form method="post"><form method="post"></form></form>`, "<form> in a <form>"},
		{"a block in a paragraph", `<p>A <div>B</div></p>`, "<div> cannot stand in <p>"},
		{"a block in a link in a paragraph", `<p><a href="/x"><div>B</div></a></p>`, "<div> cannot stand in <p>"},
		{"a list with something else", `<ul><p>A</p></ul>`, "<p> cannot stand directly in <ul>"},
		{"a list with text", `<ul>A<li>B</li></ul>`, "text directly in <ul>"},
		{"an entry without a list", `<li>A</li>`, "<li> cannot stand in <main>"},
		{"an element that nobody knows", `<acme-code>1</acme-code>`, "<acme-code> is not an element"},
		{"an attribute that nobody knows", `<p colour="red">A</p>`, "<p> has no attribute colour"},
		{"an aria attribute that nobody knows", `<p aria-labeledby="main">A</p>`, "there is no attribute aria-labeledby"},
		{"a style in the page", `<p style="color: red">A</p>`, "content security policy refuses it"},
		{"a handler in the page", `<button type="button" onclick="x()">A</button>`, "content security policy refuses it"},
		{"a script in the page", `<script>x()</script>`, "<script> needs src"},
		{"a value that nobody knows", `<input type="text" inputmode="digits" name="a">`, `inputmode="digits"> is none of`},
		{"a picture without words", `<img src="/a.png">`, "<img> needs alt"},
		{"a field that would not be sent", `<form method="post"><input type="text"></form>`, "needs a name"},
		{"an order of one's own", `<p tabindex="3">A</p>`, "keep the order"},
		{"details without a summary", `<details><p>A</p></details>`, "does not begin with <summary>"},
		{"a second h1", `<h1>Again</h1>`, "there are 2 <h1>"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := strings.Join(checkHTML(whole(row.body)), "\n")
			if !strings.Contains(got, row.want) {
				t.Errorf("complaints:\n%s\nwant one with %q", got, row.want)
			}
		})
	}
	if got := strings.Join(checkHTML("<p>A</p>"), "\n"); !strings.Contains(got, "no <!doctype html>") || !strings.Contains(got, "there are 0 <h1>") {
		t.Errorf("a page without a head: %s", got)
	}
}

func TestTidyIsAsked(t *testing.T) {
	for _, body := range []string{`<p>A<p>B</b></p>`, `<center>C</center>`, `<p class="a" class="b">A</p>`} {
		got := tidy(t, whole(body))
		if len(got) == 0 || !strings.HasPrefix(got[0], "tidy, line 5: ") {
			t.Errorf("of %s tidy says %q", body, got)
		}
	}
}

func TestAPolicyIsStrict(t *testing.T) {
	rows := []struct{ name, policy, want string }{
		{"strict", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'", ""},
		{"none", "", "there is no"},
		{"inline scripts", "default-src 'none'; script-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'", "'unsafe-inline' in script-src"},
		{"anybody", "default-src *; base-uri 'none'; frame-ancestors 'none'; form-action 'self'", "* in default-src"},
		{"frames", "default-src 'none'; base-uri 'none'; form-action 'self'", "no frame-ancestors"},
		{"scripts as data", "default-src 'none'; script-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'", "data: in script-src"},
	}
	for _, row := range rows {
		got := strings.Join(policy(row.policy), "\n")
		if (row.want == "") != (got == "") || !strings.Contains(got, row.want) {
			t.Errorf("%s: %q; want %q", row.name, got, row.want)
		}
	}
}

func TestTitlesAreUnique(t *testing.T) {
	r := &register{names: map[string]string{}}
	steps := []struct {
		name, title, want string
	}{
		{"sign in", "Sign in · Acme", ""},
		{"sign in", "Anmelden · Acme", ""},
		{"sign in", "Sign in · Acme", ""},
		{"password", "Sign in · Acme", `also that of the page "sign in"`},
		{"nothing", " ", "no title"},
	}
	for _, step := range steps {
		got := strings.Join(r.check(step.name, step.title), "\n")
		if (step.want == "") != (got == "") || !strings.Contains(got, step.want) {
			t.Errorf("%+v: %q", step, got)
		}
	}
}
