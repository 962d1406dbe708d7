package client

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
)

func TestSession_lease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open(leased(15 * time.Second))
			st.data("x", "c1")
			st.beatOn()
		})
		f.onRenew = func(w http.ResponseWriter) { time.Sleep(12 * time.Millisecond); w.WriteHeader(204) }
		v := view(t, f, Options{}, true)
		began := time.Now()
		after(time.Minute)
		renewed := f.renewed()
		if len(renewed) < 12 || len(renewed) > 13 {
			t.Fatalf("%d renewals in a minute, want one early and then one every 5 s", len(renewed))
		}
		for i, r := range renewed {
			if want := firstRenewal + time.Duration(i)*5*time.Second; r.at.Sub(began) != want || r.cursor != "c1" {
				t.Errorf("renewal %d after %v with cursor %q, want %v", i, r.at.Sub(began), r.cursor, want)
			}
		}
		if st := v.state(link.Live); st.RTT != 12*time.Millisecond {
			t.Errorf("round trip %v, want 12ms", st.RTT)
		}
		if n := f.conns.Load(); n != 2 {
			t.Errorf("%d connections, want the stream's and the lease's", n)
		}
		v.leave()
		if v.over(); f.conns.Load() != 0 {
			t.Errorf("%d connections are left", f.conns.Load())
		}
	})
}

func TestSession_leaseOfAStreamThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) { st.open(leased(15 * time.Second)); st.data("x", "c1"); st.beatOn() }, live)
		f.onRenew = func(w http.ResponseWriter) { w.WriteHeader(404) }
		v := view(t, f, Options{}, true)
		after(firstRenewal + lastWord - time.Millisecond)
		v.state(link.Live)
		after(time.Millisecond)
		v.state(link.Waiting)
		after(link.MinDelay)
		v.state(link.Live)
		if got := f.asked()[1].Get("cursor"); got != "c1" {
			t.Errorf("came back from cursor %q", got)
		}
	})
}

func TestSession_renewalThatFailsEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) { st.open(leased(15 * time.Second)); st.beatOn() })
		f.onRenew = func(w http.ResponseWriter) { panic(http.ErrAbortHandler) }
		v := view(t, f, Options{}, true)
		after(31 * time.Second)
		if st := v.state(link.Live); st.Connects != 1 {
			t.Errorf("%d streams, want 1", st.Connects)
		}
		if n := len(f.renewed()); n < 15 {
			t.Errorf("%d renewals, want them sooner after a failure", n)
		}
	})
}
