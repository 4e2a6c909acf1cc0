package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.request.Run;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Finds and gets models of the catalogue.
 *
 * @param find returns the folder or file of a model on this machine, without a network
 * @param plan asks the host of a model for its size
 * @param get downloads what is missing of a model
 */
public record ModelAccess(
    Function<CatalogueModel, Optional<Path>> find,
    Function<CatalogueModel, Plan> plan,
    BiConsumer<CatalogueModel, Run> get) {
  /**
   * What a download would take.
   *
   * @param host the name of the host that was asked
   * @param bytes the bytes of the whole model
   * @param missingBytes the bytes to download
   * @param licence the licence that the host states
   */
  public record Plan(String host, long bytes, long missingBytes, Optional<String> licence) {}
}
