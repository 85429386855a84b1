package httpapi

import (
	"context"
	"net/http"

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

// metricsPermission lets one read the metrics, if it is held on the platform: who may see everything that goes on there sees it counted.
const metricsPermission = "operations.list"
