package web

import "fmt"

// A Field is one input for the components "field", "password", "code" and
// "check", with its texts already said.
type Field struct {
	ID, Name, Label, Hint, Error, Value string
	More                                string // what to do about the error
	Type, Autocomplete, Inputmode       string
	Readonly                            bool
	Describe                            string // ids for aria-describedby
}

// field makes a Field. The options alternate name and value: hint (a text id),
// type, autocomplete, inputmode, value, readonly (bool), and anything that
// begins with a capital letter is an argument of label and hint.
func (v *view) field(form *Form, name, label string, options ...any) (Field, error) {
	f := Field{ID: name, Name: name, Type: "text", Value: form.Value(name)}
	var hint string
	var args []any
	for i := 0; i+1 < len(options); i += 2 {
		key, _ := options[i].(string)
		if key == "" {
			return Field{}, fmt.Errorf("field %s: option %d is not a name", name, i)
		}
		text, _ := options[i+1].(string)
		switch key {
		case "id":
			f.ID = text
		case "hint":
			hint = text
		case "type":
			f.Type = text
		case "autocomplete":
			f.Autocomplete = text
		case "inputmode":
			f.Inputmode = text
		case "value":
			f.Value = text
		case "readonly":
			f.Readonly, _ = options[i+1].(bool)
		default:
			if key[0] < 'A' || key[0] > 'Z' {
				return Field{}, fmt.Errorf("field %s: unknown option %q", name, key)
			}
			args = append(args, key, options[i+1])
		}
	}
	f.Label = v.speaker.Say(label, args...)
	if hint != "" {
		f.Hint = v.speaker.Say(hint, args...)
		f.Describe = f.ID + "-hint"
	}
	e := form.of(name)
	if e != nil {
		f.Error = v.speaker.SayMap("errors."+e.Code, e.Args)
		if more := "errors." + e.Code + "_more"; v.speaker.Has(more) {
			f.More = v.speaker.SayMap(more, e.Args)
		}
		if f.Describe != "" {
			f.Describe += " "
		}
		f.Describe += f.ID + "-error"
	}
	return f, nil
}

// A Said is one line of the error summary.
type Said struct{ Field, Text string }

// problems lists what is wrong with the page's form, for the summary.
func (v *view) problems() []Said {
	if !v.page.Form.Failed() {
		return nil
	}
	var out []Said
	for _, e := range v.page.Form.Errors {
		out = append(out, Said{Field: e.Field, Text: v.speaker.SayMap("errors."+e.Code, e.Args)})
	}
	return out
}

// A Step is one of a wizard's.
type Step struct {
	Text          string
	Done, Current bool
}

// steps marks the step with the number current, counted from 1.
func (v *view) steps(current int, ids ...string) []Step {
	out := make([]Step, len(ids))
	for i, id := range ids {
		out[i] = Step{Text: v.speaker.Say(id), Done: i+1 < current, Current: i+1 == current}
	}
	return out
}

// A Box is a box with an icon: kind is info, good, warn or bad.
type Box struct{ Kind, Icon, Title, Text string }

// note says a title (may be "") and a text (may be ""), with arguments.
func (v *view) note(kind, title, text string, args ...any) Box {
	n := Box{Kind: kind, Icon: map[string]string{"good": "check", "warn": "warning", "bad": "warning"}[kind]}
	if n.Icon == "" {
		n.Icon = "info"
	}
	if title != "" {
		n.Title = v.speaker.Say(title, args...)
	}
	if text != "" {
		n.Text = v.speaker.Say(text, args...)
	}
	return n
}

// A Confirm is a small form with one button that does one thing.
type Confirm struct {
	Action string
	Button string // text id
	Class  string // of the button
	Label  string // read out after the button's words, so that ten "Sign out" differ
	Values []any  // hidden fields, alternating name and value
}

// Pairs are the hidden fields.
func (c Confirm) Pairs() []Said {
	var out []Said
	for i := 0; i+1 < len(c.Values); i += 2 {
		out = append(out, Said{Field: fmt.Sprint(c.Values[i]), Text: fmt.Sprint(c.Values[i+1])})
	}
	return out
}

func confirm(action, button, class, label string, values ...any) Confirm {
	return Confirm{Action: action, Button: button, Class: class, Label: label, Values: values}
}
