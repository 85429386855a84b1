package engine

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// Engine makes the resources and data sources of a catalog.
type Engine struct {
	catalog *catalog.Catalog

	resources   []func() resource.Resource
	dataSources []func() datasource.DataSource
	lists       []func() list.ListResource
}

// New returns the engine of a catalog, or what in the catalog has no form in Terraform. Schemas are made once: a
// provider is started several times per plan, and asked for them by each.
func New(c *catalog.Catalog) (*Engine, error) {
	e := &Engine{catalog: c}
	for i := range c.Kinds {
		if err := e.add(&c.Kinds[i]); err != nil {
			return nil, fmt.Errorf("catalog: kind %w", err)
		}
	}
	return e, nil
}

func (e *Engine) add(k *catalog.Kind) error {
	k, err := declared(k)
	if err != nil {
		return err
	}
	_, gets := k.Operations["get"]
	_, lists := k.Operations["list"]
	if gets {
		s, err := dataSourceSchema(e.catalog, k)
		if err != nil {
			return fmt.Errorf("%s: %w", k.Name, err)
		}
		e.dataSources = append(e.dataSources, func() datasource.DataSource {
			return &kindDataSource{catalog: e.catalog, kind: k, schema: s}
		})
	}
	if lists {
		s, err := listDataSourceSchema(e.catalog, k)
		if err != nil {
			return fmt.Errorf("%s: %w", k.Name, err)
		}
		e.dataSources = append(e.dataSources, func() datasource.DataSource {
			return &kindListDataSource{catalog: e.catalog, kind: k, schema: s}
		})
	}
	if !k.Managed || k.ShowsOnce() {
		return nil
	}
	s, err := resourceSchema(e.catalog, k)
	if err != nil {
		return err
	}
	e.resources = append(e.resources, func() resource.Resource {
		return &kindResource{catalog: e.catalog, kind: k, schema: s}
	})
	if lists {
		e.lists = append(e.lists, func() list.ListResource {
			return &kindList{kindResource: kindResource{catalog: e.catalog, kind: k, schema: s}}
		})
	}
	return nil
}

// Resources returns a constructor for each kind that can be managed, but for those with a secret that is shown once.
func (e *Engine) Resources() []func() resource.Resource { return e.resources }

// DataSources returns constructors for each kind: by id or name, and of lists.
func (e *Engine) DataSources() []func() datasource.DataSource { return e.dataSources }

// ListResources returns a constructor for each resource whose objects can be listed, for terraform query.
func (e *Engine) ListResources() []func() list.ListResource { return e.lists }
