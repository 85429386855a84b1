// Package app puts the server together: it builds the modules, gives each what it needs of the others, and holds no rule of its own.
//
//	@title						Demarc
//	@version					1.0
//	@description				The control plane of a cloud service provider.
//	@BasePath					/api/v1
//	@securityDefinitions.apikey	Bearer
//	@in							header
//	@name						Authorization
package app
