package dev.likeness.diffusion.internal.file;

import java.util.List;

/**
 * A file that names a component's tensors as the published folders do.
 *
 * @param roots what the names begin with
 */
public record SameNames(List<String> roots) implements KeyMapping {
  @Override
  public Place place(String canonical) {
    return mine(canonical) ? Place.whole(canonical) : null;
  }

  @Override
  public List<String> canonical(String foreign) {
    return mine(foreign) ? List.of(foreign) : List.of();
  }

  private boolean mine(String name) {
    return roots.stream().anyMatch(name::startsWith);
  }
}
