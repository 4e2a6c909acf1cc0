package dev.likeness.ipadapter.reference;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Encoded references. A program can save them, and later use them without the photos and without
 * encoding. They are biometric data of the person. Immutable; holds no native memory.
 *
 * @param image outputs of an image encoder for n references, [n, tokens, width]
 * @param unconditional encoder output for no image, [1, tokens, width]; empty for zeros
 * @param face face embeddings of n references, [n, 1, width]
 * @param weights weight of each of the n references
 * @param origin the networks that made the embeddings
 */
public record ReferenceEmbeddings(
    Optional<Grid> image,
    Optional<Grid> unconditional,
    Optional<Grid> face,
    List<Double> weights,
    EmbeddingOrigin origin) {
  private static final String WEIGHTS = "weights";
  // More than the photos of a person.
  private static final int MAX_COUNT = 1000;
  private static final double UNIT_TOLERANCE = 1e-2;

  /**
   * Values of shape [count, tokens, width] in row-major order.
   *
   * @param values the values
   * @param count number of references
   * @param tokens number of tokens of each reference
   * @param width width of each token
   */
  public record Grid(float[] values, int count, int tokens, int width) {
    /**
     * Checks the shape and copies the values.
     *
     * @throws IllegalArgumentException if the grid is empty, or the number of values does not match
     *     the shape
     */
    public Grid {
      if (values.length == 0 || (long) count * tokens * width != values.length) {
        throw new IllegalArgumentException("a grid of " + count + "x" + tokens + "x" + width
            + " needs one value for each element, got " + values.length);
      }
      values = values.clone();
    }

    /** {@return a copy of the values, [count, tokens, width] in row-major order} */
    @Override
    public float[] values() {
      return values.clone();
    }

    private static Grid of(Tensor t) {
      return new Grid(ImageTensors.floats(t), (int) t.size(0), (int) t.size(1), (int) t.size(2));
    }

    private Tensor toTensor() {
      return torch.tensor(values).view(count, tokens, width);
    }

    /** Returns the weighted mean over references. */
    Grid mean(List<Double> weights) {
      double sum = weights.stream().mapToDouble(Double::doubleValue).sum();
      int size = tokens * width;
      float[] mean = new float[size];
      for (int i = 0; i < size; i++) {
        double total = 0;
        for (int n = 0; n < count; n++) {
          total += weights.get(n) * values[n * size + i];
        }
        mean[i] = (float) (total / sum);
      }
      return new Grid(mean, 1, tokens, width);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Grid g
          && g.count == count
          && g.tokens == tokens
          && g.width == width
          && Arrays.equals(g.values, values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
      return count + "x" + tokens + "x" + width;
    }
  }

  /**
   * Checks the components.
   *
   * @throws IllegalArgumentException if image and face are both empty, the counts do not match, or
   *     a weight is not a finite number above 0
   */
  public ReferenceEmbeddings {
    weights = List.copyOf(weights);
    int count = weights.size();
    if (image.isEmpty() && face.isEmpty()
        || image.filter(grid -> grid.count != count).isPresent()
        || face.filter(grid -> grid.count != count).isPresent()) {
      throw new IllegalArgumentException("expected an image or face embedding for each of " + count
          + " weights, got image " + image.map(Grid::toString).orElse("none") + " and face "
          + face.map(Grid::toString).orElse("none"));
    }
    if (unconditional.filter(grid -> grid.count != 1).isPresent()) {
      throw new IllegalArgumentException(
          "expected one unconditional output for all references, got " + unconditional.get());
    }
    if (!weights.stream().allMatch(weight -> weight > 0 && Double.isFinite(weight))) {
      throw new IllegalArgumentException(
          "the weights of references must be finite numbers above 0, got " + weights);
    }
  }

  /** {@return the number of references} */
  public int count() {
    return weights.size();
  }

  /**
   * Returns the weighted mean of all references as one reference.
   *
   * @return the mean; if the face embeddings have unit length, their mean is scaled to unit length
   */
  public ReferenceEmbeddings averaged() {
    return new ReferenceEmbeddings(
        image.map(grid -> grid.mean(weights)),
        unconditional,
        face.map(grid -> keepUnitLength(grid.mean(weights), grid)),
        List.of(1.0),
        origin);
  }

  private static Grid keepUnitLength(Grid mean, Grid before) {
    boolean unit = Math.abs(norm(before.values, before.width) - 1) < 1e-3;
    double by = unit ? 1 / Math.max(1e-12, norm(mean.values, mean.width)) : 1;
    float[] values = mean.values.clone();
    for (int i = 0; i < values.length; i++) {
      values[i] *= (float) by;
    }
    return new Grid(values, 1, mean.tokens, mean.width);
  }

  /**
   * Returns the Euclidean norm of a vector.
   *
   * @param values the vector
   * @param count number of leading values to use, at most the length
   * @return the square root of the sum of squares
   */
  public static double norm(float[] values, int count) {
    double squares = 0;
    for (int i = 0; i < count; i++) {
      squares += (double) values[i] * values[i];
    }
    return Math.sqrt(squares);
  }

  /**
   * Writes the embeddings to a safetensors file, with their origin in the metadata. The file is
   * written completely or not at all. If the file is new, only its owner can read it.
   *
   * @param file the file; an existing file is replaced
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  public void save(Path file) {
    save(file, Map.of());
  }

  /**
   * Writes the embeddings to a safetensors file, with their origin and further entries in the
   * metadata. The file is written completely or not at all. If the file is new, only its owner can
   * read it.
   *
   * @param file the file; an existing file is replaced
   * @param metadata further metadata, such as the name of the person
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  public void save(Path file, Map<String, String> metadata) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      put(tensors, "image", image);
      put(tensors, "nothing", unconditional);
      put(tensors, "face", face);
      float[] counts = new float[weights.size()];
      for (int i = 0; i < counts.length; i++) {
        counts[i] = weights.get(i).floatValue();
      }
      tensors.put(WEIGHTS, torch.tensor(counts));
      Map<String, String> all = new HashMap<>(origin.metadata());
      all.put("likeness.kind", "reference embeddings");
      all.putAll(metadata);
      SafetensorsWriter.writePrivate(file, tensors, all);
    }
  }

  /**
   * Reads a file that {@link #save(Path)} wrote. If the file does not name the networks that
   * computed the embeddings, adapters check only the width of the embeddings.
   *
   * @param file the file
   * @return the embeddings
   * @throws InvalidInputException if the file is broken, has no reference embeddings or more than
   *     1000, has a value that is NaN or infinite, or has a face embedding of another length than
   *     its metadata says
   */
  public static ReferenceEmbeddings open(Path file) {
    try (TensorScope scope = TensorScope.open();
        Safetensors opened = Safetensors.open(file);
        TensorSource saved = new TensorSource.Finite(opened)) {
      if (!saved.names().contains(WEIGHTS)) {
        throw new InvalidInputException(file
            + " has no reference embeddings: the tensor \"weights\" is missing; make the file from"
            + " images again");
      }
      for (String name : saved.names()) {
        if (saved.elements(name) == 0) {
          throw new InvalidInputException(
              file + ": " + Quoted.of(name) + " has shape " + Arrays.toString(saved.shape(name))
                  + ", expected at least one number; make the file from images again");
        }
      }
      if (saved.elements(WEIGHTS) > MAX_COUNT) {
        throw new InvalidInputException(file + " has " + saved.elements(WEIGHTS)
            + " reference embeddings, expected at most " + MAX_COUNT
            + "; make the file from fewer images");
      }
      float[] weights = ImageTensors.floats(saved.read(WEIGHTS));
      ReferenceEmbeddings read = new ReferenceEmbeddings(
          grid(saved, "image"),
          grid(saved, "nothing"),
          grid(saved, "face"),
          IntStream.range(0, weights.length).mapToObj(i -> (double) weights[i]).toList(),
          EmbeddingOrigin.of(opened.metadata()));
      read.requireLengths(file);
      return read;
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(
          file + " has reference embeddings that do not fit together: " + e.getMessage()
              + "; make the file from images again",
          e);
    }
  }

  // An adapter would see another person in a vector that was cut off or scaled.
  private void requireLengths(Path file) {
    if (face.isEmpty()) {
      return;
    }
    boolean isUnit = origin.normalization().equals("unit");
    Grid grid = face.get();
    int width = grid.tokens * grid.width;
    for (int i = 0; i < grid.count; i++) {
      double length = norm(Arrays.copyOfRange(grid.values, i * width, (i + 1) * width), width);
      if (!(length > 0) || isUnit && Math.abs(length - 1) > UNIT_TOLERANCE) {
        throw new InvalidInputException(String.format(
            Locale.ROOT,
            "%s has a face embedding of length %.3f, expected %s; make the file from images again",
            file,
            length,
            isUnit ? "1" : "more than 0"));
      }
    }
  }

  private static void put(Map<String, Tensor> tensors, String name, Optional<Grid> values) {
    values.ifPresent(grid -> tensors.put(name, grid.toTensor()));
  }

  private static Optional<Grid> grid(TensorSource saved, String name) {
    if (!saved.names().contains(name)) {
      return Optional.empty();
    }
    if (saved.shape(name).length != 3) {
      throw new InvalidInputException(saved.describe() + ": " + Quoted.of(name)
          + " has shape " + Arrays.toString(saved.shape(name))
          + ", expected 3 dimensions; make the file from images again");
    }
    return Optional.of(Grid.of(saved.read(name)));
  }
}
