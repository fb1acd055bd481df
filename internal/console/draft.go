package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/policy"
	"countersign/internal/web"
)

// draft is what somebody has chosen on a page of settings and not saved yet. It travels in
// the form, so that it survives each press of a button, a change by somebody else, and the
// page that asks for a fresh proof.
type draft struct {
	keys []policy.Key
	// chosen are the values of the form, under their keys; was is how each stood when the page
	// was made, see ground.stands.
	chosen policy.Document
	was    map[string]string
	// gone are the settings that a pool sets and gives up: what the workspace has then holds,
	// also where that is the same, or changes before it is saved.
	gone map[string]bool
	// pinned are the settings that a pool does not set and is to keep as they are, whatever
	// the workspace does.
	pinned map[string]bool
	form   *web.Form
}

// The names of a form's fields for one setting.
func fieldOf(key string) string { return "set." + key }
func wasOf(key string) string   { return "was." + key }

// headOf leads to the heading of a setting on its page, "" for no setting.
func headOf(key string) string {
	if key == "" {
		return ""
	}
	return "#" + fieldOf(key) + "-h"
}

// goneField carries the key of a setting that a pool gives up.
const goneField = "gone"

// pinField carries the key of a setting that a pool keeps as it is.
const pinField = "pin"

// draftOf is the draft of a page that nobody has changed anything on, but for what its
// address says: after a fresh proof that is what was chosen before.
func draftOf(r *http.Request, keys []policy.Key, g ground) draft {
	d := draft{keys: keys, chosen: policy.Document{}, was: map[string]string{}, gone: map[string]bool{}, pinned: map[string]bool{}, form: web.NewForm()}
	for _, key := range keys {
		d.was[key.Name] = g.stands(key)
		d.chosen[key.Name] = g.value(key)
		if value, ok := carried(r, key, fieldOf(key.Name)); ok {
			d.chosen[key.Name] = value
		}
		if slices.Contains(r.URL.Query()[goneField], key.Name) {
			d.giveUp(key, g)
		}
		if typed := r.URL.Query()[wasOf(key.Name)]; len(typed) > 0 {
			d.was[key.Name] = ""
			if _, ok := stood(key, typed[0]); ok && len(typed) == 1 {
				d.was[key.Name] = typed[0]
			}
		}
		if slices.Contains(r.URL.Query()[pinField], key.Name) {
			d.pin(key, g)
		}
	}
	return d
}

// carried is a value that the address of a page carries; what is none counts for nothing.
func carried(r *http.Request, key policy.Key, field string) (any, bool) {
	typed := r.URL.Query()[field]
	if len(typed) != 1 {
		return nil, false
	}
	value, err := policy.ParseValue(key.Name, typed[0])
	return value, err == nil
}

// readDraft reads a form. What is wrong with a value stands on the form, and the value that
// is in force in its place.
func readDraft(r *http.Request, form *web.Form, keys []policy.Key, g ground) draft {
	d := draft{keys: keys, chosen: policy.Document{}, was: map[string]string{}, gone: map[string]bool{}, pinned: map[string]bool{}, form: form}
	for _, key := range keys {
		was, made := form.Values[wasOf(key.Name)]
		d.was[key.Name], d.chosen[key.Name] = strings.TrimSpace(was), g.value(key)
		if !made {
			// A form that does not say what it was made from changes nothing here: that boxes
			// are missing from it must not mean that they were cleared.
			d.was[key.Name] = g.stands(key)
			continue
		}
		if slices.Contains(r.PostForm[goneField], key.Name) {
			d.giveUp(key, g)
			continue
		}
		if slices.Contains(r.PostForm[pinField], key.Name) && d.pin(key, g) {
			continue
		}
		typed := strings.TrimSpace(form.Value(fieldOf(key.Name)))
		if key.List && key.Words != nil {
			typed = strings.Join(boxes(r, key), ",")
		}
		if typed == "" && key.Words == nil {
			d.chosen[key.Name] = g.without(key)
			continue
		}
		value, err := policy.ParseValue(key.Name, typed)
		if err != nil {
			d.wrong(key)
			continue
		}
		d.chosen[key.Name] = value
	}
	return d
}

// boxes are the words of a list whose boxes are ticked, in the order of the list.
func boxes(r *http.Request, key policy.Key) []string {
	var list []string
	for _, word := range key.Words {
		if word == key.Needs || slices.Contains(r.PostForm[fieldOf(key.Name)], word) {
			list = append(list, word)
		}
	}
	return list
}

// giveUp takes back what a pool sets. Where it sets nothing, it has what holds without.
func (d draft) giveUp(key policy.Key, g ground) {
	if g.own(key) {
		d.gone[key.Name], d.chosen[key.Name] = true, g.without(key)
	}
}

// pin has a pool set what holds there by the workspace, and tells whether it does: what it
// sets itself stays anyway, and so does all that the workspace sets. The value is the one
// that the page showed, whatever the workspace has by now.
func (d draft) pin(key policy.Key, g ground) bool {
	value, known := stood(key, d.was[key.Name])
	if !g.ofPool() || !known || !strings.HasPrefix(d.was[key.Name], inherits) {
		return false
	}
	d.pinned[key.Name], d.chosen[key.Name] = true, value
	return true
}

// takeBack does what a button says: inherit gives up what the pool sets, keep leaves it; pin
// has the pool set what it does not, unpin leaves that to the workspace. It tells of which
// setting, "" for none that there is, and whether it was one of these buttons.
func (d draft) takeBack(what string, g ground) (string, bool) {
	verb, name, _ := strings.Cut(what, ":")
	if !slices.Contains([]string{"inherit", "keep", "pin", "unpin"}, verb) {
		return "", false
	}
	for _, key := range d.keys {
		if key.Name != name {
			continue
		}
		switch {
		case verb == "inherit":
			d.giveUp(key, g)
		case verb == "pin":
			d.pin(key, g)
		case verb == "keep" && d.gone[name], verb == "unpin" && d.pinned[name]:
			delete(d.gone, name)
			delete(d.pinned, name)
			d.chosen[name] = g.value(key)
		}
		return name, true
	}
	return "", true
}

// wrong says what a value can be.
func (d draft) wrong(key policy.Key) {
	switch {
	case key.Most > 0:
		d.form.Wrong(fieldOf(key.Name), "setting_number", "Least", strconv.Itoa(key.Least), "Most", strconv.Itoa(key.Most))
	case key.List && key.Words != nil:
		d.form.Wrong(fieldOf(key.Name), "setting_one")
	case key.Words != nil:
		d.form.Wrong(fieldOf(key.Name), "setting_choice")
	default:
		d.form.Wrong(fieldOf(key.Name), "setting_"+strings.ReplaceAll(key.Name, ".", "_"))
	}
}

// over is the document with the draft over it. A setting whose value is what it was
// stays as it is, set or not; one that goes back to what holds without it is not set.
func (d draft) over(g ground) policy.Document {
	next := g.set.With(nil)
	for _, key := range d.keys {
		chosen := policy.Spell(d.chosen[key.Name])
		switch {
		case d.gone[key.Name]:
			delete(next, key.Name)
		case d.pinned[key.Name]:
			next[key.Name] = d.chosen[key.Name]
		case chosen == policy.Spell(g.value(key)):
		case chosen == policy.Spell(g.without(key)):
			delete(next, key.Name)
		default:
			next[key.Name] = d.chosen[key.Name]
		}
	}
	return next
}

// Meanwhile is a setting that somebody else changed since the page was made.
type Meanwhile struct {
	Name    string // of the setting, an id of the catalogue
	Was, Is policy.Sight
}

// meet compares a draft with what is set now. What somebody else changed meanwhile is
// told; where this draft had not touched it, it takes their value, and elsewhere it keeps
// its own, to be saved once more. What was to be kept is then a choice as any other.
func (d *draft) meet(g ground) []Meanwhile {
	var told []Meanwhile
	for _, key := range d.keys {
		now := g.stands(key)
		if d.was[key.Name] == now {
			continue
		}
		was := g.before(key, d.was[key.Name])
		if policy.Spell(d.chosen[key.Name]) == policy.Spell(was) && !d.gone[key.Name] && !d.pinned[key.Name] {
			d.chosen[key.Name] = g.value(key)
		}
		delete(d.pinned, key.Name)
		d.was[key.Name] = now
		told = append(told, Meanwhile{nameOf(key), policy.SightOf(key, was), policy.SightOf(key, g.value(key))})
	}
	return told
}

// address is the page with what was chosen in it, and what it was chosen over: to go on
// with it, or to come back to it after a fresh proof.
func (d draft) address(path string, query url.Values, g ground) string {
	for _, key := range d.keys {
		query.Set(wasOf(key.Name), d.was[key.Name])
		chosen := policy.Spell(d.chosen[key.Name])
		switch {
		case d.gone[key.Name]:
			query.Add(goneField, key.Name)
		case d.pinned[key.Name]:
			query.Add(pinField, key.Name)
		case chosen != policy.Spell(g.value(key)):
			query.Set(fieldOf(key.Name), chosen)
		}
	}
	return path + "?" + query.Encode()
}

// touched tells whether anything is chosen that is not in force.
func (d draft) touched(g ground) bool {
	return len(d.gone)+len(d.pinned) > 0 || slices.ContainsFunc(d.keys, func(key policy.Key) bool {
		return policy.Spell(d.chosen[key.Name]) != policy.Spell(g.value(key))
	})
}

// written tells whether anything was typed, and not chosen, that is not in force.
func (d draft) written(g ground) bool {
	return slices.ContainsFunc(d.keys, func(key policy.Key) bool {
		return key.Words == nil && !d.gone[key.Name] && policy.Spell(d.chosen[key.Name]) != policy.Spell(g.value(key))
	})
}

// nameOf is how pages call a setting, as an id of the catalogue.
func nameOf(key policy.Key) string { return "policy.name_" + strings.ReplaceAll(key.Name, ".", "_") }
