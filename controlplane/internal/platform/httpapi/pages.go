package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	swaggerfiles "github.com/swaggo/files"
	ginswagger "github.com/swaggo/gin-swagger"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
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

// The probes.
const (
	livePath  = "/livez"
	readyPath = "/readyz"
)

// Pages mounts the probes, the metrics, the specification and its Swagger UI.
func (s *Server) Pages(p Pages) {
	s.engine.GET(livePath, func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })
	s.engine.GET(readyPath, func(c *gin.Context) {
		if err := p.Ready(c.Request.Context()); err != nil {
			c.String(http.StatusServiceUnavailable, err.Error()+"\n")
			return
		}
		c.String(http.StatusOK, "ok\n")
	})
	s.engine.GET("/metrics", func(c *gin.Context) {
		at := &attempt{c: c}
		if _, err := s.enter(c, at); err != nil {
			s.refuse(c, err)
			return
		}
		// They tell about all tenants.
		if !at.caller.Access(metricsPermission).All {
			s.refuse(c, &fault.Error{Kind: fault.Forbidden, Code: "forbidden", Detail: "this needs the permission " + metricsPermission + " on the platform"})
			return
		}
		p.Metrics.ServeHTTP(c.Writer, c.Request)
	})
	specification := newPage(jsonType, p.Specification)
	s.engine.GET(specificationPath, func(c *gin.Context) { show(c, http.StatusOK, specification) })
	swagger := swaggerPages(swaggerHandler())
	s.engine.GET("/swagger/*file", func(c *gin.Context) {
		file := strings.TrimPrefix(c.Param("file"), "/")
		switch p := swagger[file]; {
		case file == "":
			c.Redirect(http.StatusFound, "/swagger/index.html")
		case p == nil:
			s.refuse(c, fault.NotFoundError())
		default:
			made, err := p()
			if err != nil {
				s.refuse(c, err)
				return
			}
			show(c, http.StatusOK, made)
		}
	})
	s.engine.GET("/swagger", func(c *gin.Context) { c.Redirect(http.StatusFound, "/swagger/index.html") })
}

// metricsPermission lets one read the metrics, if it is held on the platform: who may see everything that goes on there sees it counted.
const metricsPermission = "operations.list"

const specificationPath = BasePath + "/openapi.json"

// swaggerHandler answers the Swagger UI, which reads the specification.
func swaggerHandler() http.Handler {
	engine := gin.New()
	engine.GET("/swagger/*any", ginswagger.WrapHandler(swaggerfiles.Handler, ginswagger.URL(specificationPath), ginswagger.PersistAuthorization(true)))
	return engine
}

// swaggerPages are the files of the Swagger UI, each made when it is asked for the first time. One that could not be made is tried anew the next time.
func swaggerPages(from http.Handler) map[string]func() (*page, error) {
	out := map[string]func() (*page, error){}
	for _, name := range []string{"index.html", "index.css", "swagger-initializer.js", "swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js",
		"oauth2-redirect.html", "favicon-16x16.png", "favicon-32x32.png"} {
		var mu sync.Mutex
		var made *page
		out[name] = func() (*page, error) {
			mu.Lock()
			defer mu.Unlock()
			if made != nil {
				return made, nil
			}
			path := "/swagger/" + name
			w := &written{header: http.Header{}, status: http.StatusOK}
			from.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, RequestURI: path, Header: http.Header{}})
			if w.status != http.StatusOK {
				return nil, fmt.Errorf("%s: its handler answered %d", path, w.status)
			}
			made = newPage(w.header.Get("Content-Type"), w.Bytes())
			if strings.HasPrefix(made.contentType, "image/") { // it is compressed
				made.zipped = nil
			}
			return made, nil
		}
	}
	return out
}

// written is what a handler has written.
type written struct {
	bytes.Buffer
	header http.Header
	status int
}

// Header implements http.ResponseWriter.
func (w *written) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *written) WriteHeader(status int) { w.status = status }
