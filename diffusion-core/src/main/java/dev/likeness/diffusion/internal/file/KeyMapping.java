package dev.likeness.diffusion.internal.file;

import java.util.List;

/** How one component's tensors are named and stored in a foreign file, both ways. */
public interface KeyMapping {
  /** Where the canonical tensor lies; null when this layout has no place for it. */
  Place place(String canonical);

  /**
   * The canonical tensors that a foreign one holds, in the order of their rows; empty when it is
   * not of this component.
   */
  List<String> canonical(String foreign);

  /** The same layout with {@code prefix} before every foreign name. */
  default KeyMapping under(String prefix) {
    return new PrefixedLayout(this, prefix);
  }
}
