package image

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

type api struct{ *Service }

func (a api) ops() []httpapi.Op {
	return httpapi.CRUD(Kind, httpapi.Handlers{
		Create: httpapi.Handle(a.create), Get: httpapi.Handle(a.get), List: httpapi.Handle(a.list),
		Update: httpapi.Handle(a.update), Delete: httpapi.Handle(a.delete),
	})
}

// @Summary	Create an image
// @ID		images.create
// @Param	body	body		ImageCreate	true	"The image"
// @Success	201		{object}	Image
// @Router	/images [post]
func (a api) create(ctx context.Context, in httpapi.CreateInput[ImageCreate]) (Image, error) {
	return a.Create(ctx, in.Body)
}

// @Summary	Get an image
// @ID		images.get
// @Success	200	{object}	Image
// @Router	/images/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (Image, error) {
	return a.Get(ctx, in.ID)
}

// @Summary	List images
// @ID		images.list
// @Param	os_type	query		string	false	"Those of this operating system"
// @Param	architecture	query		string	false	"Those for this architecture"
// @Success	200	{object}	ImageList
// @Router	/images [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (ImageList, error) {
	page, err := a.List(ctx, in.ListQuery)
	return ImageList{page}, err
}

// @Summary	Change an image
// @ID		images.update
// @Param	body	body		ImageSpec	true	"The changes"
// @Success	200		{object}	Image
// @Router	/images/{id} [patch]
func (a api) update(ctx context.Context, in httpapi.PatchInput[ImageSpec]) (Image, error) {
	return a.Update(ctx, in)
}

// @Summary	Delete an image
// @ID		images.delete
// @Success	204
// @Router	/images/{id} [delete]
func (a api) delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return a.Delete(ctx, in)
}
