package httpapi

import (
	"context"
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"
	swaggerfiles "github.com/swaggo/files"
	ginswagger "github.com/swaggo/gin-swagger"
)

// Pages are what is served beside the operations.
type Pages struct {
	// Specification is the OpenAPI document.
	Specification []byte
	// Metrics are for whoever has a valid token.
	Metrics http.Handler
	// Ready says why the server cannot do its work; nil if it can.
	Ready func(context.Context) error
}

// Pages mounts the probes, the metrics, the specification and its Swagger UI.
func (s *Server) Pages(p Pages) {
	s.engine.GET("/livez", func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })
	s.engine.GET("/readyz", func(c *gin.Context) {
		if err := p.Ready(c.Request.Context()); err != nil {
			c.String(http.StatusServiceUnavailable, err.Error()+"\n")
			return
		}
		c.String(http.StatusOK, "ok\n")
	})
	s.engine.GET("/metrics", func(c *gin.Context) {
		if _, err := s.Authenticator.Authenticate(c.Request.Context(), c.Request); err != nil {
			s.refuse(c, err)
			return
		}
		p.Metrics.ServeHTTP(c.Writer, c.Request)
	})
	s.engine.GET(BasePath+"/openapi.json", func(c *gin.Context) { c.Data(http.StatusOK, "application/json; charset=utf-8", p.Specification) })
	swagger := ginswagger.WrapHandler(swaggerfiles.Handler, ginswagger.URL(BasePath+"/openapi.json"), ginswagger.PersistAuthorization(true))
	s.engine.GET("/swagger/*any", func(c *gin.Context) {
		if any := c.Param("any"); any == "/" || any == "" {
			c.Redirect(http.StatusFound, "/swagger/index.html")
			return
		}
		swagger(c)
	})
	s.engine.GET("/swagger", func(c *gin.Context) { c.Redirect(http.StatusFound, "/swagger/index.html") })
}

// polls ends all long polls when the server stops.
type polls struct {
	once sync.Once
	end  chan struct{}
}

// EndLongPolls has the requests that wait for something answer now.
func (s *Server) EndLongPolls() { s.polls.once.Do(func() { close(s.polls.end) }) }

// LongPoll is a context that ends when the server stops, for a wait that answers with what there is by then.
func LongPoll(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if end, ok := ctx.Value(pollKey{}).(chan struct{}); ok {
		go func() {
			select {
			case <-end:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	return ctx, cancel
}

type pollKey struct{}
