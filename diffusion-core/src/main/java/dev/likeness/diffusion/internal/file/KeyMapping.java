package dev.likeness.diffusion.internal.file;

import java.util.List;

/** How one component's tensors are named and stored in a foreign file, both ways. */
public interface KeyMapping {
  /** Where the canonical tensor lies; null when this layout has no place for it. */
  Location locate(String canonical);

  /**
   * The canonical tensors that a foreign one holds, in the order of their rows; empty when it is
   * not of this component.
   */
  List<String> canonicalNames(String foreign);

  /** The same layout with {@code prefix} before every foreign name. */
  default KeyMapping withPrefix(String prefix) {
    return new PrefixedLayout(this, prefix);
  }

  /**
   * Where a canonical tensor lies in a foreign file.
   *
   * @param name the foreign tensor
   * @param slice at which of {@code slices} equal runs of its rows it begins, from 0
   * @param span how many runs it takes
   * @param slices how many runs the foreign tensor has
   * @param form how it is stored there
   */
  public record Location(String name, int slice, int span, int slices, Form form) {
    /** How a foreign file stores a matrix. */
    public enum Form {
      /** As it is. */
      AS_STORED,
      /** Rows and columns exchanged. */
      TRANSPOSED,
      /** As a convolution over one pixel: [rows, columns, 1, 1]. */
      POINTWISE,
      /** The second half of its rows before the first. */
      HALVES_SWAPPED,
      /** Not at all: the identity, as wide as that vector is long. */
      IDENTITY
    }

    /** The whole of {@code name}, as it is. */
    public static Location whole(String name) {
      return whole(name, Form.AS_STORED);
    }

    /** The whole of {@code name} in another form. */
    public static Location whole(String name, Form form) {
      return new Location(name, 0, 1, 1, form);
    }

    /** One of {@code slices} equal runs of {@code name}. */
    public static Location slice(String name, int part, int parts) {
      return new Location(name, part, 1, parts, Form.AS_STORED);
    }
  }

  /** A layout whose foreign names begin with a prefix. */
  record PrefixedLayout(KeyMapping layout, String prefix) implements KeyMapping {
    @Override
    public Location locate(String canonical) {
      Location place = layout.locate(canonical);
      return place == null
          ? null
          : new Location(
              prefix + place.name(), place.slice(), place.span(), place.slices(), place.form());
    }

    @Override
    public List<String> canonicalNames(String foreign) {
      return foreign.startsWith(prefix)
          ? layout.canonicalNames(foreign.substring(prefix.length()))
          : List.of();
    }
  }

  /**
   * A file that names a component's tensors as the published folders do.
   *
   * @param roots what the names begin with
   */
  public record SameNames(List<String> roots) implements KeyMapping {
    @Override
    public Location locate(String canonical) {
      return belongs(canonical) ? Location.whole(canonical) : null;
    }

    @Override
    public List<String> canonicalNames(String foreign) {
      return belongs(foreign) ? List.of(foreign) : List.of();
    }

    private boolean belongs(String name) {
      return roots.stream().anyMatch(name::startsWith);
    }
  }
}
