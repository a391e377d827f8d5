package pagetest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Browser starts a browser without a window; a test without one, or with -short, is skipped.
func Browser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes its time: not with -short")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless-shell"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("there is no chromium in PATH: apt-get install chromium")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		ended, done := context.WithTimeout(ctx, 10*time.Second)
		chromedp.Cancel(ended) // waits until it has left its folder
		done()
		cancel()
		stop()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// Tab is a page in a browser, and what it complained of or asked for.
type Tab struct {
	T   *testing.T
	ctx context.Context

	mu       sync.Mutex
	troubles []string
}

// View is how a page is looked at.
type View struct {
	Width  int64
	Scheme string
	Plain  bool // without JavaScript
	Print  bool
}

// Open writes a page and opens it.
func Open(t *testing.T, parent context.Context, page []byte, v View) *Tab {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, page, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(parent)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 30*time.Second)
	t.Cleanup(cancel)
	b := &Tab{T: t, ctx: ctx}
	address := (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
	trouble := func(format string, values ...any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.troubles = append(b.troubles, fmt.Sprintf(format, values...))
	}
	err := chromedp.Listen(ctx, func(event any) {
		switch event := event.(type) {
		case *runtime.EventConsoleAPICalled:
			trouble("the console was written to: %s", event.Type)
		case *runtime.EventExceptionThrown:
			trouble("an exception: %v", event.ExceptionDetails)
		case *log.EventEntryAdded:
			trouble("the browser complains: %s", event.Entry.Text)
		case *network.EventRequestWillBeSent:
			if asked := event.Request.URL; asked != address && asked != "data:," {
				trouble("a request: %s", asked)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Run(Send(network.Enable, network.EnableParams{}), Send(log.Enable, cdp.Empty{}), Send(runtime.Enable, cdp.Empty{}),
		Send(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: v.Plain}))
	b.Look(v)
	b.Run(chromedp.Navigate(address))
	if v.Plain { // what a test asks is script, too
		b.Run(Send(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{}))
	}
	return b
}

// Look makes the tab a view's, but for its script.
func (b *Tab) Look(v View) {
	b.T.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: v.Scheme}}}
	if v.Print {
		media.Media = "print"
	}
	b.Run(Send(emulation.SetEmulatedMedia, media),
		Send(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: v.Width, Height: 900, DeviceScaleFactor: 1}))
}

// Send is a command of the protocol whose answer says nothing.
func Send[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

// Run does what a reader does.
func (b *Tab) Run(actions ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.T.Fatal(err)
	}
}

// Value is that of an expression of JavaScript.
func Value[T any](b *Tab, expression string) T {
	b.T.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.T.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Await waits until an expression is true.
func (b *Tab) Await(expression string) {
	b.T.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(5*time.Second))); err != nil {
		b.T.Fatalf("%s is not so: %v", expression, err)
	}
}

// Key types.
func (b *Tab) Key(keys string) {
	b.T.Helper()
	b.Run(chromedp.KeyEvent(keys))
}

// Quiet checks that there was neither a complaint nor a request.
func (b *Tab) Quiet() {
	b.T.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, trouble := range b.troubles {
		b.T.Error(trouble)
	}
}
