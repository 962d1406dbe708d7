package wire

// rawEncoder passes the log's bytes and says nothing else. It owes its reader
// exactly what a file would have given, so events and ends leave no trace; with
// newlines asked for, a heartbeat is one empty line.
type rawEncoder struct{ newlines bool }

func (rawEncoder) Open(dst []byte, _ Open) []byte                  { return dst }
func (rawEncoder) Data(dst, p []byte, _ func(n int) string) []byte { return append(dst, p...) }
func (rawEncoder) Event(dst []byte, _ Event) []byte                { return dst }
func (rawEncoder) End(dst []byte, _ End) []byte                    { return dst }
func (rawEncoder) Pending() bool                                   { return false }
func (rawEncoder) Flush(dst []byte) []byte                         { return dst }

func (e rawEncoder) Heartbeat(dst []byte, _ Heartbeat) []byte {
	if e.newlines {
		return append(dst, '\n')
	}
	return dst
}
