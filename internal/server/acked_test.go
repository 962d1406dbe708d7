package server

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// What was sent is not what was taken: a leased client says how far it is, and that
// is what people see.
func TestStreams_howFarTheClientIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{})
		tl := s.tail("/app.log")
		logs.log("app.log").append(strings.Repeat("0123456789", 100))
		tl.next(wire.FrameData)
		s.ask(http.MethodPost, "/-/streams/"+tl.open.Stream+"/lease", "app.log~400")
		time.Sleep(2 * time.Second)
		s.ask(http.MethodPost, "/-/streams/"+tl.open.Stream+"/lease", "") // a sign of life that says nothing of where
		in := s.streams().Live[0]
		if in.Bytes != 1000 || in.Lag != 0 || in.Acked != "app.log~400" || in.AckedMS != 2000 || in.LastHeardMS != 0 {
			t.Errorf("%+v", in)
		}
		if in.Behind == nil || *in.Behind != 600 {
			t.Errorf("behind %v", in.Behind)
		}
		s.ask(http.MethodPost, "/-/streams/"+tl.open.Stream+"/lease", "elsewhere~0")
		if in := s.streams().Live[0]; in.Behind != nil {
			t.Errorf("a cursor of another log says how far: %d bytes behind", *in.Behind)
		}
	})
}
