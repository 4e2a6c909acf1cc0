package dev.likeness.integrations.spark;

import java.io.Serializable;
import java.nio.file.Path;

/**
 * The place of a base model. Spark sends the location to the executors, and each executor process
 * calls {@link #path()} before it opens the base.
 *
 * <p>A method reference can be a location: {@code PortraitModel::files} returns the embedded model.
 */
@FunctionalInterface
public interface ModelLocation extends Serializable {
  /** {@return the folder or file of the base model on the calling machine} */
  Path path();

  /**
   * {@return the location of a folder or file that all machines have under the same path}
   *
   * @param path the path, such as a folder on a shared disk, or a folder that {@code --archives}
   *     unpacks in the working directory of each executor
   */
  static ModelLocation of(String path) {
    return () -> Path.of(path);
  }
}
