package browser

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Option changes how the person looks at the page, for [New] and [Page.Set].
type Option func(*settings)

type settings struct {
	width, height int
	phone         bool
	density       float64
	android       bool
	scheme        string // light or dark
	forced        bool
	print         bool
	noScript      bool
	blockScripts  bool
	language      string
	timeZone      string
	patience      time.Duration
	cookies       []cookie // not yet given to the browser
}

type cookie struct{ name, value string }

func defaults() settings {
	return settings{width: 1280, height: 800, density: 1, scheme: "light", language: "en-GB", timeZone: "UTC", patience: 15 * time.Second}
}

// Viewport is the size of the visible part of the page in CSS pixels. At first it
// is 1280 by 800.
func Viewport(width, height int) Option {
	return func(s *settings) { s.width, s.height, s.phone = width, height, false }
}

// Phone is a small touch screen whose browser heeds the page's viewport tag.
func Phone() Option {
	return func(s *settings) { s.width, s.height, s.phone = 393, 851, true }
}

// Density is how many dots of the screen a CSS pixel has on each side, 1 at first.
func Density(dots float64) Option { return func(s *settings) { s.density = dots } }

// Android is a browser that says it runs there. A service worker still says what it
// is.
func Android() Option { return func(s *settings) { s.android = true } }

// Light prefers light colours, as at first.
func Light() Option { return func(s *settings) { s.scheme, s.forced = "light", false } }

// Dark prefers dark colours.
func Dark() Option { return func(s *settings) { s.scheme, s.forced = "dark", false } }

// ForcedColors replaces the page's colours by the system's, as high contrast
// modes do.
func ForcedColors() Option { return func(s *settings) { s.scheme, s.forced = "dark", true } }

// Print shows the page as it would be printed.
func Print() Option { return func(s *settings) { s.print = true } }

// NoScript switches scripts off, from the next page on.
func NoScript() Option { return func(s *settings) { s.noScript = true } }

// BlockScripts keeps the scripts of the next pages from loading, while the judges'
// own still run.
func BlockScripts() Option { return func(s *settings) { s.blockScripts = true } }

// Language is what the browser asks for, for example "de" or "ar-EG".
func Language(tag string) Option { return func(s *settings) { s.language = tag } }

// TimeZone is where the person is, for example "Europe/Berlin". At first it is UTC.
func TimeZone(name string) Option { return func(s *settings) { s.timeZone = name } }

// Patience is how long a step waits for what it needs, 15 seconds at first.
func Patience(d time.Duration) Option { return func(s *settings) { s.patience = d } }

// Cookie puts a cookie for the page's site into the browser.
func Cookie(name, value string) Option {
	return func(s *settings) {
		s.cookies = append(s.cookies, cookie{name, value})
	}
}

// Set changes how the person looks at the page, at once where that is possible.
func (p *Page) Set(options ...Option) {
	p.tb.Helper()
	for _, option := range options {
		option(&p.tab.settings)
	}
	err := p.tab.apply(p.base)
	if err != nil {
		p.tb.Fatalf("change the browser's settings: %v", err)
	}
}

// apply tells the browser the settings that it does not know yet.
func (t *tab) apply(base string) error {
	ctx, cancel := t.limit()
	defer cancel()
	s := t.settings
	for _, tell := range []func(context.Context) error{t.tellScreen, t.tellMedia, t.tellPlace, t.tellScripts} {
		err := tell(ctx)
		if err != nil {
			return err
		}
	}
	for _, c := range s.cookies {
		_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{
			Name: c.name, Value: c.value, URL: base, Path: "/",
		})
		if err != nil {
			return err
		}
	}
	t.settings.cookies = nil
	told := t.settings
	t.told = &told
	return nil
}

// news tells whether one of what these settings say is not what the browser was told.
func (t *tab) news(of func(s *settings) any) bool {
	return t.told == nil || of(t.told) != of(&t.settings)
}

func (t *tab) tellScreen(ctx context.Context) error {
	s := &t.settings
	if !t.news(func(s *settings) any { return [...]any{s.width, s.height, s.density, s.phone} }) {
		return nil
	}
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(s.width), Height: int64(s.height), DeviceScaleFactor: s.density, Mobile: s.phone,
	})
	if err != nil {
		return err
	}
	_, err = chromedp.Call(ctx, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: s.phone})
	return err
}

func (t *tab) tellMedia(ctx context.Context) error {
	s := &t.settings
	if !t.news(func(s *settings) any { return [...]any{s.print, s.forced, s.scheme} }) {
		return nil
	}
	media, forced := "", "none"
	if s.print {
		media = "print"
	}
	if s.forced {
		forced = "active"
	}
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: media,
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: s.scheme},
			{Name: "forced-colors", Value: forced},
			{Name: "prefers-reduced-motion", Value: "reduce"}, // colours must not be judged half way
		},
	})
	return err
}

func (t *tab) tellPlace(ctx context.Context) error {
	s := &t.settings
	if !t.news(func(s *settings) any { return [...]any{s.timeZone, s.android, s.language} }) {
		return nil
	}
	_, err := chromedp.Call(ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: s.timeZone})
	if err != nil {
		return err
	}
	_, err = chromedp.Call(ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: t.browser.name(s.android), AcceptLanguage: s.language,
	})
	if err != nil {
		return err
	}
	_, err = chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	return err
}

func (t *tab) tellScripts(ctx context.Context) error {
	s := &t.settings
	if !t.news(func(s *settings) any { return [...]any{s.noScript, s.blockScripts} }) {
		return nil
	}
	_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: s.noScript})
	if err != nil {
		return err
	}
	var patterns []*fetch.RequestPattern
	if s.blockScripts {
		patterns = append(patterns, &fetch.RequestPattern{ResourceType: network.ResourceTypeScript})
	}
	if t.replay != nil {
		patterns = append(patterns, &fetch.RequestPattern{ResourceType: network.ResourceTypeDocument})
	}
	if patterns == nil {
		_, err = chromedp.Call(ctx, fetch.Disable, cdp.Empty{})
		return err
	}
	_, err = chromedp.Call(ctx, fetch.Enable, fetch.EnableParams{Patterns: patterns})
	return err
}
