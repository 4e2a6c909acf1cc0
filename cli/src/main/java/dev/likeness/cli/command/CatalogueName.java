package dev.likeness.cli.command;

import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.hub.HubAddress;
import java.util.Optional;

/**
 * A name of the catalogue, as a user writes it: {@code NAME}, or {@code NAME:FILE} for one of
 * several files of its repository.
 *
 * @param model the model of the name
 * @param file a part of the name of a file; empty for the catalogue's own
 */
record CatalogueName(CatalogueModel model, Optional<String> file) {
  /** Returns the name that a text is; empty if it is none. */
  static Optional<CatalogueName> of(String text) {
    Optional<CatalogueModel> whole = ModelCatalogue.builtIn().find(text);
    int colon = text.indexOf(':');
    if (whole.isPresent() || colon < 1 || colon == text.length() - 1) {
      return whole.map(model -> new CatalogueName(model, Optional.empty()));
    }
    // An address with a slash has its file already.
    return Optional.of(text.substring(0, colon))
        .filter(name -> !name.contains("/"))
        .flatMap(ModelCatalogue.builtIn()::find)
        .map(model -> new CatalogueName(model, Optional.of(text.substring(colon + 1))));
  }

  /**
   * Returns the address.
   *
   * @throws IllegalArgumentException if the file leads out of the repository
   */
  HubAddress address() {
    return file.map(HubAddress.parse(model.repository())::file)
        .orElseGet(() -> HubAddress.parse(model.address()));
  }

  @Override
  public String toString() {
    return model.name() + file.map(name -> ":" + name).orElse("");
  }
}
