package dev.likeness.studio;

import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.request.Run;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the page of models finds models on this machine, and gets others. The studio itself opens
 * no connection: an application that may download gives the studio an object of this type. Its
 * methods are called on several threads.
 */
public interface ModelSource {
  /**
   * What a download would take.
   *
   * @param host the name of the host that is asked
   * @param bytes the bytes of the whole model
   * @param missingBytes the bytes to download; 0 if all are here
   * @param licence the licence that the host states; empty if it states none
   */
  record Download(String host, long bytes, long missingBytes, Optional<String> licence) {}

  /**
   * {@return the folder or file of a model on this machine; empty if it is not here} Uses no
   * network.
   *
   * @param model a model of the catalogue
   */
  Optional<Path> find(CatalogueModel model);

  /**
   * Asks the host of a model for its size, and downloads nothing else.
   *
   * @param model a model of the catalogue
   * @return what a download would take
   * @throws dev.likeness.diffusion.error.LikenessException if the host refuses or cannot be reached
   */
  Download plan(CatalogueModel model);

  /**
   * Downloads what is missing of a model.
   *
   * @param model a model of the catalogue
   * @param run receives steps, and can cancel; a later call continues
   * @throws dev.likeness.diffusion.error.LikenessException if the host refuses or cannot be
   *     reached, or the disk is full
   */
  void get(CatalogueModel model, Run run);
}
