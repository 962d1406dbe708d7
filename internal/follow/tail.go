package follow

import (
	"bytes"
	"io"
)

const (
	// tailBlock is how much is read at once when a file is searched backwards.
	tailBlock = 64 << 10
	// maxTail bounds that search: more than anybody wants to see first, and read from a
	// slow disk in about a second.
	maxTail = 64 << 20
)

// lastLines finds where the last n lines of the first size bytes of r begin. What
// comes after the last newline is a line, too. If they are more than maxTail bytes,
// the place is that far from the end; it is less far, and cut is true, if the search
// takes too long.
func lastLines(s *search, r io.ReaderAt, size int64, n int) (off int64, cut bool, err error) {
	if n <= 0 || size == 0 {
		return size, false, nil
	}
	floor := max(0, size-maxTail)
	block := make([]byte, min(tailBlock, size))
	for end := size; end > floor; {
		begin := max(floor, end-tailBlock)
		b := block[:end-begin]
		if err := s.spend(len(b)); err == errCut {
			return end, true, nil
		} else if err != nil {
			return 0, false, err
		}
		if k, err := r.ReadAt(b, begin); k < len(b) {
			return 0, false, err
		}
		if end == size {
			b = b[:len(b)-1] // a newline at the very end ends the last line and begins none
		}
		for {
			i := bytes.LastIndexByte(b, '\n')
			if i < 0 {
				break
			}
			if n--; n == 0 {
				return begin + int64(i) + 1, false, nil
			}
			b = b[:i]
		}
		end = begin
	}
	return floor, false, nil
}
