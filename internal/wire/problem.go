package wire

import (
	"encoding/json"
	"fmt"
)

// Problem is an error answer as RFC 9457 has it, with a hint: what to do next.
type Problem struct {
	Type   string `json:"type"`  // "about:blank#" and the code: stable, for programs
	Title  string `json:"title"` // the code's words
	Status int    `json:"status"`
	Detail string `json:"detail"` // one sentence, quotes what was asked
	Hint   string `json:"hint,omitempty"`
}

const problemType = "about:blank#"

// NewProblem makes a problem. The code is a few stable words, "not found".
func NewProblem(status int, code, detail, hint string) *Problem {
	return &Problem{Type: problemType + slug(code), Title: code, Status: status, Detail: detail, Hint: hint}
}

func slug(code string) string {
	b := []byte(code)
	for i, c := range b {
		if c == ' ' {
			b[i] = '-'
		}
	}
	return string(b)
}

// Error says the detail, as tailsrv's text answer does.
func (p *Problem) Error() string { return p.Detail }

// JSON is the problem as application/problem+json.
func (p *Problem) JSON() []byte {
	b, err := json.Marshal(p)
	if err != nil {
		panic(fmt.Sprintf("wire: internal error: %v", err))
	}
	return append(b, '\n')
}

// Text is the problem for a terminal: one line "error: …", one line "hint: …".
func (p *Problem) Text() []byte {
	s := "error: " + p.Detail + "\n"
	if p.Hint != "" {
		s += "hint: " + p.Hint + "\n"
	}
	return []byte(s)
}

// ParseProblem reads an application/problem+json body. It reports false for a
// body that is not one.
func ParseProblem(body []byte) (*Problem, bool) {
	var p Problem
	if json.Unmarshal(body, &p) != nil || p.Title == "" && p.Detail == "" {
		return nil, false
	}
	return &p, true
}
