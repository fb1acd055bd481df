package console

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"countersign/internal/web/webtest"
	"countersign/internal/words"
)

func allSamples(t *testing.T) []webtest.Sample {
	t.Helper()
	return slices.Concat(samples(), settingsSamples(t), logSamples(t), companySamples(), messagesSamples(), keptSamples())
}

func gallery(t *testing.T, terms words.Terms) http.Handler {
	t.Helper()
	return webtest.Gallery(t, terms, now, newRenderer, allSamples(t))
}

// Every page, in every state, language and wording, keeps the house rules.
func TestEveryPage(t *testing.T) {
	webtest.EveryPage(t, func(terms words.Terms) http.Handler { return gallery(t, terms) }, allSamples(t))
}

func TestNoTextOutsideTheCatalogue(t *testing.T) {
	webtest.NoTextOutside(t, gallery(t, words.Terms{}), allSamples(t), []string{
		"Countersign", "Acme", "English", "Deutsch", "Firefox", "Chrome", "Safari", "Pixel", "Android", "Linux", "Staff", "Contractors", "Administrators",
		"Ngozi Adeyemi", "Łukasz Wiśniewski", "Nguyễn Thị Lan", "Þórdís Jónsdóttir", "Yara Haddad", "Zoë van den Berg",
	})
}

// Nobody is led to a page that the role does not reach, and no entry leads nowhere.
func TestTheNavigationLeadsToRoutes(t *testing.T) {
	routes := map[string]Route{}
	for _, r := range Routes() {
		if _, twice := routes[r.Pattern]; twice {
			t.Errorf("%s stands in the table twice", r.Pattern)
		}
		routes[r.Pattern] = r
	}
	for _, e := range navigation() {
		_, found := routes["GET "+e.Path]
		if !found {
			t.Errorf("the navigation leads to %s, which is no route", e.Path)
		}
	}
	for _, r := range Routes() {
		if !strings.Contains(r.Pattern, " /console") || r.Deed == "" {
			t.Errorf("%s is not below /console, or anybody may do it", r.Pattern)
		}
	}
}
