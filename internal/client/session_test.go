package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/wire"
)

func TestSession_bytesAndEventsInTheirPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open(func(o *wire.Open) { o.Size = 7 })
			st.data("one\n", "c1")
			st.data("tw", "c2")
			st.event(wire.Event{Kind: wire.KindRotated, Cursor: "c3", Detail: "on to the next"})
			st.data("\xff\x00three", "c4")
			st.silent()
		})
		v := view(t, f, Options{}, false)
		st := v.state(link.Live)
		u, err := v.s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var items []string
		for _, it := range u.Items {
			items = append(items, fmt.Sprintf("%d %s%s", it.Kind, it.Data, it.Event.Kind))
		}
		if want := []string{"0 one\ntw", "1 rotated", "0 \xff\x00three"}; !slices.Equal(items, want) {
			t.Errorf("items are %q, want %q", items, want)
		}
		if st.Cursor != "c4" || st.Bytes != 13 || st.Connects != 1 || st.Generation != 2 || st.Server != "tailsrv test" ||
			st.Heartbeat != beat || st.Met != wire.MetFresh || st.Size != 7 || st.Stream != "id0" {
			t.Errorf("status is %+v", st)
		}
	})
}

func TestSession_asksForWhatIsWished(t *testing.T) {
	tests := []struct {
		opt  Options
		want string
	}{
		{Options{}, ""},
		{Options{Lines: 5, Heartbeat: 2 * time.Second}, "heartbeat=2s&lines=5"},
		{Options{From: "start", Lines: 3, NoFollow: true, Retry: true}, "follow=0&from=start"},
		{Options{From: "end", Retry: true}, "from=end&retry=1"},
		{Options{Cursor: "a/b c", Lines: 5, From: "end"}, "cursor=a%2Fb+c"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			f := serve(t, live)
			view(t, f, tt.opt, true).state(link.Live)
			if got := f.asked()[0].Encode(); got != tt.want {
				t.Errorf("%+v asks %q, want %q", tt.opt, got, tt.want)
			}
		})
	}
}

func TestSession_manyFramesBecomeOnePiece(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open()
			for i := range 1000 {
				st.data("a line of the log\n", strconv.Itoa(i))
			}
			st.silent()
		})
		v := view(t, f, Options{}, false)
		v.state(link.Live)
		u, err := v.s.Next(t.Context())
		if err != nil || len(u.Items) != 1 || len(u.Items[0].Data) != 18_000 || u.Status.Cursor != "999" {
			t.Errorf("Next: %d items, cursor %q, %v, want all data in one", len(u.Items), u.Status.Cursor, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), beat)
		defer cancel()
		if u, err := v.s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second Next brings %+v, %v, want to wait", u, err)
		}
	})
}

func TestSession_readsOnWhenTheConsumerDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open()
			for i := range 100 {
				st.data(strings.Repeat("x", 1000), strconv.Itoa(i))
			}
			st.beatOn()
		})
		v := view(t, f, Options{Buffer: 10_000}, false)
		after(10 * beat)
		if got := v.s.Status().Bytes; got != 10_000 {
			t.Errorf("%d bytes were taken, want 10000", got)
		}
		go v.pull()
		after(beat)
		if st := v.state(link.Live); st.Bytes != 100_000 || st.Connects != 1 || len(v.got()) != 100_000 {
			t.Errorf("%d bytes on %d streams were taken, want all", st.Bytes, st.Connects)
		}
	})
}

func TestSession_eventsFillTheBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open()
			for i := 0; st.ctx.Err() == nil; i++ {
				st.event(wire.Event{Kind: wire.KindRotated, Cursor: strconv.Itoa(i)})
			}
		})
		v := view(t, f, Options{Buffer: 10 * itemCost}, false)
		v.state(link.Live)
		if u, err := v.s.Next(t.Context()); err != nil || len(u.Items) != 10 {
			t.Errorf("%d events were held, %v, want the reader to wait after 10", len(u.Items), err)
		}
	})
}

func TestSession_historyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, live)
		f.setDown(refusedErr)
		v := view(t, f, Options{}, true)
		after(time.Hour)
		st := v.s.Status()
		if len(st.History) != historySize {
			t.Errorf("%d changes are remembered, want %d", len(st.History), historySize)
		}
		for i, c := range st.History[1:] {
			before := st.History[i]
			if next, ok := before.State.On(c.Event); !ok || next != c.State || c.At.Before(before.At) {
				t.Errorf("change %d: %v by %v to %v", i+1, before.State, c.Event, c.State)
			}
		}
	})
}
