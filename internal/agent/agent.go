// Package agent says in two words what a browser calls itself: "Firefox" on
// "Linux". Mails, the lists of sessions and the activity page ask it.
//
// The header is whatever the client chose to send, so it is shown to people, lets
// nobody in and keeps nobody out. At most somebody is warned.
package agent

import (
	"slices"

	"github.com/mileusna/useragent"
)

// longest bounds what is parsed; browsers send less than 300 bytes.
const longest = 512

// Describe returns the browser's name and the system's, in this order, each "" when it is not
// known. Both come from closed lists: a stranger who fails to sign in must not
// be able to write his own words into the mail that warns about it.
func Describe(userAgent string) (string, string) {
	if len(userAgent) > longest {
		userAgent = userAgent[:longest]
	}
	parsed := parse(userAgent)
	return known(parsed.Name, browsers()), known(parsed.OS, systems())
}

// Other tells whether two headers name another browser or another system, where both name
// one. A newer version is the same browser.
func Other(before, now string) bool {
	wasBrowser, wasSystem := Describe(before)
	isBrowser, isSystem := Describe(now)
	differs := func(was, is string) bool { return was != "" && is != "" && was != is }
	return differs(wasBrowser, isBrowser) || differs(wasSystem, isSystem)
}

// parse survives a header that the parser does not: it comes from strangers,
// and the outbox's worker would meet it again after every restart.
func parse(userAgent string) useragent.UserAgent {
	var parsed useragent.UserAgent
	func() {
		defer func() { _ = recover() }()
		parsed = useragent.Parse(userAgent)
	}()
	return parsed
}

func known(name string, list []string) string {
	if slices.Contains(list, name) {
		return name
	}
	return ""
}

func browsers() []string {
	return []string{
		useragent.Chrome, useragent.Firefox, useragent.Safari, useragent.Edge,
		useragent.Opera, useragent.OperaMini, useragent.OperaTouch,
		useragent.SamsungBrowser, useragent.Vivaldi, useragent.HeadlessChrome,
		useragent.InternetExplorer, "Android browser", "Huawei Browser",
		"Miui Browser", "YaBrowser", "DuckDuckGo", "Epiphany", "Konqueror",
		"curl", "Wget",
	}
}

func systems() []string {
	return []string{
		useragent.Windows, useragent.MacOS, useragent.Linux, useragent.Android,
		useragent.IOS, useragent.ChromeOS, useragent.FreeBSD, useragent.Harmony,
		useragent.WindowsPhone, useragent.BlackBerry,
	}
}
