package client

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// TestWatcher_endedAreToldOnce: a server that remembers a thousand streams is not asked
// for them each second, and still none is missing, however fast they end and whatever
// becomes of the server meanwhile.
func TestWatcher_endedAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := oversee(t)
		var ended []wire.StreamInfo // newest first
		told := 0
		f.list = func(rw http.ResponseWriter, r *http.Request) {
			n := len(ended)
			if s := r.URL.Query().Get("ended"); s != "" {
				n, _ = strconv.Atoi(s)
			}
			n = min(n, len(ended))
			told += n
			streamList(wire.Streams{Live: []wire.StreamInfo{}, Ended: append([]wire.StreamInfo{}, ended[:n]...)})(rw, r)
		}
		names := 0
		end := func(n int) {
			for range n {
				names++
				ended = append([]wire.StreamInfo{{ID: fmt.Sprintf("%08x", names/2), Opened: time.Unix(int64(names), 0)}}, ended...)
			}
			ended = ended[:min(len(ended), keptEnded)]
		}
		check := func(what string, most int) {
			t.Helper()
			told = 0
			got := next(t, w).Streams.Ended
			if !slices.EqualFunc(got, ended, func(a, b wire.StreamInfo) bool { return a.ID == b.ID && a.Opened.Equal(b.Opened) }) {
				t.Errorf("%s: %d ended streams are not the server's %d", what, len(got), len(ended))
			}
			if told > most {
				t.Errorf("%s: told of %d, want at most %d", what, told, most)
			}
		}
		check("none", 0)
		for _, n := range []int{1, lastEnded - 2, 1, 1, 1, 700, 0, 3, lastEnded - 1, lastEnded, lastEnded + 1, 400, 0, 1, keptEnded} {
			end(n)
			most := lastEnded
			if n >= lastEnded {
				most += keptEnded
			}
			check(fmt.Sprintf("%d more", n), most)
		}
		ended = nil
		check("begun anew", 0)
		end(600)
		check("and busy since", keptEnded)
		ended = nil
		end(3)
		check("begun anew, and little since", 3)
		end(600)
		check("as many as before", keptEnded+lastEnded)
		ended = nil
		end(500)
		check("begun anew unnoticed", keptEnded+lastEnded)
	})
}
