package text

import (
	"strings"
	"testing"
)

func BenchmarkClean(b *testing.B) {
	for _, c := range []struct{ name, line string }{
		{"plain", "2026-11-22T10:00:00.123Z INFO  http: request served path=/api/v1/items/4711 status=200 took=12ms"},
		{"utf8", "2026-11-22T10:00:00.123Z INFO  größere Änderung – „Straße“ wurde übernommen → Привет, 日本語のログ ok"},
		{"sgr", "\x1b[2m2026-11-22T10:00:00.123Z\x1b[0m \x1b[32mINFO\x1b[0m \x1b[1mhttp:\x1b[0m request served \x1b[36mstatus\x1b[0m=200"},
		{"tabs", "2026-11-22\tINFO\thttp\trequest served\tpath=/api/v1/items/4711\tstatus=200"},
		{"emoji", "2026-11-22T10:00:00.123Z INFO 👩‍👩‍👧 deployed ❤️ 👍🏽"},
		{"hostile", strings.Repeat("\x1b]52;c;eA==\a\u202e\xff", 5)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.line)))
			b.ReportAllocs()
			for b.Loop() {
				Clean(c.line, Options{Colors: KeepColors})
			}
		})
	}
}

func BenchmarkCut(b *testing.B) {
	for name, s := range map[string]string{
		"plain": strings.Repeat("the quick brown fox ", 20),
		"sgr":   strings.Repeat("the \x1b[31mquick\x1b[0m brown fox ", 20),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Cut(s, 80, 120)
			}
		})
	}
}
