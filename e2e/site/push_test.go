package site

import (
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/notify"
	"countersign/internal/seal"
	"countersign/internal/webpush"
	"countersign/internal/webpush/webpushtest"
)

// A server that is told of doubles reaches each under its own name, and nobody else.
func TestAServerReachesTheDoubles(t *testing.T) {
	one, two := webpushtest.Start(t, "push.one.example", time.Now), webpushtest.Start(t, "push.two.example", time.Now)
	other := webpushtest.Start(t, "push.other.example", time.Now)
	to, hosts, err := reach([]string{"A=b", PushServices(t, one, two)})
	slices.Sort(hosts)
	if err != nil || !slices.Equal(hosts, []string{"push.one.example", "push.two.example"}) {
		t.Fatalf("hosts %q, %v", hosts, err)
	}
	identity, err := webpush.NewIdentity(seal.Bytes)
	must(t, err)
	sender := notify.NewWebPush(notify.PushOptions{
		Identity: identity, Subject: "https://mfa.example.org", Hosts: append(hosts, other.Host()), Now: time.Now, Random: seal.Bytes, Outside: to,
	})
	send := func(s *webpushtest.Service) error {
		subscription := s.Subscribe(t, identity.Public())
		keys, err := webpush.ParseKeys(subscription.P256DH(), subscription.Auth())
		must(t, err)
		return sender.Send(t.Context(), notify.Push{Endpoint: subscription.Endpoint, Keys: keys, Body: []byte(s.Host()), Life: time.Minute})
	}
	for _, s := range []*webpushtest.Service{one, two} {
		must(t, send(s))
		if got := s.Pushes(); len(got) != 1 || got[0].Text != s.Host() {
			t.Errorf("%s got %+v", s.Host(), got)
		}
	}
	err = send(other)
	if err == nil || !strings.Contains(err.Error(), "reach the push service") {
		t.Errorf("a push to another host: %v", err)
	}
	to, hosts, err = reach(nil)
	if to.Dial != nil || to.Roots != nil || hosts != nil || err != nil {
		t.Errorf("without a setting: %v %q %v", to, hosts, err)
	}
}
