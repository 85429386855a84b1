package client

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/url"
)

// List yields every object of a collection, page after page. Unless the query says page_size, pages are as large as
// the server gives. An error is yielded once, last.
func (c *Client) List(ctx context.Context, path string, query url.Values) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for res, err := range c.pages(ctx, path, query) {
			var page struct {
				Items []json.RawMessage `json:"items"`
			}
			if err == nil {
				err = res.Decode(&page)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// pages yields answer after answer, for as long as each names a next one.
func (c *Client) pages(ctx context.Context, path string, query url.Values) iter.Seq2[*Response, error] {
	return func(yield func(*Response, error) bool) {
		q := maps.Clone(query)
		if q == nil {
			q = url.Values{}
		}
		if !q.Has("page_size") {
			q.Set("page_size", "500")
		}
		seen := map[string]bool{}
		for {
			res, err := c.Do(ctx, Request{Path: path, Query: q})
			if err != nil {
				yield(nil, err)
				return
			}
			var page struct {
				NextPageToken string `json:"next_page_token"` // null leaves it empty
			}
			if err := res.Decode(&page); err != nil {
				yield(nil, err)
				return
			}
			if !yield(res, nil) || page.NextPageToken == "" {
				return
			}
			if seen[page.NextPageToken] {
				yield(nil, fmt.Errorf("list of %s: the server gave the same page token twice (request %s)", path, res.RequestID()))
				return
			}
			seen[page.NextPageToken] = true
			q.Set("page_token", page.NextPageToken)
		}
	}
}
