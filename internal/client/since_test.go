package client

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
)

// A session asks for a time until it has a place; from then on that counts, or
// what came already would come again.
func TestSession_sinceIsForTheFirstStreamOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open()
			st.data("one\n", "c1")
		}, live)
		v := view(t, f, Options{Since: "10m", Lines: 7, From: "start"}, true)
		after(link.MinDelay)
		v.state(link.Live)
		asked := f.asked()
		if first := asked[0]; first.Get("since") != "10m" || first.Has("lines") || first.Has("from") || first.Has("cursor") {
			t.Errorf("asked for %v", first.Values)
		}
		if second := asked[1]; second.Get("cursor") != "c1" || second.Has("since") {
			t.Errorf("came back for %v", second.Values)
		}
	})
}

// Ten minutes ago is ten minutes before the user asked, however long it takes to
// reach the server; an instant stays what it is.
func TestSession_sinceCountsFromTheBeginning(t *testing.T) {
	for since, want := range map[string]string{"10m": "20m30s", "1d": "24h10m30s", "2026-11-22T12:00:00Z": "2026-11-22T12:00:00Z"} {
		t.Run(since, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := serve(t, live)
				f.setDown(refusedErr)
				v := view(t, f, Options{Since: since}, true)
				after(10*time.Minute + 30*time.Second + time.Second/2)
				v.state(link.Waiting)
				f.setDown(nil)
				v.s.Redial()
				after(0)
				v.state(link.Live)
				if got := f.asked()[0].Get("since"); got != want {
					t.Errorf("asked for since=%s, want %s", got, want)
				}
			})
		})
	}
}
