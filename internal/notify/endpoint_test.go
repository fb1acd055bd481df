package notify

import (
	"strings"
	"testing"
)

func TestWhichEndpointsAreTaken(t *testing.T) {
	more := []string{"ntfy.example.org", "Push.Example.ORG", ".many.example.net", "", "."}
	for _, endpoint := range []string{
		"https://fcm.googleapis.com/fcm/send/abc:APA91b", "https://updates.push.services.mozilla.com/wpush/v2/gAAAA", "https://web.push.apple.com/QGuQ",
		"https://db5p.notify.windows.com/w/?token=BQYA%2f", "https://FCM.googleapis.com:443/fcm/send/x", "https://ntfy.example.org/up?id=1",
		"https://push.example.org/x", "https://one.many.example.net/x",
	} {
		parsed, err := ParseEndpoint(endpoint, more)
		if err != nil || parsed.Host != strings.ToLower(parsed.Hostname()) {
			t.Errorf("%s: %v, %v", endpoint, parsed, err)
		}
	}
	for _, endpoint := range []string{
		"", "x", "//fcm.googleapis.com/x", "https:", "https://", "https:///x", "https:fcm.googleapis.com/x", "http://fcm.googleapis.com/x", "wss://fcm.googleapis.com/x",
		"https://fcm.googleapis.com:8443/x", "https://fcm.googleapis.com:0443/x", "https://user@fcm.googleapis.com/x", "https://:@fcm.googleapis.com/x",
		"https://fcm.googleapis.com/x#y", "https://fcm.googleapis.com/x#", "https://fcm.googleapis.com.evil.example/x", "https://evilfcm.googleapis.com/x",
		"https://fcm.googleapis.com@127.0.0.1/x", "https://127.0.0.1/x", "https://[::1]/x", "https://0x7f000001/x", "https://2130706433/x", "https://localhost/x",
		"https://fcm.googleapis.com./x", "https://push.apple.com/x", "https://evilpush.apple.com/x", "https://fcm.googleapis.com\\@evil.example/x", "https://evil.example\\.push.apple.com/x",
		"https://fcm.googleapis.com%2eevil.example/x", "https://evil.example?.push.apple.com", "https://evil.example/.push.apple.com", "https://ntfy.example.org.evil/x",
		"https://sub.ntfy.example.org/x", "https://many.example.net/x", "https://x./y", "https://:443/", "https://.push.apple.com/x", "https://a..push.apple.com/x", "https://a;b.push.apple.com/x", "https://ünï.push.apple.com/x", "https://a‹.push.apple.com/x", "https://a_b.push.apple.com/x", "https://fcm.googleapis.com/\nx", "https://fcm.googleapis.com/" + strings.Repeat("x", longestEndpoint),
	} {
		parsed, err := ParseEndpoint(endpoint, more)
		if err == nil {
			t.Errorf("%s is taken, as %s", endpoint, parsed)
			continue
		}
		if len(endpoint) > 20 && strings.Contains(err.Error(), endpoint[8:]) {
			t.Errorf("the error repeats the endpoint: %v", err)
		}
	}
}

// Whatever is taken leads to a host of the lists, on port 443, over TLS.
func FuzzParseEndpoint(f *testing.F) {
	for _, endpoint := range []string{"https://fcm.googleapis.com/x", "https://a.push.apple.com:443/?x#y", "https://u:p@ntfy.example.org/", "https://[::1%25eth0]/", "HTTPS://FCM.googleapis.com"} {
		f.Add(endpoint)
	}
	f.Fuzz(func(t *testing.T, text string) {
		endpoint, err := ParseEndpoint(text, []string{"ntfy.example.org"})
		if err != nil {
			return
		}
		again, err := ParseEndpoint(endpoint.String(), []string{"ntfy.example.org"})
		if err != nil || *again != *endpoint {
			t.Fatalf("%q becomes %q, %v", text, endpoint, err)
		}
		host := endpoint.Host
		if endpoint.Scheme != "https" || endpoint.User != nil || host != "fcm.googleapis.com" && host != "ntfy.example.org" &&
			!strings.HasSuffix(host, ".push.services.mozilla.com") && !strings.HasSuffix(host, ".push.apple.com") && !strings.HasSuffix(host, ".notify.windows.com") {
			t.Fatalf("%q leads to %s", text, endpoint)
		}
	})
}
