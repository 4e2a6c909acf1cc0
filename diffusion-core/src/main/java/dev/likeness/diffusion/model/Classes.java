package dev.likeness.diffusion.model;

import dev.likeness.diffusion.error.UnusableInput;
import java.util.List;

/** What classes a model's components may be of. */
final class Classes {
  private Classes() {}

  /** Refuses a component of a class that is not {@code known}. */
  static void require(ModelFiles files, String component, String... known) {
    String name = files.componentClass(component);
    if (name == null || !List.of(known).contains(name)) {
      throw new UnusableInput(files.describe() + (name == null ? " has no " + component + "; give one beside it"
          : ": its " + component + " is a " + name) + "; supported: " + String.join(", ", known));
    }
  }
}
