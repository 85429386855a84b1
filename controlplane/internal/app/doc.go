// Package app puts the server together: it builds the modules, gives each what it needs of the others, and holds no rule of its own.
//
//	@title						Demarc
//	@version					1.0
//	@description				The control plane of a cloud service provider: customers, access, machines and what goes with them, at every level of resellers.
//	@contact.name				Demarc
//	@contact.url				https://demarc.dev
//	@license.name				Mozilla Public License 2.0
//	@license.url				https://www.mozilla.org/MPL/2.0/
//	@BasePath					/api/v1
//	@securityDefinitions.apikey	Bearer
//	@in							header
//	@name						Authorization
package app
