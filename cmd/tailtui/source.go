package main

import (
	"context"

	"github.com/bubbletail/bubbletail/internal/client"
	"github.com/bubbletail/bubbletail/internal/ui"
)

// source gives a session to the screen, which knows nothing of networks: the
// same things in the screen's own words.
type source struct{ session *client.Session }

func (s source) Redial() { s.session.Redial() }

func (s source) Next(ctx context.Context) (ui.Update, error) {
	u, err := s.session.Next(ctx)
	items := make([]ui.Item, len(u.Items))
	for i, item := range u.Items {
		items[i] = ui.Item{
			Kind:    itemKinds[item.Kind],
			Data:    item.Data,
			Old:     item.Old,
			Event:   item.Event,
			Resumed: ui.Resumed(item.Resumed),
			Err:     item.Err,
			At:      item.At,
		}
	}
	return ui.Update{Items: items, Status: status(u.Status), Closed: u.Closed}, err
}

var itemKinds = map[client.ItemKind]ui.ItemKind{
	client.ItemData:    ui.ItemData,
	client.ItemEvent:   ui.ItemEvent,
	client.ItemResumed: ui.ItemResumed,
	client.ItemProblem: ui.ItemProblem,
}

func status(s client.Status) ui.Status {
	history := make([]ui.Change, len(s.History))
	for i, c := range s.History {
		history[i] = ui.Change(c)
	}
	return ui.Status{
		State: s.State, Since: s.Since, Reason: s.Reason, Detail: s.Detail, Hint: s.Hint,
		Attempt: s.Attempt, RetryAt: s.RetryAt, Addr: s.Addr, Reached: s.Reached, GiveUpAt: s.GiveUpAt,
		Heard: s.Heard, LastData: s.LastData, Opened: s.Opened,
		Connects: s.Connects, Bytes: s.Bytes, RTT: s.RTT,
		Stream: s.Stream, Server: s.Server, Cursor: s.Cursor, Met: s.Met,
		Heartbeat: s.Heartbeat, Lease: s.Lease, MaxAge: s.MaxAge,
		Size: s.Size, SizeAt: s.SizeAt, Gone: s.Gone, GoneSince: s.GoneSince,
		Generation: s.Generation, History: history,
	}
}
