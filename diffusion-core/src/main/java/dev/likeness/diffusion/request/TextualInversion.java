package dev.likeness.diffusion.request;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A textual inversion: a placeholder token with trained embeddings (Gal et al. 2022,
 * arXiv:2208.01618).
 *
 * <p>Three kinds of files can be read: files of the web UI ({@code emb_params},
 * {@code string_to_param}), files of diffusers (one tensor with the token as its name), and files
 * with one tensor for each CLIP text encoder: {@code clip_l} and {@code clip_g}, or
 * {@code text_encoders_0} and {@code text_encoders_1}.
 *
 * @param token the placeholder token, not blank; upper and lower case are the same
 * @param values the embeddings, [vectors, width] in row-major order, by the embedding width of
 *     their text encoder
 */
public record TextualInversion(String token, Map<Integer, float[]> values) {
  /**
   * The embedding width of T5, which does not support textual inversions here. Every CLIP text
   * encoder has a smaller width.
   */
  public static final int T5_WIDTH = 4096;

  private static final Pattern KNOWN =
      Pattern.compile("emb_params|string_to_param\\..+|clip_[lg]|t5|text_encoders_[012]");

  /**
   * Checks the shapes and copies the map, but not the arrays.
   *
   * @param token the placeholder token, not blank; upper and lower case are the same
   * @param values the embeddings, [vectors, width] in row-major order
   * @throws IllegalArgumentException if the token is blank, if there are no embeddings, or if text
   *     encoders have different numbers of vectors
   */
  public TextualInversion {
    if (token.isBlank() || values.isEmpty()) {
      throw new IllegalArgumentException(
          "a textual inversion needs a token and embeddings, got token \"" + token + "\" and "
              + values.size() + " embeddings");
    }
    values = Map.copyOf(values);
    int count = values.entrySet().iterator().next().getValue().length
        / values.keySet().iterator().next();
    values.forEach((width, numbers) -> {
      if (numbers.length != count * width || count == 0) {
        throw new IllegalArgumentException(
            "the textual inversion " + token + " has " + numbers.length
                + " values for a text encoder of width " + width
                + "; every text encoder needs the same number of vectors");
      }
    });
  }

  /**
   * Reads a file. The token is the name of the placeholder or of the tensor in the file. If the
   * file has no such name, the token is the file's name without its extension.
   *
   * @param file a safetensors file, or a pickle of torch ({@code .pt}, {@code .bin})
   * @return the textual inversion, which holds no native memory
   * @throws InvalidInputException if the file is broken, contains no textual inversion, or contains
   *     a textual inversion for T5
   */
  public static TextualInversion open(Path file) {
    boolean safe = file.toString().endsWith(".safetensors");
    try (TensorSource source = safe ? Safetensors.open(file) : TorchPickle.open(file);
        TensorScope scope = TensorScope.open()) {
      Map<Integer, float[]> values = new LinkedHashMap<>();
      String token = file.getFileName().toString().replaceFirst("\\.[^.]+$", "");
      List<String> names =
          source.names().stream().filter(name -> vectors(source.shape(name))).toList();
      List<String> known =
          names.stream().filter(name -> KNOWN.matcher(name).matches()).toList();
      if (known.isEmpty() && names.size() == 1) {
        known = names;
        token = names.get(0);
      }
      for (String name : known) {
        token = name.matches("string_to_param\\.[^*].*")
            ? name.substring(name.indexOf('.') + 1)
            : token;
        values.put(width(file, name, source.shape(name)), ImageTensors.floats(source.read(name)));
      }
      if (values.isEmpty()) {
        throw new InvalidInputException(file
            + " has no textual inversion; expected emb_params, string_to_param, clip_l and clip_g,"
            + " text_encoders_0 and text_encoders_1, or one tensor named as its token");
      }
      return new TextualInversion(token, values);
    }
  }

  private static int width(Path file, String name, long[] shape) {
    int width = Math.toIntExact(shape[shape.length - 1]);
    if (width == T5_WIDTH) {
      throw new InvalidInputException(file + " has embeddings for T5 (" + name + ", of width "
          + T5_WIDTH + "), which are not supported;"
          + " give a textual inversion that was trained with CLIP alone");
    }
    return width;
  }

  private static boolean vectors(long[] shape) {
    return shape.length == 1 || shape.length == 2;
  }

  /**
   * Writes a file that diffusers' {@code load_textual_inversion} opens. A failure leaves no partial
   * file.
   *
   * <p>The file has one tensor with the token as its name, or {@code clip_l} and {@code clip_g} for
   * the two text encoders of SDXL.
   *
   * @param file the safetensors file to write, which is replaced if it exists
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written, for
   *     example because the disk is full
   */
  public void save(Path file) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      byTextEncoder()
          .forEach((textEncoder, numbers) ->
              tensors.put(textEncoder, torch.tensor(numbers).view(vectors(), -1)));
      SafetensorsWriter.write(
          file,
          tensors.size() == 1 ? Map.of(token, tensors.values().iterator().next()) : tensors,
          Map.of("format", "pt"));
    }
  }

  /**
   * {@return the embeddings, [vectors, width] in row-major order, by text encoder: {@code clip_l}
   * (the smaller width), then {@code clip_g}} The arrays are not copies.
   */
  public Map<String, float[]> byTextEncoder() {
    Map<String, float[]> named = new LinkedHashMap<>();
    new TreeMap<>(values)
        .values()
        .forEach(numbers -> named.put(named.isEmpty() ? "clip_l" : "clip_g", numbers));
    return named;
  }

  /**
   * {@return this textual inversion with another token}
   *
   * @param name the placeholder token; not blank
   * @throws IllegalArgumentException if the token is blank
   */
  public TextualInversion withToken(String name) {
    return new TextualInversion(name, values);
  }

  /** Compares the token and every value of the embeddings. */
  @Override
  public boolean equals(Object other) {
    return other instanceof TextualInversion inversion
        && token.equals(inversion.token)
        && values.keySet().equals(inversion.values.keySet())
        && values.keySet().stream()
            .allMatch(width -> Arrays.equals(values.get(width), inversion.values.get(width)));
  }

  @Override
  public int hashCode() {
    return Objects.hash(token, values.keySet());
  }

  /**
   * {@return the number of vectors, which is the number of tokens that the placeholder uses in a
   * prompt}
   */
  public int vectors() {
    Map.Entry<Integer, float[]> any = values.entrySet().iterator().next();
    return any.getValue().length / any.getKey();
  }

  /**
   * {@return the index at which a text contains the token as a whole word, in upper or lower case;
   * -1 if the text does not contain it}
   *
   * @param text the text to search, such as a prompt
   */
  public int find(String text) {
    String before = Character.isLetterOrDigit(token.codePointAt(0)) ? "(?<![\\p{L}\\p{N}])" : "";
    String after = Character.isLetterOrDigit(token.codePointBefore(token.length()))
        ? "(?![\\p{L}\\p{N}])"
        : "";
    Matcher found = Pattern.compile(
            before + Pattern.quote(token) + after, Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE)
        .matcher(text);
    return found.find() ? found.start() : -1;
  }

  /**
   * Returns the embeddings for a text encoder.
   *
   * @param width the text encoder's embedding width
   * @return [vectors, width] in row-major order; not a copy
   * @throws InvalidInputException if the textual inversion was trained for another model
   */
  public float[] forWidth(int width) {
    float[] numbers = values.get(width);
    if (numbers == null) {
      throw new InvalidInputException("the textual inversion " + token + " has vectors of width "
          + values.keySet() + ", this model's text encoder needs " + width
          + "; use it with the family that it was trained for, or do not name it in the prompt");
    }
    return numbers;
  }
}
