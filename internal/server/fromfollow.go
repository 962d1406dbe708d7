package server

import (
	"context"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// FromFollow serves the logs of the follow room.
func FromFollow(logs *follow.Logs) Logs { return followed{logs} }

type followed struct{ *follow.Logs }

func (f followed) Follow(ctx context.Context, name string, at follow.Start) (Follower, error) {
	follower, err := f.Logs.Follow(ctx, name, at)
	if err != nil {
		return nil, err
	}
	return followedOne{follower}, nil
}

func (f followed) Read(name string) (Snapshot, error) {
	snapshot, err := f.Logs.Read(name)
	if err != nil {
		return nil, err
	}
	return snapshot, nil
}

type followedOne struct{ *follow.Follower }

func (f followedOne) Next(ctx context.Context) (Event, error) {
	ev, err := f.Follower.Next(ctx)
	if err != nil {
		return Event{}, err
	}
	out := Event{Data: ev.Data, More: ev.More, Lost: ev.Lost, Detail: ev.Detail, Cursor: ev.CursorAt}
	if ev.Kind != follow.Data {
		out.Kind = wire.Kind(ev.Kind)
	}
	return out, nil
}
