package dev.likeness.diffusion.internal.file;

import java.util.List;

/**
 * A key mapping: names and stored forms of a component's tensors in a foreign file, in both
 * directions.
 */
public interface KeyMapping {
  /** Returns the location of a canonical tensor; null if this key format does not have it. */
  Location locate(String canonical);

  /**
   * Returns the canonical tensors in a foreign one, in the order of their rows; empty if it is not
   * of this component.
   */
  List<String> canonicalNames(String foreign);

  /** Returns true if a tensor of the file is read under one of its canonical names. */
  default boolean uses(String foreign) {
    return canonicalNames(foreign).stream()
        .map(this::locate)
        .anyMatch(place -> place != null && place.name().equals(foreign));
  }

  /** Returns true if a tensor of the file belongs to this component by its prefix. */
  default boolean covers(String foreign) {
    return true;
  }

  /** Returns true if a tensor is of a known part of this component that the family does not use. */
  default boolean leavesOut(String foreign) {
    return false;
  }

  /** Returns the mapping with {@code prefix} before every foreign name. */
  default KeyMapping withPrefix(String prefix) {
    return new PrefixedLayout(this, prefix);
  }

  /**
   * The location of a canonical tensor in a foreign file. The rows of a foreign tensor are divided
   * into equal slices.
   *
   * @param name name of the foreign tensor
   * @param slice index of its first slice, from 0
   * @param span number of its slices
   * @param slices number of slices of the foreign tensor
   * @param form stored form in the foreign file
   */
  public record Location(String name, int slice, int span, int slices, Form form) {
    /** The form in which a foreign file stores a matrix. */
    public enum Form {
      /** Unchanged. */
      AS_STORED,
      /** Rows and columns exchanged. */
      TRANSPOSED,
      /** As a 1x1 convolution: [rows, columns, 1, 1]. */
      POINTWISE,
      /** The second half of its rows is stored before the first. */
      HALVES_SWAPPED,
      /** Not stored: an identity matrix, as wide as the named vector is long. */
      IDENTITY
    }

    /** Returns the location of the whole tensor {@code name}, unchanged. */
    public static Location whole(String name) {
      return whole(name, Form.AS_STORED);
    }

    /** Returns the location of the whole tensor {@code name} in a stored form. */
    public static Location whole(String name, Form form) {
      return new Location(name, 0, 1, 1, form);
    }

    /** Returns the location of one of {@code parts} equal slices of {@code name}. */
    public static Location slice(String name, int part, int parts) {
      return new Location(name, part, 1, parts, Form.AS_STORED);
    }
  }

  /** A key mapping with a prefix before foreign names. */
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
    public boolean covers(String foreign) {
      return foreign.startsWith(prefix) && layout.covers(foreign.substring(prefix.length()));
    }

    @Override
    public boolean leavesOut(String foreign) {
      return foreign.startsWith(prefix) && layout.leavesOut(foreign.substring(prefix.length()));
    }

    @Override
    public List<String> canonicalNames(String foreign) {
      return foreign.startsWith(prefix)
          ? layout.canonicalNames(foreign.substring(prefix.length()))
          : List.of();
    }
  }

  /**
   * A key mapping without changes, for files with canonical names.
   *
   * @param roots the first parts of the names of the component
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
