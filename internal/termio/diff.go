package termio

import (
	"strconv"
	"strings"
)

// Mode 2026: what is between the two is shown at once.
const (
	beginSynchronized = "\x1b[?2026h"
	endSynchronized   = "\x1b[?2026l"
)

// screen is what the terminal shows, as far as it was told. It belongs to the
// writer's goroutine.
type screen struct {
	rows []string // nil: unknown, the next frame is painted whole
}

// appendQueue appends all that waits in q.
func (s *screen) appendQueue(out []byte, q queue, opt Options) []byte {
	for i, control := range q.controls {
		if q.waits && q.frameAt == i {
			out = s.appendFrame(out, q.frame, opt)
		}
		out = s.appendControl(out, control)
	}
	if q.waits && q.frameAt == len(q.controls) {
		out = s.appendFrame(out, q.frame, opt)
	}
	return out
}

// appendControl appends a control write.
func (s *screen) appendControl(out []byte, control string) []byte {
	if _, keeps := modes(control); !keeps {
		s.rows = nil
	}
	return append(out, control...)
}

// appendFrame appends what turns the screen into the frame f, and leaves the
// cursor at the beginning of its last row, where the renderer expects it. What
// is appended is empty when the screen is that already.
func (s *screen) appendFrame(out []byte, f frame, opt Options) []byte {
	before, began := s.rows, len(out)
	s.rows = f.rows
	if opt.Synchronized {
		out = append(out, beginSynchronized...)
	}
	unchanged := len(out)
	if f.fresh || len(before) != len(f.rows) {
		// Erase before painting: after a full last row the cursor would
		// stand on it.
		out = append(appendMove(out, len(f.rows)-1), eraseBelow...)
		before = nil
	} else if move, ok := bestScroll(before, f.rows); ok {
		out = move.append(out)
		before = move.apply(before)
	}
	for y, row := range f.rows {
		if before == nil || before[y] != row {
			out = appendRow(out, y, row)
		}
	}
	if len(out) == unchanged {
		return out[:began]
	}
	out = appendMove(out, len(f.rows)-1)
	if opt.Synchronized {
		out = append(out, endSynchronized...)
	}
	return out
}

// appendRow paints one row. It stands for itself, whatever the renderer put
// before it: a row that is moved or skipped cannot colour the next one.
func appendRow(out []byte, y int, row string) []byte {
	out = appendMove(out, y)
	if !strings.HasSuffix(row, eraseLine) {
		out = append(out, eraseLine...)
	}
	out = append(out, row...)
	if leavesPen(row) {
		out = append(out, resetPen...)
	}
	return out
}

// appendMove moves the cursor to the beginning of row y, counted from 0.
func appendMove(out []byte, y int) []byte {
	return append(strconv.AppendInt(append(out, "\x1b["...), int64(y+1), 10), 'H')
}

// leavesPen reports whether colours are on at the end of row.
func leavesPen(row string) bool {
	for {
		i := strings.LastIndex(row, "\x1b[")
		if i < 0 {
			return false
		}
		params, _, isSGR := strings.Cut(row[i+2:], "m")
		if isSGR && strings.Trim(params, "0123456789;:") == "" {
			return strings.Trim(params, "0") != ""
		}
		row = row[:i]
	}
}

// rowCost is what painting a row costs in bytes beside its text, scrollCost
// what a scroll costs: a margin, the scroll, and the margin taken back.
const (
	rowCost    = len("\x1b[99H")
	scrollCost = len("\x1b[10;99r\x1b[99S\x1b[r")
)

// scroll moves the rows top to bottom up by so many rows, down where by is
// negative, and leaves blank rows behind.
type scroll struct{ top, bottom, by int }

// append appends the scroll: set the margins (DECSTBM), scroll (SU, SD), unset
// them.
func (m scroll) append(out []byte) []byte {
	out = strconv.AppendInt(append(out, "\x1b["...), int64(m.top+1), 10)
	out = append(strconv.AppendInt(append(out, ';'), int64(m.bottom+1), 10), "r\x1b["...)
	if m.by > 0 {
		out = append(strconv.AppendInt(out, int64(m.by), 10), 'S')
	} else {
		out = append(strconv.AppendInt(out, int64(-m.by), 10), 'T')
	}
	return append(out, "\x1b[r"...)
}

// apply returns what the terminal shows after the scroll.
func (m scroll) apply(rows []string) []string {
	moved := append([]string(nil), rows...)
	for y := m.top; y <= m.bottom; y++ {
		if from := y + m.by; from >= m.top && from <= m.bottom {
			moved[y] = rows[from]
		} else {
			moved[y] = eraseLine
		}
	}
	return moved
}

// bestScroll finds the scroll after which the fewest bytes are left to paint,
// if that is fewer than without.
//
// For each distance the rows that the scroll brings to their place are worth
// what painting them would cost, and those that stood right and are carried
// away cost as much. The region worth most is then a maximum-sum run.
func bestScroll(before, after []string) (best scroll, ok bool) {
	was, is := number(before, after)
	saved := 0
	for by := 1 - len(after); by < len(after); by++ {
		if by == 0 {
			continue
		}
		gain, begin, sum := 0, 0, 0
		var first, last int
		for y := max(0, -by); y < min(len(after), len(after)-by); y++ {
			cost := len(after[y]) + rowCost
			arrives, stood := is[y] == was[y+by], is[y] == was[y]
			switch {
			case arrives && !stood:
				if sum <= 0 {
					sum, begin = 0, y
				}
				if sum += cost; sum > gain {
					gain, first, last = sum, begin, y
				}
			case stood && !arrives:
				sum -= cost
			}
		}
		if gain <= saved {
			continue
		}
		move := scroll{top: min(first, first+by), bottom: max(last, last+by), by: by}
		gain -= scrollCost
		for y := move.top; y <= move.bottom; y++ { // what the edges lose
			if (y < first || y > last) && is[y] == was[y] && after[y] != eraseLine {
				gain -= len(after[y]) + rowCost
			}
		}
		if gain > saved {
			best, saved, ok = move, gain, true
		}
	}
	return best, ok
}

// number gives equal rows equal numbers, so that they compare quickly.
func number(a, b []string) (as, bs []int32) {
	ids := make(map[string]int32, len(a)+len(b))
	assign := func(rows []string) []int32 {
		numbers := make([]int32, len(rows))
		for i, row := range rows {
			id, ok := ids[row]
			if !ok {
				id = int32(len(ids))
				ids[row] = id
			}
			numbers[i] = id
		}
		return numbers
	}
	return assign(a), assign(b)
}
