package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// tab is one tab: what the browser told about it, and the way to tell it things.
type tab struct {
	ctx      context.Context
	browser  *Browser
	frame    cdp.FrameID // of the page itself, not of frames in it
	settings settings
	told     *settings // what of them the browser knows; nil until it was told
	replay   *document // what [Page.Copy] shows instead of asking the server

	mu          sync.Mutex
	navigations int  // that began so far
	loading     bool // one is under way
	requests    []*Request
	left        int // how many requests belong to pages that were left
	byID        map[network.RequestID]*Request
	document    document // that is shown
	console     []string
}

// Request is one exchange with a server.
type Request struct {
	URL    string
	Method string
	Type   string // "Document", "Stylesheet", "Script", "Image", "Fetch", …
	Status int    // 0 when there was no answer
	Bytes  int64  // received, headers included
	Failed string // why it failed, or ""
	done   bool
}

// document is a page as the server sent it.
type document struct {
	id      network.RequestID
	url     string
	status  int
	headers map[string]string // names in lower case
	body    []byte            // only of a replay
}

// listen begins to record. It must come before the first page is opened.
func (t *tab) listen() error {
	t.frame = cdp.FrameID(chromedp.FromContext(t.ctx).Target.TargetID)
	t.byID = map[network.RequestID]*Request{}
	return chromedp.Listen(t.ctx, t.hear)
}

// hear is called for each event, in order, and must not call the browser.
func (t *tab) hear(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameStartedNavigating:
		if e.FrameID == t.frame && !strings.Contains(strings.ToLower(string(e.NavigationType)), "samedocument") {
			t.navigations++
			t.loading = true
			t.left = len(t.requests)
		}
	case *page.EventFrameStoppedLoading:
		if e.FrameID == t.frame {
			t.loading = false
		}
	case *page.EventJavascriptDialogOpening:
		t.console = append(t.console, "dialog: "+e.Message)
		go t.answer() // it blocks everything else
	case *fetch.EventRequestPaused:
		go t.resume(e)
	case *network.EventRequestWillBeSent:
		t.asked(e)
	case *network.EventResponseReceived:
		t.answered(e)
	case *network.EventLoadingFinished:
		if r := t.byID[e.RequestID]; r != nil {
			r.Bytes, r.done = int64(e.EncodedDataLength), true
		}
	case *network.EventLoadingFailed:
		if r := t.byID[e.RequestID]; r != nil {
			r.Failed, r.done = e.ErrorText, true
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			var words []string
			for _, arg := range e.Args {
				words = append(words, strings.Trim(string(arg.Value), `"`)+arg.Description)
			}
			t.console = append(t.console, string(e.Type)+": "+strings.Join(words, " "))
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		t.console = append(t.console, "exception: "+text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			t.console = append(t.console, strings.TrimSpace(string(e.Entry.Level)+": "+e.Entry.Text+" "+e.Entry.URL))
		}
	}
}

func (t *tab) asked(e *network.EventRequestWillBeSent) {
	if old := t.byID[e.RequestID]; old != nil && e.RedirectResponse != nil {
		old.Status, old.Bytes, old.done = int(e.RedirectResponse.Status), int64(e.RedirectResponse.EncodedDataLength), true
	}
	r := &Request{URL: e.Request.URL, Method: e.Request.Method, Type: string(e.Type)}
	t.requests = append(t.requests, r)
	t.byID[e.RequestID] = r
}

func (t *tab) answered(e *network.EventResponseReceived) {
	if r := t.byID[e.RequestID]; r != nil {
		r.Status = int(e.Response.Status)
	}
	if e.Type != network.ResourceTypeDocument || e.FrameID != t.frame {
		return
	}
	headers := map[string]string{}
	for name, value := range e.Response.Headers {
		headers[strings.ToLower(name)] = fmt.Sprint(value)
	}
	t.document = document{id: e.RequestID, url: e.Response.URL, status: int(e.Response.Status), headers: headers}
}

// answer refuses a dialog (alert, confirm, leave this page?): our pages have none.
func (t *tab) answer() {
	ctx, cancel := t.limit()
	defer cancel()
	_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: false})
}

// resume decides about a request that the settings made wait.
func (t *tab) resume(e *fetch.EventRequestPaused) {
	ctx, cancel := t.limit()
	defer cancel()
	if e.ResourceType == network.ResourceTypeScript {
		_, _ = chromedp.Call(ctx, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: network.ErrorReasonBlockedByClient})
		return
	}
	if t.replay == nil || e.FrameID != t.frame {
		_, _ = chromedp.Call(ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID})
		return
	}
	var headers []*fetch.HeaderEntry
	for name, value := range t.replay.headers {
		for line := range strings.SplitSeq(value, "\n") {
			headers = append(headers, &fetch.HeaderEntry{Name: name, Value: line})
		}
	}
	_, _ = chromedp.Call(ctx, fetch.FulfillRequest, fetch.FulfillRequestParams{
		RequestID: e.RequestID, ResponseCode: int64(t.replay.status), ResponseHeaders: headers, Body: t.replay.body,
	})
}

// limit is the context of one step.
func (t *tab) limit() (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.ctx, t.settings.patience+5*time.Second)
}

// begun tells how many navigations began, to find out later whether another did.
func (t *tab) begun() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.navigations
}

// settle waits for the page that an act leads to. sure says that the act should
// lead to one; otherwise a moment without a navigation is enough.
func (t *tab) settle(before int, sure bool) error {
	moment := 60 * time.Millisecond
	if sure {
		moment = time.Second // a busy machine may need it to begin
	}
	began := time.Now()
	for {
		t.mu.Lock()
		navigations, loading := t.navigations, t.loading
		t.mu.Unlock()
		waited := time.Since(began)
		switch {
		case navigations == before && waited > moment:
			return nil
		case navigations > before && !loading:
			return nil
		case waited > t.settings.patience:
			return fmt.Errorf("the next page has not loaded after %v", t.settings.patience)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// evaluate runs an expression in the page and decodes its value, when out is not
// nil. Promises are awaited.
func (t *tab) evaluate(expression string, out any) error {
	ctx, cancel := t.limit()
	defer cancel()
	result, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression: expression, ReturnByValue: new(true), AwaitPromise: new(true), UserGesture: new(true),
	})
	if err != nil {
		return err
	}
	return decode(result.Result, result.ExceptionDetails, out)
}

// element returns the object of the expression's value, "" for null.
func (t *tab) element(expression string) (runtime.RemoteObjectID, error) {
	ctx, cancel := t.limit()
	defer cancel()
	result, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: expression})
	if err != nil {
		return "", err
	}
	err = decode(nil, result.ExceptionDetails, nil)
	if err != nil {
		return "", err
	}
	return result.Result.ObjectID, nil
}

// call calls a function with the object as this.
func (t *tab) call(object runtime.RemoteObjectID, function string, out any, args ...any) error {
	ctx, cancel := t.limit()
	defer cancel()
	var arguments []*runtime.CallArgument
	for _, arg := range args {
		value, err := json.Marshal(arg)
		if err != nil {
			return err
		}
		arguments = append(arguments, &runtime.CallArgument{Value: value})
	}
	result, err := chromedp.Call(ctx, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		FunctionDeclaration: function, ObjectID: object, Arguments: arguments, ReturnByValue: new(true), UserGesture: new(true),
	})
	if err != nil {
		return err
	}
	return decode(result.Result, result.ExceptionDetails, out)
}

func decode(value *runtime.RemoteObject, exception *runtime.ExceptionDetails, out any) error {
	if exception != nil {
		text := exception.Text
		if exception.Exception != nil {
			text += " " + exception.Exception.Description
		}
		return fmt.Errorf("in the page: %s", text)
	}
	if out == nil || value == nil || len(value.Value) == 0 {
		return nil
	}
	return json.Unmarshal(value.Value, out)
}

// shown is the document that is shown, without its body.
func (t *tab) shown() document {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.document
	d.headers = maps.Clone(d.headers)
	return d
}
