package linetime

import (
	"strings"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	ref := refBerlin(b)
	const rest = `"level":"info","logger":"http","msg":"request served","path":"/api/v1/items/4711","status":200,"took":"12ms","request":"0af7651916cd43dd8448eb211c80319c","remote":"203.0.113.7:53412","agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36","bytes":4711,"trace":{"id":"0af7","span":"b7ad"}}`
	for _, c := range []struct{ name, line string }{
		{"rfc3339", "2026-11-22T14:20:25.123456789Z INFO request served"},
		{"local", "2026-11-22 14:20:25,123 INFO request served"},
		{"go", "2026/11/22 14:20:25.123456 main.go:23: request served"},
		{"basic", "20261122T142025Z request served"},
		{"bracket", "[2026-11-22T14:20:25,123][INFO ][o.e.n.Node] request served"},
		{"level", "INFO  [main] 2026-11-22 14:20:25,123 request served"},
		{"rfc3164", "Nov 22 14:20:25 host sshd[812]: message"},
		{"rfc5424", "<165>1 2026-11-22T14:20:25.003Z host app 812 ID47 - message"},
		{"klog", "I1122 14:20:25.123456       1 leaderelection.go:250] message"},
		{"apache-error", "[Sun Nov 22 14:20:25.123456 2026] [core:error] [pid 12] message"},
		{"http", "Sun, 22 Nov 2026 14:20:25 GMT message"},
		{"access", `10.0.0.1 - frank [22/Nov/2026:14:20:25 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"`},
		{"epoch", "1795357225.123 45 10.0.0.1 TCP_MISS/200"},
		{"json-first", `{"ts":"2026-11-22T14:20:25.123Z",` + rest[:266]},
		{"json-last", `{` + strings.TrimSuffix(rest, "}") + `,"time":"2026-11-22T14:20:25.123Z"}`},
		{"json-epoch", `{"ts":1795357225.123,` + rest},
		{"json-none", `{` + rest},
		{"logfmt", `level=info msg="request served" ts=2026-11-22T14:20:25.123Z path=/api/v1/items/4711`},
		{"compose", "web-1  | 2026-11-22T14:20:25Z message"},
		{"stack", "\tat com.example.Main.main(Main.java:12)"},
		{"none", "Caused by: java.io.IOException: the connection to 203.0.113.7:5432 was refused [after 12 attempts]"},
		{"binary", strings.Repeat("\x00[", 2000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			line := []byte(c.line)
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				Parse(line, ref)
			}
		})
	}
}
