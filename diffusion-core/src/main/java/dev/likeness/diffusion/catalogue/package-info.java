/**
 * The catalogue of published models: bases, accelerators, adapters, ControlNets, tiny autoencoders,
 * face detectors and embedders that the library opens, with their repositories, licences and
 * settings. It is a file of the library ({@code models.json}) and is read without a network.
 *
 * <p>Each model names the pages where its facts were read, and the dates. A fact that no page gave
 * is absent, such as the licence of some models.
 *
 * <pre>{@code
 * ModelCatalogue catalogue = ModelCatalogue.builtIn();
 * for (CatalogueModel model : catalogue.models(CatalogueModel.Role.BASE)) {
 *   System.out.println(model.name() + " " + model.repository() + ": " + model.purpose());
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.diffusion.catalogue;

import org.jspecify.annotations.NullMarked;
