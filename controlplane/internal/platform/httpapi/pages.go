package httpapi

import (
	"bytes"
	"context"
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
	swagger := swaggerPages()
	s.engine.GET("/swagger/*file", func(c *gin.Context) {
		file := strings.TrimPrefix(c.Param("file"), "/")
		switch p := swagger[file]; {
		case file == "":
			c.Redirect(http.StatusFound, "/swagger/index.html")
		case p == nil:
			s.refuse(c, fault.NotFoundError())
		default:
			show(c, http.StatusOK, p())
		}
	})
	s.engine.GET("/swagger", func(c *gin.Context) { c.Redirect(http.StatusFound, "/swagger/index.html") })
}

// metricsPermission lets one read the metrics, if it is held on the platform: who may see everything that goes on there sees it counted.
const metricsPermission = "operations.list"

const specificationPath = BasePath + "/openapi.json"

// swaggerPages are the files of the Swagger UI, each made when it is asked for the first time.
func swaggerPages() map[string]func() *page {
	engine := gin.New()
	engine.GET("/swagger/*any", ginswagger.WrapHandler(swaggerfiles.Handler, ginswagger.URL(specificationPath), ginswagger.PersistAuthorization(true)))
	out := map[string]func() *page{}
	for _, name := range []string{"index.html", "index.css", "swagger-initializer.js", "swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js",
		"oauth2-redirect.html", "favicon-16x16.png", "favicon-32x32.png"} {
		out[name] = sync.OnceValue(func() *page {
			path := "/swagger/" + name
			w := &written{header: http.Header{}}
			engine.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, RequestURI: path, Header: http.Header{}})
			p := newPage(w.header.Get("Content-Type"), w.Bytes())
			if strings.HasPrefix(p.contentType, "image/") { // it is compressed
				p.zipped = nil
			}
			return p
		})
	}
	return out
}

// written is what a handler has written.
type written struct {
	bytes.Buffer
	header http.Header
}

// Header implements http.ResponseWriter.
func (w *written) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *written) WriteHeader(int) {}
