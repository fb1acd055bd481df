package sms

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// segment is how many characters one text has, where all are of the GSM alphabet. A
// longer one, or one with any other character, is sent and paid for in parts.
const segment = 160

// mostName is how much of a workspace's name stands in a text.
const mostName = 24

// gsm is the basic alphabet of texts (3GPP TS 23.038, section 6.2.1), without its two
// control characters.
const gsm = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà\n"

// Plain is a name in the alphabet of texts: what is not in it goes, or loses its marks.
func Plain(name string) string {
	var out strings.Builder
	for _, r := range norm.NFC.String(strings.Join(strings.Fields(name), " ")) {
		if strings.ContainsRune(gsm, r) {
			out.WriteRune(r)
			continue
		}
		for _, bare := range norm.NFD.String(string(r)) {
			if strings.ContainsRune(gsm, bare) {
				out.WriteRune(bare)
			}
		}
	}
	plain := strings.Join(strings.Fields(out.String()), " ")
	runes := []rune(plain)
	if len(runes) > mostName {
		plain = strings.TrimSpace(string(runes[:mostName]))
	}
	return plain
}

// Body is what a text with a code says: a sentence, and a last line for the browser that
// waits for the code, which fills it in on that site alone (origin-bound one-time codes,
// WICG). host is the site's name, without a port. say makes the sentence for a name of
// the workspace.
//
// A name that would make the text cost twice is left to the host, which says as much.
func Body(say func(name string) string, workspace, host, code string) string {
	name := Plain(workspace)
	last := "\n\n@" + host + " #" + code
	if name == "" || len([]rune(say(name)+last)) > segment {
		name = host
	}
	return say(name) + last
}

// Changed is what a number that was is told: full has the workspace's name and the site's,
// short only one of them. It is the first of full, short with the host and short with the
// name that is sent as one text, for the caps count it as one. Where none is, because
// there is no name and the host is long, it is short with the host.
func Changed(full func(name, host string) string, short func(where string) string, workspace, host string) string {
	name := Plain(workspace)
	if name == "" {
		return short(host)
	}
	for _, body := range []string{full(name, host), short(host), short(name)} {
		if Parts(body) == 1 {
			return body
		}
	}
	return short(host)
}

// Parts is how many texts a body is sent and paid as.
func Parts(body string) int64 {
	one, several, length := segment, 153, 0
	for _, r := range body {
		length++
		if !strings.ContainsRune(gsm, r) {
			one, several = 70, 67 // all of it is sent in UTF-16 (section 6.2.3)
		}
		if r > 0xffff {
			length++ // counted as a pair; one is enough to be in UTF-16
		}
	}
	if length <= one {
		return 1
	}
	return int64((length + several - 1) / several)
}
