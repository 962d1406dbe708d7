package follow

func (h *hub) since(s *search, start Start) (beginning, error) { return h.begin(s, start) }
