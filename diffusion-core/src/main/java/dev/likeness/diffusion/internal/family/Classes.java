package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.error.InvalidInputException;
import java.util.List;

/** What classes a model's components may be of. */
public final class Classes {
  private Classes() {}

  /** Refuses a component of a class that is not {@code known}. */
  public static void require(ModelParts files, String component, String... known) {
    String name = files.componentClass(component);
    if (name == null || !List.of(known).contains(name)) {
      throw new InvalidInputException(files.describe()
          + (name == null
              ? " has no " + component + "; give one beside it"
              : ": its " + component + " is a " + name)
          + "; supported: " + String.join(", ", known));
    }
  }

  /**
   * Refuses a model that names networks which nothing is drawn with here, rather than draw without
   * them.
   */
  static void requireNoOthers(ModelParts files) {
    files.others().entrySet().stream().findFirst().ifPresent(other -> {
      throw new InvalidInputException(
          files.describe() + ": its " + other.getKey() + " (" + other.getValue()
              + ") is of a pipeline that is"
              + " not supported; give the folder of its base alone, and a ControlNet by itself");
    });
  }
}
