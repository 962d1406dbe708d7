package termio

import (
	"slices"
	"strings"
)

// maxControl is how many bytes of control writes may wait. They are few and
// small, a screenful outside of the alternate screen being the largest. When
// the terminal takes nothing for so long that more has gathered, only what
// outlasts the program counts: see collapse.
const maxControl = 256 << 10

// controlCost is what a waiting control write takes beside its bytes.
const controlCost = 32

// queue is what the terminal has not taken yet: control writes in order, and
// at most one frame among them, the newest.
type queue struct {
	controls []string
	size     int // of controls, in bytes

	frame   frame
	waits   bool // frame is to be painted,
	frameAt int  // after so many of controls

	// As the renderer believes.
	rows []string // the last frame; nil before the first in this alternate screen
	alt  bool     // the alternate screen is on
}

func (q *queue) empty() bool { return len(q.controls) == 0 && !q.waits }

// add takes one write of the renderer.
func (q *queue) add(p []byte) {
	if q.alt {
		if f, ok := parseFrame(p, q.rows); ok {
			q.rows = f.rows
			q.addFrame(f)
			return
		}
	}
	q.addControl(string(p))
}

// addFrame puts the newest frame at the end. The one before would only be
// painted over.
func (q *queue) addFrame(f frame) {
	f.fresh = f.fresh || q.waits && q.frame.fresh
	q.frame, q.waits, q.frameAt = f, true, len(q.controls)
}

func (q *queue) addControl(s string) {
	if s == "" {
		return
	}
	changed, _ := modes(s)
	for _, m := range changed {
		if m.number != modeAltScreen {
			continue
		}
		// Nothing wraps in the alternate screen: a character that the
		// terminal draws wider than we measured stays in its row.
		q.alt, q.rows = m.on, nil
		wrap := mode{modeAutoWrap, !m.on}.String()
		if m.on {
			s = strings.Replace(s, m.String(), m.String()+wrap, 1)
		} else {
			s = strings.Replace(s, m.String(), wrap+m.String(), 1)
			q.frame, q.waits = frame{}, false // it is for what goes away
		}
	}
	q.controls = append(q.controls, s)
	if q.size += len(s) + controlCost; q.size > maxControl {
		q.collapse()
	}
}

// collapse forgets all waiting control writes but the last word on each mode,
// and paints the frame anew after them. A terminal that comes back is then in
// the right state; what was written outside of the alternate screen meanwhile
// is lost.
func (q *queue) collapse() {
	var last []mode
	for _, control := range q.controls {
		changed, _ := modes(control)
		for _, m := range changed {
			last = slices.DeleteFunc(last, func(old mode) bool { return old.number == m.number })
			last = append(last, m)
		}
	}
	q.controls, q.size = nil, 0
	for _, m := range last {
		q.controls = append(q.controls, m.String())
		q.size += len(m.String()) + controlCost
	}
	if q.alt && q.rows != nil {
		q.addFrame(frame{rows: q.rows, fresh: true})
	}
}

// take returns everything that waits, the frame after frameAt controls.
func (q *queue) take() queue {
	taken := *q
	*q = queue{rows: q.rows, alt: q.alt}
	return taken
}
