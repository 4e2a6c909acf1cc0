package dev.likeness.diffusion.request;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.ScaledSource;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A textual inversion: a placeholder token with trained embeddings (Gal et al. 2022,
 * arXiv:2208.01618).
 *
 * <p>Three kinds of files can be read. Files of the web UI have the tensors {@code emb_params} or
 * {@code string_to_param}. Files of diffusers have one tensor, and its name is the token. Other
 * files have one tensor for each CLIP text encoder: {@code clip_l} and {@code clip_g}, or
 * {@code text_encoders_0} and {@code text_encoders_1}.
 *
 * @param token the placeholder token, not blank; upper and lower case make no difference
 * @param values the embeddings for each text encoder, [vectors, width] in row-major order; the key
 *     is the text encoder's embedding width
 */
public record TextualInversion(String token, Map<Integer, float[]> values) {
  /**
   * The embedding width of T5. This library does not support textual inversions for T5. Every CLIP
   * text encoder has a smaller width.
   */
  public static final int T5_WIDTH = 4096;

  private static final Pattern KNOWN =
      Pattern.compile("emb_params|string_to_param\\..+|clip_[lg]|t5|text_encoders_[012]");

  /**
   * Checks the shapes and copies the map and its arrays.
   *
   * @throws IllegalArgumentException if the token is blank, if there are no embeddings, if a width
   *     is below 1, if values do not form whole vectors, or if text encoders have different numbers
   *     of vectors
   */
  public TextualInversion {
    if (token.isBlank() || values.isEmpty()) {
      throw new IllegalArgumentException(
          "a textual inversion needs a token and embeddings, got token " + Quoted.of(token)
              + (values.isEmpty() ? " without embeddings" : " with embeddings"));
    }
    values = copy(values);
    if (values.keySet().stream().anyMatch(width -> width < 1)) {
      throw new IllegalArgumentException("the textual inversion " + Quoted.of(token)
          + " has embeddings of a width below 1; give the widths of the text encoders");
    }
    int count = values.entrySet().iterator().next().getValue().length
        / values.keySet().iterator().next();
    values.forEach((width, numbers) -> {
      if (numbers.length != count * width || count == 0) {
        throw new IllegalArgumentException(
            "the textual inversion " + Quoted.of(token) + " has " + numbers.length
                + " values for a text encoder of width " + width
                + "; give whole vectors of this width, and the same number of vectors for each"
                + " text encoder");
      }
    });
  }

  private static Map<Integer, float[]> copy(Map<Integer, float[]> values) {
    return values.entrySet().stream()
        .collect(Collectors.toUnmodifiableMap(
            Map.Entry::getKey, each -> each.getValue().clone()));
  }

  /**
   * {@return a copy of the embeddings for each text encoder, [vectors, width] in row-major order;
   * the key is the text encoder's embedding width}
   */
  @Override
  public Map<Integer, float[]> values() {
    return copy(values);
  }

  /**
   * Reads a file. The token is the name of the placeholder or of the tensor in the file. If the
   * file has no such name, the token is the file's name without its extension.
   *
   * @param file a safetensors file, or a pickle of torch ({@code .pt}, {@code .bin})
   * @return the textual inversion; it need not be closed
   * @throws InvalidInputException if the file is broken, contains no textual inversion, or contains
   *     a textual inversion for T5; or if an embedding is empty, too large, NaN or infinite
   */
  public static TextualInversion open(Path file) {
    return openWithAllNames(file).get(0);
  }

  /**
   * Reads a file, and returns one textual inversion for each name that the token can have. The
   * first of these names is the token of {@link #open}. A pickle of the web UI may also contain
   * another name, which diffusers uses.
   *
   * @param file a safetensors file, or a pickle of torch ({@code .pt}, {@code .bin})
   * @return the textual inversions, at least one; all have the same embeddings
   * @throws InvalidInputException in the same cases as {@link #open}
   */
  public static List<TextualInversion> openWithAllNames(Path file) {
    boolean safe = file.toString().endsWith(".safetensors");
    try (TensorSource opened =
            ScaledSource.of(safe ? Safetensors.open(file) : TorchPickle.open(file));
        TensorScope scope = TensorScope.open()) {
      TensorSource source = new TensorSource.Finite(opened);
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
      boolean isNamed = known == names;
      for (String name : known) {
        if (name.matches("string_to_param\\.[^*].*")) {
          token = name.substring(name.indexOf('.') + 1);
          isNamed = true;
        }
        float[] before =
            values.put(width(file, source, name), ImageTensors.floats(source.read(name)));
        if (before != null) {
          throw new InvalidInputException(
              file + " has two embeddings of the same width, one of them " + Quoted.of(name)
                  + "; expected one for each text encoder");
        }
      }
      requireOneLength(file, values);
      if (token.isBlank()) {
        throw new InvalidInputException(file
            + " has a textual inversion without a name; expected a tensor or file that is named"
            + " after its token: rename the file");
      }
      List<TextualInversion> named = new ArrayList<>(List.of(new TextualInversion(token, values)));
      if (!isNamed
          && opened instanceof TorchPickle pickle
          && pickle.values().get("name") instanceof String own
          && !own.isBlank()
          && !own.equals("*")
          && !own.equalsIgnoreCase(token)) {
        named.add(named.get(0).withToken(own));
      }
      return List.copyOf(named);
    }
  }

  private static void requireOneLength(Path file, Map<Integer, float[]> values) {
    if (values.isEmpty()) {
      throw new InvalidInputException(file
          + " has no textual inversion; expected one of: emb_params, string_to_param, clip_l with"
          + " clip_g, text_encoders_0 with text_encoders_1, a single tensor named after its token");
    }
    if (values.entrySet().stream()
            .map(one -> one.getValue().length / one.getKey())
            .distinct()
            .count()
        > 1) {
      throw new InvalidInputException(
          file + " has different numbers of embeddings for its text encoders; expected the same"
              + " number: download it again, or train it again");
    }
  }

  private static int width(Path file, TensorSource source, String name) {
    long[] shape = source.shape(name);
    if (shape[shape.length - 1] == T5_WIDTH) {
      throw new InvalidInputException(file + " has embeddings for T5 (" + Quoted.of(name)
          + ", of width " + T5_WIDTH + "), which are not supported;"
          + " give a textual inversion that was trained with CLIP alone");
    }
    return TensorNames.embeddingWidth(source, name);
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
   * {@return a copy of the embeddings for each text encoder, [vectors, width] in row-major order}
   * The keys are {@code clip_l} for the text encoder of the smaller width, and {@code clip_g} for
   * the other text encoder of SDXL.
   */
  public Map<String, float[]> byTextEncoder() {
    Map<String, float[]> named = new LinkedHashMap<>();
    new TreeMap<>(copy(values))
        .values()
        .forEach(numbers -> named.put(named.isEmpty() ? "clip_l" : "clip_g", numbers));
    return named;
  }

  /**
   * {@return a copy of this textual inversion with the given token}
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
   * {@return the first index at which a text contains the token as a whole word, in upper or lower
   * case; -1 if the text does not contain it}
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
   * @return [vectors, width] in row-major order; a copy
   * @throws InvalidInputException if the textual inversion has no embeddings of this width, because
   *     it was trained for another model
   */
  public float[] forWidth(int width) {
    float[] numbers = values.get(width);
    if (numbers == null) {
      throw new InvalidInputException("the textual inversion " + Quoted.of(token)
          + " has vectors of width "
          + values.keySet() + ", but the text encoder of this model needs " + width
          + "; use the textual inversion with the family that it was trained for, or leave its"
          + " token out of the prompt");
    }
    return numbers.clone();
  }
}
