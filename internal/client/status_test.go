package client

import (
	"errors"
	"io"
	"testing"
	"unicode/utf8"
)

func TestClip_isValidAndBounded(t *testing.T) {
	for _, s := range []string{"", "abc", "äöü", "\xff\xfe\xfd\xfc", "日本語", "\x80\x80\x80\x80\x80\x80"} {
		for n := range 8 {
			got := clip(s, n)
			if !utf8.ValidString(got) || len(got) > 3*n+len("…") {
				t.Errorf("clip(%q, %d) = %q", s, n, got)
			}
		}
	}
}

func TestHint_ofOtherErrors(t *testing.T) {
	if got := Hint(nil) + Hint(io.EOF) + Hint(errors.Join(io.EOF)); got != "" {
		t.Errorf("hints %q", got)
	}
}
