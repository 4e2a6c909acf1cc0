package dev.likeness.diffusion.internal.file;

/**
 * Where a canonical tensor lies in a foreign file.
 *
 * @param name the foreign tensor
 * @param part at which of {@code parts} equal runs of its rows it begins, from 0
 * @param span how many runs it takes
 * @param parts how many runs the foreign tensor has
 * @param form how it is stored there
 */
public record Place(String name, int part, int span, int parts, Form form) {
  /** How a foreign file stores a matrix. */
  public enum Form {
    /** As it is. */
    SAME,
    /** Rows and columns exchanged. */
    TRANSPOSED,
    /** As a convolution over one pixel: [rows, columns, 1, 1]. */
    PIXELWISE,
    /** The second half of its rows before the first. */
    HALVES_EXCHANGED,
    /** Not at all: the identity, as wide as that vector is long. */
    IDENTITY
  }

  /** The whole of {@code name}, as it is. */
  public static Place whole(String name) {
    return whole(name, Form.SAME);
  }

  /** The whole of {@code name} in another form. */
  public static Place whole(String name, Form form) {
    return new Place(name, 0, 1, 1, form);
  }

  /** One of {@code parts} equal runs of {@code name}. */
  public static Place run(String name, int part, int parts) {
    return new Place(name, part, 1, parts, Form.SAME);
  }
}
